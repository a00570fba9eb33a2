//! Faults of a script, as they arrive.

use playhouse_mock::journal::Ended;

use crate::ask::{Answer, chat, chat_with, start};

async fn met(fault: &str, stream: bool) -> Answer {
    let server = start(&format!("rules: [{{fault: {fault}}}]")).await;
    chat_with(&server, "Hi", serde_json::json!({ "stream": stream })).await
}

#[tokio::test]
async fn what_stands_in_place_of_an_answer_needs_none() {
    for stream in [false, true] {
        for fault in ["refuse", "reset_before_headers"] {
            let answer = met(fault, stream).await;
            assert_eq!((answer.is_reset, answer.head.as_str()), (true, ""), "{fault}");
        }
        let inside = met("reset_in_headers", stream).await;
        assert_eq!((inside.is_reset, inside.status, inside.head.len()), (true, None, 24));
        let after = met("reset_after_headers", stream).await;
        assert_eq!((after.is_reset, after.status, after.body.as_str()), (true, Some(200), ""));
        let empty = met("empty", stream).await;
        assert_eq!((empty.is_reset, empty.status), (false, Some(200)));
        assert!(!empty.body.contains("data") && !empty.body.contains('{'), "{empty:?}");
    }
}

#[tokio::test]
async fn what_was_never_begun_has_no_status() {
    let server = start("rules: [{fault: refuse}]").await;
    chat(&server, "Hi").await;
    let call = server.journal().last().unwrap();
    assert_eq!((call.answer().is_none(), call.sent().ended()), (true, Ended::Cut));
}

#[tokio::test]
async fn too_many_requests_come_with_the_limit_that_is_reached() {
    let usual = met("429", false).await;
    assert_eq!((usual.header("retry-after"), usual.header("retry-after-ms")), (Some("1"), Some("1000")));
    let answer = met("{status: 429, retry_after_s: 2.5}", false).await;
    assert_eq!((answer.header("retry-after"), answer.header("retry-after-ms")), (Some("3"), Some("2500")));
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some("0"));
    assert_eq!(answer.header("x-ratelimit-reset-requests"), Some("2.5s"));
    let error = &answer.json()["error"];
    assert_eq!((&error["type"], &error["code"]), (&"requests".into(), &"rate_limit_exceeded".into()));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("for gpt-4o ") && message.contains("try again in 2.5s."), "{message}");
}

#[tokio::test]
async fn a_status_without_a_phrase_of_its_own_has_none() {
    assert!(met("529", false).await.head.starts_with("HTTP/1.1 529 \r\n"));
}

#[tokio::test]
async fn other_refusals_say_nothing_of_limits() {
    let answer = met("503", false).await;
    assert_eq!((answer.status, answer.header("x-ratelimit-remaining-requests")), (Some(503), None));
}

#[tokio::test]
async fn refused_requests_use_up_no_reply() {
    let server = start("rules: [{fault: {status: 503, times: 2}, sequence: [one, two]}]").await;
    let mut said = Vec::new();
    for _ in 0..4 {
        let answer = chat(&server, "Hi").await;
        said.push(if answer.status == Some(503) { "503".to_owned() } else { answer.content() });
    }
    assert_eq!(said, ["503", "503", "one", "two"]);
}

#[tokio::test]
async fn chaos_tells_the_settings_that_draw_it_again() {
    let server =
        start("{chaos: {rate: 1, seed: 7, faults: [{kind: cut, after_events: 1}]}, rules: [{reply: Hi}]}")
            .await;
    chat(&server, "Hi").await;
    let told = playhouse_mock::journal::explain(&server.journal().last().unwrap());
    assert!(
        told.contains("`--chaos rate=1,seed=7,faults=cut:after_events=1` draws it for attempt 1"),
        "{told}"
    );
}
