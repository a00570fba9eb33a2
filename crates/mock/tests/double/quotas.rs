//! Quotas, as a client meets them.

use serde_json::json;

use crate::ask::{chat_with, send, start};

#[tokio::test]
async fn what_an_answer_may_have_counts_too() {
    let server = start("{quota: {tokens_per_minute: 1000}, rules: [{reply: Hi}]}").await;
    let first = chat_with(&server, "Hi", json!({ "max_tokens": 300, "n": 2 })).await;
    assert_eq!(first.header("x-ratelimit-remaining-tokens"), Some("400"));
    let second = chat_with(&server, "Hi", json!({ "max_tokens": 300, "n": 2 })).await;
    assert_eq!((second.status, second.header("x-ratelimit-limit-tokens")), (Some(429), Some("1000")));
    assert_eq!(second.json()["error"]["type"], "tokens");
    assert!(second.header("retry-after").is_some(), "{second:?}");
}

#[tokio::test]
async fn a_quota_that_changed_is_the_one_that_holds() {
    let server = start("{quota: {requests_per_minute: 1}, rules: [{reply: Hi}]}").await;
    let ask = || chat_with(&server, "Hi", json!({}));
    assert_eq!([ask().await.status, ask().await.status], [Some(200), Some(429)]);
    let wider = r#"{"quota": {"requests_per_minute": 3}, "rules": [{"reply": "Hi"}]}"#;
    assert_eq!(send(&server, "PUT", "/__playhouse/script", wider).await.status, Some(200));
    assert_eq!(ask().await.header("x-ratelimit-remaining-requests"), Some("2"));
}
