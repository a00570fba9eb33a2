//! Clients that leave before there is an answer.

use std::time::Duration;

use playhouse_mock::journal::Ended;
use playhouse_mock::verdict::Verdict;
use tokio::net::TcpListener;

use crate::ask::{chat, start};

#[tokio::test]
async fn who_leaves_while_a_callback_is_awaited_is_in_the_journal() {
    let asked = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/reply", asked.local_addr().unwrap());
    let server = start(&format!("rules: [{{name: far away, reply: {{callback: '{url}'}}}}]")).await;
    // The client leaves once the callback has been asked, which never answers.
    let _connection = tokio::select! {
        _ = chat(&server, "Hi") => panic!("nobody has answered"),
        connection = asked.accept() => connection.unwrap(),
    };
    let journal = server.journal();
    assert!(journal.wait_until(|journal| journal.len() == 1, Duration::from_secs(10)).await);
    let call = journal.last().unwrap();
    assert_eq!((call.sent().ended(), call.answer().is_none(), call.user()), (Ended::ClientLeft, true, "Hi"));
    assert!(matches!(&call.verdict, Verdict::Rule(hit) if &*hit.name == "far away"), "{:?}", call.verdict);
}
