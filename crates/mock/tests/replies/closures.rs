//! Replies that a closure of a Rust test makes.

use std::time::Duration;

use playhouse_llm::{Error, ErrorKind, Request, Usage};
use playhouse_mock::Answer;
use playhouse_mock::plan::Content;
use playhouse_mock::script::Reply;

use crate::support::{answering, collected, pieces, rendered, saying};

#[tokio::test]
async fn a_closure_sees_the_request_and_its_answer_is_counted() {
    let reply = Reply::responding(|request: &Request| Answer::text(format!("I am {}", request.model)));
    let replies = answering(Reply { model: Some("someone-else".to_owned()), ..reply });
    let chunks = pieces(&replies, &saying("Who are you?")).await;
    let whole = collected(&chunks);
    assert_eq!(whole.content(), "I am gpt-4o");
    assert_eq!(whole.model, "someone-else");
    let usage = whole.usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (11, 7));
}

#[tokio::test]
async fn what_a_closure_counts_itself_stands() {
    let replies = answering(Reply::responding(|_: &Request| Answer::text("Hi").with_usage(Usage::new(5, 4))));
    let usage = collected(&pieces(&replies, &saying("Hi")).await).usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (5, 4));
}

#[tokio::test]
async fn a_closure_sets_its_own_pace() {
    let paced = |_: &Request| Answer::text("Hi").paced(Duration::from_millis(7));
    let rendered = rendered(&answering(Reply::responding(paced)), &saying("Hi"), 0).await.unwrap();
    assert_eq!(rendered.pace.unwrap().token_ms.unwrap().mean, 7.0);
}

#[tokio::test]
async fn a_closure_fails_at_once_or_on_the_way() {
    let gone = || Error::new(ErrorKind::Overloaded, "come back later");
    let at_once = answering(Reply::responding(move |_: &Request| Answer::failure(gone())));
    let content = rendered(&at_once, &saying("Hi"), 0).await.unwrap().content;
    assert!(
        matches!(&content, Content::Refusal(error) if error.kind == ErrorKind::Overloaded),
        "{content:?}"
    );

    let on_the_way =
        answering(Reply::responding(move |_: &Request| Answer::text("Hello there").broken_by(gone())));
    let content = rendered(&on_the_way, &saying("Hi"), 0).await.unwrap().content;
    let Content::Broken(chunks, error) = content else { panic!("{content:?}") };
    assert_eq!((collected(&chunks).content(), error.kind), ("Hello there".to_owned(), ErrorKind::Overloaded));
}
