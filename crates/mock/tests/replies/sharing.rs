//! Answers that do not change are made once; everything drawn follows the seed.

use std::sync::Arc;

use playhouse_llm::FinishReason;
use playhouse_mock::script::{Reply, ToolCallReply};
use serde_json::json;

use crate::support::{answering, chat, collected, pieces, rendered, saying};

#[tokio::test]
async fn requests_that_are_alike_share_one_answer() {
    let replies = answering(Reply::from("Hello there!"));
    let first = pieces(&replies, &saying("Hi")).await;
    let alike = pieces(&replies, &saying("Ho")).await;
    assert!(Arc::ptr_eq(&first, &alike), "the same counts make the same answer");
    let longer = pieces(&replies, &saying("Hi, how are you today?")).await;
    assert_ne!(first.last(), longer.last(), "the prompt is counted");
    let bounded = chat(&json!({
        "model": "gpt-4o", "max_tokens": 1, "messages": [{ "role": "user", "content": "Hi" }],
    }));
    assert_eq!(collected(&pieces(&replies, &bounded).await).content(), "Hello");
}

#[tokio::test]
async fn ids_of_calls_follow_the_seed_and_the_call() {
    let call = ToolCallReply { name: "ping".to_owned(), ..ToolCallReply::default() };
    let replies = answering(Reply { tool_calls: vec![call.clone(), call], ..Reply::default() });
    let ids = |content| match content {
        playhouse_mock::plan::Content::Chat(chunks) => {
            let whole = collected(&chunks);
            whole.choices[0].message.tool_calls().map(|call| call.id.clone()).collect::<Vec<_>>()
        }
        other => panic!("no chat: {other:?}"),
    };
    let request = saying("Go");
    let one = ids(rendered(&replies, &request, 1).await.unwrap().content);
    assert_eq!(one, ids(rendered(&replies, &request, 1).await.unwrap().content));
    assert_ne!(one, ids(rendered(&replies, &request, 2).await.unwrap().content));
    assert_ne!(one[0], one[1]);
    assert!(one.iter().all(|id| id.starts_with("call_") && id.len() == "call_".len() + 24), "{one:?}");
}

#[tokio::test]
async fn a_long_text_asked_for_many_times_stays_in_bounds() {
    let request = chat(&json!({
        "model": "gpt-4o", "n": 128, "messages": [{ "role": "user", "content": "word ".repeat(3000) }],
    }));
    let replies = answering(Reply { echo: true, ..Reply::default() });
    let whole = collected(&pieces(&replies, &request).await);
    assert_eq!(whole.choices.len(), 128);
    assert!(whole.choices.iter().all(|choice| choice.finish == Some(FinishReason::Length)));
    assert_eq!(whole.usage.unwrap().completion_tokens, 1 << 18);
}
