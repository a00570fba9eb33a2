//! Errors: what is made of a vendor's, and how our own are written.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playhouse_llm::{Error, ErrorKind, Phase};
use playhouse_wire::{Codec, OpenAiChat, UpstreamAnswer};

fn read(status: u16, body: &str) -> Error {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let retry_after = Some(Duration::from_secs(2));
    OpenAiChat.read_error(UpstreamAnswer { provider: Arc::from("acme"), status, retry_after, body })
}

#[test]
fn the_status_decides_the_kind() {
    let kinds = [
        (400, ErrorKind::InvalidRequest),
        (401, ErrorKind::Unauthenticated),
        (402, ErrorKind::PermissionDenied),
        (403, ErrorKind::PermissionDenied),
        (404, ErrorKind::NotFound),
        (405, ErrorKind::InvalidRequest),
        (408, ErrorKind::Upstream),
        (409, ErrorKind::Conflict),
        (413, ErrorKind::TooLarge),
        (422, ErrorKind::InvalidRequest),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Upstream),
        (502, ErrorKind::Upstream),
        (503, ErrorKind::Overloaded),
        (504, ErrorKind::Upstream),
        (529, ErrorKind::Overloaded),
    ];
    for (status, kind) in kinds {
        let error = read(status, "{}");
        assert_eq!(error.kind, kind, "{status}");
        assert_eq!(error.upstream_status(), Some(status));
        assert_eq!(error.retry_after, Some(Duration::from_secs(2)));
    }
}

#[test]
fn every_vendors_shape_is_understood() {
    let bodies = [
        r#"{"error":{"message":"m","type":"t","param":"messages","code":"c"}}"#,
        r#"{"error":{"message":"no param","type":"t","code":"c"}}"#,
        r#"{"error":{"message":"a number","code":401},"user_id":"u"}"#,
        r#"{"object":"error","message":"flat","type":"t","param":null,"code":"1500","raw_status_code":400}"#,
        r#"{"object":"error","message":{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}}"#,
        r#"{"detail":"Invalid API Key"}"#,
        r#"{"detail":[{"loc":["body","model"],"msg":"Field required","type":"missing"},{"msg":"two"}]}"#,
        r#"{"error":"a sentence"}"#,
        r#"{"code":"invalid-argument","error":"a sentence with a code"}"#,
        r#"{"error":["one","two"]}"#,
        r#"{"message":"only this"}"#,
        r#"{"code":400,"message":"numbers","type":"Bad Request"}"#,
        r#"[{"error":{"code":400,"message":"in a list","status":"INVALID_ARGUMENT"}}]"#,
        r#"{"success":false,"errors":[{"code":7003,"message":"No route"}]}"#,
        r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"not you"}"#,
        r#"{"error":{"message":"","type":"t"}}"#,
        r#"{"error":null}"#,
        r#""a JSON string""#,
        "upstream connect error or disconnect/reset before headers",
        "<html><body>502 Bad Gateway</body></html>",
        "{\"error\":{\"message\":\"cut",
        "",
    ];
    let told = bodies.map(|body| {
        let error = read(502, body);
        let upstream = error.upstream.as_ref().unwrap();
        let own = if upstream.body.is_some() { "own shape" } else { "other shape" };
        let written = OpenAiChat.write_error(&error, 502, "req_1");
        format!("{body}\n  {own}: {error}\n  {}", std::str::from_utf8(&written).unwrap())
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_endless_message_is_cut() {
    let body = format!(r#"{{"error":{{"message":"{}"}}}}"#, "x".repeat(100_000));
    assert!(read(500, &body).message.len() < 5_000);
}

#[test]
fn our_own_errors_have_openais_shape() {
    let kinds = [
        (ErrorKind::InvalidRequest, 400),
        (ErrorKind::Unauthenticated, 401),
        (ErrorKind::PermissionDenied, 403),
        (ErrorKind::NotFound, 404),
        (ErrorKind::Conflict, 409),
        (ErrorKind::TooLarge, 413),
        (ErrorKind::RateLimited, 429),
        (ErrorKind::Overloaded, 503),
        (ErrorKind::Timeout(Phase::FirstToken), 504),
        (ErrorKind::Unreachable, 502),
        (ErrorKind::BadReply, 502),
        (ErrorKind::Internal, 500),
    ];
    let written = kinds.map(|(kind, status)| {
        let error = Error::new(kind, "what failed");
        String::from_utf8(OpenAiChat.write_error(&error, status, "req_1").to_vec()).unwrap()
    });
    insta::assert_snapshot!(written.join("\n"));
}

#[test]
fn a_model_that_is_not_found_is_told_from_a_route() {
    let code = |message: &str| {
        let error = Error::new(ErrorKind::NotFound, message);
        let written: serde_json::Value =
            serde_json::from_slice(&OpenAiChat.write_error(&error, 404, "r")).unwrap();
        written["error"]["code"].clone()
    };
    assert_eq!(code("no provider serves the model 'gpt-9'"), "model_not_found");
    assert!(code("no such route").is_null());
}
