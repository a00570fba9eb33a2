//! Replies that somebody behind a URL makes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use http::HeaderMap;
use playhouse_mock::call::Call;
use playhouse_mock::reply::Replies;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{answering, collected, pieces, rendered, reply, saying};

/// A script whose only rule asks whoever is served at this path of a server of its own.
async fn asking(path: &str, served: Router) -> Replies {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{path}?secret=s3cr3t", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, served).await.unwrap() });
    answering(reply(json!({ "callback": url })))
}

async fn answered_with(status: StatusCode, body: &'static str) -> String {
    let served = Router::new().route("/reply", post(move || async move { (status, body) }));
    let replies = asking("/reply", served).await;
    match rendered(&replies, &saying("Hi"), 0).await {
        Ok(rendered) => panic!("an answer came: {rendered:?}"),
        Err(error) => error.message,
    }
}

#[tokio::test]
async fn a_callback_gets_the_request_and_answers_in_the_script_format() {
    let echoing = post(|body: String| async move { json!({ "text": body, "model": "mine" }).to_string() });
    let replies = asking("/reply", Router::new().route("/reply", echoing)).await;
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Bearer sk-test-abc".parse().unwrap());
    headers.insert("x-api-key", "sk-test-abc".parse().unwrap());
    headers.insert("x-flavour", "vanilla".parse().unwrap());
    let call = Call { headers: Arc::new(headers), ..saying("Hi") };
    let whole = collected(&pieces(&replies, &call).await);
    assert_eq!(whole.model, "mine");
    let told: Value = serde_json::from_str(&whole.content()).unwrap();
    let expected = json!({
        "namespace": "openai-chat",
        "protocol": "openai-chat",
        "request": { "model": "gpt-4o", "messages": [{ "role": "user", "content": "Hi" }] },
        "headers": { "x-flavour": "vanilla" },
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_is_no_reply_is_said_without_the_urls_secrets() {
    for (status, body, told) in [
        (StatusCode::OK, "Hello", "its answer is no reply: expected value"),
        (StatusCode::OK, r#"{"txt": "Hello"}"#, "unknown field `txt`"),
        (StatusCode::OK, r#"{"template": "{{ user }}"}"#, "`template` is for scripts only"),
        (StatusCode::OK, r#"{"callback": "http://localhost/"}"#, "`callback` is for scripts only"),
        (StatusCode::OK, r#"{"text": "a", "json": 1}"#, "`json` stands beside `text`"),
        (StatusCode::IM_A_TEAPOT, r#""Hello""#, "it answered with status 418"),
    ] {
        let error = answered_with(status, body).await;
        assert!(
            error.starts_with("the callback http://127.0.0.1/reply of the rule `rule 1` gave no reply: "),
            "{error}"
        );
        assert!(error.contains(told) && !error.contains("s3cr3t"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_taken_in() {
    let endless = post(|| async { "x".repeat((1 << 20) + 1) });
    let replies = asking("/reply", Router::new().route("/reply", endless)).await;
    let error = rendered(&replies, &saying("Hi"), 0).await.unwrap_err().message;
    assert!(error.contains("length limit exceeded"), "{error}");
}

#[tokio::test]
async fn nobody_there_is_said() {
    // Whoever had this port has let go of it.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let replies = answering(reply(json!({ "callback": format!("http://{address}/reply") })));
    let error = rendered(&replies, &saying("Hi"), 0).await.unwrap_err().message;
    assert!(error.to_lowercase().contains("connection refused"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn silence_is_waited_for_no_longer_than_ten_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let replies =
        answering(reply(json!({ "callback": format!("http://{}/", listener.local_addr().unwrap()) })));
    let started = tokio::time::Instant::now();
    let error = rendered(&replies, &saying("Hi"), 0).await.unwrap_err().message;
    assert!(error.ends_with("it has not answered within 10 s"), "{error}");
    assert_eq!(started.elapsed().as_secs(), Duration::from_secs(10).as_secs());
}
