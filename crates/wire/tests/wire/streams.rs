//! Streamed answers: what passes through untouched, what is hidden, how types are written.

use bytes::Bytes;
use playhouse_llm::{
    ChoiceDelta, Chunk, Decode, Error, ErrorKind, Event, FinishReason, Message, Part, PartDelta, Reply, Role,
    ToolCall, Usage,
};
use playhouse_wire::openai::chat::{encode_chunk, encode_reply};
use playhouse_wire::{Codec, OpenAiChat};
use serde_json::{Value, json};

use crate::support::{MAX_LINE_BYTES, collect, envelope, read_in_pieces, write_stream};

const STREAM: &str = concat!(
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}\n\n",
    "data: [DONE]\n\n",
);

#[test]
fn frames_that_arrive_together_are_one_event_and_are_never_copied() {
    let arrived = Bytes::from_static(STREAM.as_bytes());
    let mut reader = OpenAiChat.stream_reader(MAX_LINE_BYTES);
    reader.push(arrived.clone());
    let event = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none());
    assert!(reader.is_done());
    reader.finish().unwrap();

    let mut writer = OpenAiChat.stream_writer(envelope(true));
    let written = writer.event(&event).unwrap();
    assert_eq!(written.as_ptr(), arrived.as_ptr());
    assert_eq!(written.len(), STREAM.len() - "data: [DONE]\n\n".len());
    let hidden = OpenAiChat.stream_writer(envelope(false)).event(&event).unwrap();
    assert_eq!(hidden.as_ptr(), arrived.as_ptr(), "dropping the last frame copies nothing");
    assert!(!std::str::from_utf8(&hidden).unwrap().contains("usage"));
}

#[test]
fn what_follows_the_end_is_not_part_of_the_answer() {
    let events = read_in_pieces(format!("{STREAM}data: garbage\n\n").as_bytes(), 5).whole();
    assert_eq!(collect(&events).content(), "Hi");
}

#[test]
fn output_is_told_from_what_is_none() {
    let outputs = |piece_bytes: usize| -> Vec<bool> {
        let events = read_in_pieces(STREAM.as_bytes(), piece_bytes).whole();
        events.iter().map(|event| event.outline().has_output).collect()
    };
    assert_eq!(outputs(STREAM.len()), [true]);
    assert_eq!(outputs(1), [false, true, false, false]);
}

#[test]
fn an_error_inside_a_stream_ends_it_and_keeps_its_words() {
    let error = json!({ "error": { "message": "overloaded", "type": "server_error", "code": "busy" } });
    let cut = STREAM.find("data: {\"choices\":[{\"index\":0,\"delta\":{},").unwrap();
    let stream = format!("{}data: {error}\n\ndata: [DONE]\n\n", &STREAM[..cut]);
    for piece_bytes in [1, stream.len()] {
        let read = read_in_pieces(stream.as_bytes(), piece_bytes);
        assert_eq!(collect(&read.events).content(), "Hi");
        let error = read.end.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Upstream, "overloaded"));
        let upstream = error.upstream.as_ref().unwrap();
        assert_eq!(
            (upstream.code.as_deref(), upstream.class.as_deref()),
            (Some("busy"), Some("server_error"))
        );
        let written = OpenAiChat.stream_writer(envelope(true)).error(&error, "req_1");
        let expected =
            r#"data: {"error":{"message":"overloaded","type":"server_error","code":"busy","param":null}}"#;
        assert_eq!(written, format!("{expected}\n\n"));
    }
}

#[test]
fn a_broken_answer_ends_with_an_error_and_no_finish() {
    let error = Error::new(ErrorKind::Interrupted, "the upstream broke off");
    let written = OpenAiChat.stream_writer(envelope(true)).error(&error, "req_1");
    let expected = r#"data: {"error":{"message":"the upstream broke off","type":"server_error","param":null,"code":"interrupted"}}"#;
    assert_eq!(written, format!("{expected}\n\n"));
}

fn call(index: u32, id: Option<&str>, name: Option<&str>, arguments: Option<&str>) -> PartDelta {
    let [id, name, arguments] = [id, name, arguments].map(|text| text.map(str::to_owned));
    PartDelta::ToolCall { index, id, name, arguments, extra: Default::default() }
}

fn choice(index: u32, parts: Vec<PartDelta>) -> Event {
    Event::chunk(Chunk {
        choices: vec![ChoiceDelta { index, parts, ..ChoiceDelta::default() }],
        ..Chunk::default()
    })
}

#[test]
fn types_are_written_in_openais_order() {
    let events = [
        Event::chunk(Chunk::start()),
        Event::chunk(Chunk::text("Hel")),
        Event::chunk(Chunk::text("lo")),
        Event::chunk(Chunk::usage(Usage::new(3, 1))),
        Event::chunk(Chunk::finish(FinishReason::Stop)),
        Event::chunk(Chunk::usage(Usage::new(3, 2))),
    ];
    let written = write_stream(&events, true);
    insta::assert_snapshot!(std::str::from_utf8(&written).unwrap());
    let without = write_stream(&events, false);
    assert!(!std::str::from_utf8(&without).unwrap().contains("usage"));
}

#[test]
fn tool_calls_of_types_open_with_the_role_and_no_content() {
    let events = [
        choice(0, vec![call(0, Some("c1"), Some("add"), None)]),
        choice(0, vec![call(0, None, None, Some("{\"a\":1}"))]),
        choice(1, vec![PartDelta::Reasoning { text: "hm".into(), field: "thinking".into() }]),
        Event::chunk(Chunk::finish(FinishReason::ToolCalls)),
    ];
    let written = write_stream(&events, false);
    insta::assert_snapshot!(std::str::from_utf8(&written).unwrap());
}

#[test]
fn a_whole_answer_is_streamed_in_the_usual_pieces() {
    let tool_call =
        ToolCall { id: "c1".into(), name: "add".into(), arguments: "{}".into(), ..ToolCall::default() };
    let mut reply =
        Reply { id: "chatcmpl-own".into(), usage: Some(Usage::new(1, 2)), ..Reply::text("Hello") };
    reply.choices[0].message.parts.push(Part::ToolCall(tool_call));
    let written = write_stream(&[Event::reply(reply.clone())], true);
    insta::assert_snapshot!(std::str::from_utf8(&written).unwrap());
    let reread = collect(&read_in_pieces(&written, 3).whole());
    assert_eq!((reread.id.as_str(), reread.content().as_str()), ("chatcmpl-own", "Hello"));
    assert_eq!(reread.usage, reply.usage);
    assert_eq!(reread.choices[0].message.tool_calls().count(), 1);
}

#[test]
fn a_role_is_written_once_though_types_name_it_twice() {
    let again = Chunk::from(&Reply { choices: Reply::text("Hello").choices, ..Reply::default() });
    let written = write_stream(&[Event::chunk(Chunk::start()), Event::chunk(again)], false);
    assert_eq!(std::str::from_utf8(&written).unwrap().matches("\"role\"").count(), 1);
}

fn check_survives(chunk: Value) -> Chunk {
    let chunks = OpenAiChat.chunks(format!("data: {chunk}\n\n").as_bytes()).unwrap();
    assert_eq!(encode_chunk(&chunks[0]), chunk);
    chunks.into_iter().next().unwrap()
}

fn check_delta(delta: Value) -> Vec<PartDelta> {
    let chunk = check_survives(json!({ "choices": [{ "index": 0, "delta": delta }] }));
    chunk.choices.into_iter().flat_map(|choice| choice.parts).collect()
}

#[test]
fn chunks_survive_whatever_vendors_put_into_them() {
    check_survives(json!({}));
    check_survives(json!({ "choices": null, "id": null, "model": 7, "created": -1 }));
    check_survives(json!({ "choices": [], "prompt_filter_results": [{ "prompt_index": 0 }] }));
    check_survives(
        json!({ "choices": [{ "index": 0, "finish_reason": null, "content_filter_offsets": {} }] }),
    );
    check_survives(json!({ "choices": [{ "delta": { "content": "no index" } }, { "index": "0" }, null] }));
    check_survives(json!({ "choices": [{ "index": 0, "delta": null }, { "index": 1, "delta": [] }] }));
    check_survives(
        json!({ "choices": [{ "index": 0, "message": { "role": "assistant", "content": "x" } }] }),
    );
    check_survives(json!({ "error": { "message": "no", "code": 502 }, "choices": [] }));
    let everything = json!({
        "id": "i", "object": "chat.completion.chunk", "created": 1, "model": "m", "provider": "p",
        "choices": [{
            "index": 0, "logprobs": { "content": [] }, "finish_reason": "stop", "native_finish_reason": "STOP",
            "delta": {
                "role": "assistant", "content": "a", "reasoning": "r", "refusal": "f",
                "tool_calls": [{ "index": 0, "id": "c", "type": "function", "function": { "name": "n", "arguments": "{}" } }]
            }
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 }
    });
    let chunk = check_survives(everything);
    assert_eq!(chunk.choices[0].parts.len(), 4);
    assert_eq!((chunk.choices[0].role, chunk.usage.is_some()), (Some(Role::Assistant), true));
}

#[test]
fn deltas_survive_whatever_vendors_put_into_them() {
    assert_eq!(check_delta(json!({ "content": null, "role": null })), []);
    assert_eq!(check_delta(json!({ "role": "function" })), []);
    assert_eq!(check_delta(json!({ "content": 7, "reasoning": {}, "tool_calls": {} })), []);
    assert_eq!(check_delta(json!({ "refusal": "", "tool_calls": [], "function_call": null })), []);
    assert_eq!(check_delta(json!({ "reasoning": "r", "reasoning_content": "" })).len(), 1);
    let mixed = json!([{ "type": "thinking", "thinking": [{ "type": "text", "text": "t" }] }, { "type": "text", "text": "x" }]);
    let parts = check_delta(json!({ "content": mixed }));
    assert!(
        matches!(&parts[..], [PartDelta::Reasoning { text, .. }, PartDelta::Text(said)] if text == "t" && said == "x")
    );
    assert_eq!(check_delta(json!({ "content": [{ "type": "reference", "reference_ids": [1] }] })), []);
    let calls = json!([
        { "index": 0, "id": null, "type": null, "function": { "name": null, "arguments": "a" } },
        { "id": "c", "function": { "name": "n" } },
        { "index": 2, "id": "", "type": "function", "function": {} },
        { "index": 3, "id": "c3", "type": "custom", "custom": { "name": "n", "input": "" } },
        { "index": 4, "function": { "name": "n", "arguments": { "a": 1 } } }
    ]);
    assert_eq!(check_delta(json!({ "tool_calls": calls })).len(), 5);
    assert_eq!(check_delta(json!({ "function_call": { "name": "f", "arguments": "" } })).len(), 1);
    assert_eq!(check_delta(json!({ "function_call": { "arguments": "x" } })).len(), 1);
}

#[test]
fn fragments_of_a_custom_tools_input_join() {
    let first = json!({ "index": 0, "id": "c1", "type": "custom", "custom": { "name": "run", "input": "" } });
    let later = |input| json!({ "index": 0, "custom": { "input": input } });
    let chunks = [first, later("print("), later("1)")].map(|call| {
        check_survives(json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [call] } }] }))
    });
    let events = chunks.map(Event::chunk);
    let joined = collect(&events);
    let call = joined.choices[0].message.tool_calls().next().unwrap();
    assert_eq!((call.name.as_str(), call.arguments.as_str()), ("run", "print(1)"));
    let whole = encode_reply(&joined);
    let expected = json!({ "id": "c1", "type": "custom", "custom": { "name": "run", "input": "print(1)" } });
    assert_eq!(whole["choices"][0]["message"]["tool_calls"], json!([expected]));
}

#[test]
fn types_that_no_openai_reader_knows_are_still_written() {
    let message =
        Message { parts: vec![Part::Other { value: json!({ "type": "x" }) }], ..Message::assistant("") };
    let mut reply = Reply::text("");
    reply.choices[0].message = message;
    assert!(write_stream(&[Event::reply(reply)], false).ends_with(b"data: [DONE]\n\n"));
}

/// Looking at the whole frame again for every needle in it would take hours.
#[test]
fn a_frame_full_of_needles_costs_one_look() {
    let needles = [r#""usage":{}"#, r#""error":{}"#, r#""finish_reason":"x""#, r#""x":"[DONE]""#].join("},{");
    let stuffed = vec![format!("{{{needles}}}"); 10_000].join(",");
    let stream =
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}],\"stuffing\":[{stuffed}]}}\n\n")
            .repeat(2);
    let read = read_in_pieces(stream.as_bytes(), stream.len());
    assert_eq!(read.events.len(), 1);
    assert_eq!(read.end.unwrap_err().kind, ErrorKind::Interrupted);
    assert!(write_stream(&read.events, false).len() > 1_000_000);
}
