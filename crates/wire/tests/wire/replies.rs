//! Whole answers: what is taken for one, what survives, how one of types is written.

use bytes::Bytes;
use playhouse_llm::{
    Choice, Chunk, Decode, ErrorKind, Event, FinishReason, Message, Part, Reply, ToolCall, Usage,
};
use playhouse_wire::openai::chat::encode_reply;
use playhouse_wire::{Codec, OpenAiChat};
use serde_json::{Value, json};

use crate::support::envelope;

#[test]
fn what_is_no_answer_is_said_without_repeating_it() {
    let bodies = [
        "",
        " \n",
        "<!DOCTYPE html><html>secret</html>",
        "secret",
        "{\"choices\":[{\"message\":{\"content\":\"secret",
        "{\"secret\" 1}",
        "[{\"secret\":1}]",
        "{\"secret\":1}",
        "{\"choices\":[]}",
        "{\"choices\":{\"message\":{}}}",
        "{\"choices\":[{\"delta\":{}}]}",
        "{\"choices\":[{\"message\":\"secret\"}]}",
        "{\"choices\":[{\"message\":{}},7]}",
        "\u{1}\u{2}",
    ];
    let told = bodies.map(|body| {
        let error = OpenAiChat.read_reply(Bytes::copy_from_slice(body.as_bytes())).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadReply, "{body}");
        assert!(!error.message.contains("secret"), "{error}");
        format!("{body:?}\n  {error}")
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_error_with_status_200_is_an_error() {
    let body = r#"{"error":{"message":"No credits","code":402,"metadata":{}},"user_id":"u"}"#;
    let error = OpenAiChat.read_reply(body.into()).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Upstream, "No credits"));
    let upstream = error.upstream.unwrap();
    assert_eq!((upstream.status, upstream.code.as_deref()), (None, Some("402")));
    assert_eq!(upstream.body.unwrap().bytes, body);
}

fn check_survives(body: Value) -> Reply {
    let reply = OpenAiChat.reply(body.to_string().as_bytes()).unwrap();
    assert_eq!(encode_reply(&reply), body);
    reply
}

#[test]
fn answers_survive_whatever_vendors_put_into_them() {
    let choice =
        json!({ "index": 0, "message": { "role": "assistant", "content": "x" }, "finish_reason": "eos" });
    let reply = check_survives(json!({ "id": "i", "model": "m", "choices": [choice], "usage": null }));
    assert_eq!(reply.finish(), Some(&FinishReason::Other("eos".into())));
    assert_eq!(
        check_survives(json!({ "id": "", "model": 7, "created": 1.5, "choices": [choice] })).content(),
        "x"
    );
    let bare = json!({ "message": { "content": "no index, no role" }, "finish_reason": "" });
    let reply = check_survives(json!({ "choices": [bare] }));
    assert_eq!((reply.content().as_str(), reply.finish()), ("no index, no role", None));
    check_survives(
        json!({ "choices": [choice, { "index": 1, "message": { "role": "model", "content": null } }, 7] }),
    );
    check_survives(json!({ "choices": [{ "index": 0, "text": "a completion of text" }] }));
    check_survives(json!({ "choices": [], "object": null }));
    check_survives(json!({ "choices": null }));
    check_survives(json!({ "error": { "message": "no" } }));
}

#[test]
fn token_counts_are_found_where_vendors_put_them() {
    let usage = |usage: Value| check_survives(json!({ "choices": [], "usage": usage })).usage;
    let full = usage(json!({
        "prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14, "cost": 0.1,
        "prompt_tokens_details": { "cached_tokens": 8, "cache_write_tokens": 1, "audio_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": 3 }
    }));
    let full = full.unwrap();
    assert_eq!(
        (full.cached_tokens, full.cache_write_tokens, full.reasoning_tokens),
        (Some(8), Some(1), Some(3))
    );
    assert_eq!(full.extra["cost"], 0.1);
    let cached = |value: Value| usage(value).unwrap().cached_tokens;
    assert_eq!(cached(json!({ "prompt_tokens": 1, "prompt_cache_hit_tokens": 1 })), Some(1));
    assert_eq!(
        cached(json!({ "prompt_tokens": 1, "cached_tokens": 1, "prompt_tokens_details": null })),
        Some(1)
    );
    assert_eq!(cached(json!({ "prompt_tokens": 1, "prompt_tokens_details": {} })), None);
    assert_eq!(
        usage(json!({ "prompt_tokens": 2.0, "completion_tokens": 3 })),
        Some(Usage { ..without_extra(usage(json!({ "prompt_tokens": 2.0, "completion_tokens": 3 })), 2, 3) })
    );
    assert_eq!(usage(json!({})), None);
    assert_eq!(usage(json!("free")), None);
}

/// The counts alone; what is carried with them is compared elsewhere.
fn without_extra(usage: Option<Usage>, prompt_tokens: u64, completion_tokens: u64) -> Usage {
    Usage { extra: usage.unwrap().extra, ..Usage::new(prompt_tokens, completion_tokens) }
}

#[test]
fn an_answer_of_types_is_written_as_openai_would() {
    let call =
        ToolCall { id: "c1".into(), name: "add".into(), arguments: "{}".into(), ..ToolCall::default() };
    let calls = Message { parts: vec![Part::ToolCall(call)], ..Message::assistant("") };
    let called =
        Choice { index: 1, message: calls, finish: Some(FinishReason::ToolCalls), extra: Default::default() };
    let mut reply = Reply { usage: Some(Usage::new(3, 4)), ..Reply::text("Hello!") };
    reply.choices.push(called);
    let written = OpenAiChat.write_reply(&Event::reply(reply), &envelope(false)).unwrap();
    insta::assert_snapshot!(std::str::from_utf8(&written).unwrap());
    assert!(OpenAiChat.read_reply(written).is_ok());
}

#[test]
fn a_piece_where_a_whole_answer_was_expected_is_written_as_one() {
    let written = OpenAiChat.write_reply(&Event::chunk(Chunk::text("Hi")), &envelope(false)).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["choices"][0]["message"]["content"], "Hi");
}
