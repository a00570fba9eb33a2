//! Laws that hold for any input: nothing panics, nothing is lost, a loop back changes nothing.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{
    ChoiceDelta, Chunk, Collector, Decode, Event, FinishReason, PartDelta, Reply, Role, Usage,
};
use playhouse_wire::openai::chat::{encode_chunk, encode_prompt, encode_reply};
use playhouse_wire::openai::embeddings::Encoding;
use playhouse_wire::openai::models::ModelList;
use playhouse_wire::openai::responses::{self, RequestHead, Transcript, with_history};
use playhouse_wire::sse::{Frame, FrameCutter, frames};
use playhouse_wire::{
    AnthropicMessages, Codec, Dialect, OpenAiChat, OpenAiEmbeddings, OpenAiResponses, UpstreamAnswer,
    anthropic,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::facts;
use crate::support::{MAX_LINE_BYTES, envelope, read_pieces, read_with, write_stream, write_with};

/// `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// Everything that reads bytes is shown these.
fn show_to_all(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    let _ = OpenAiChat.prompt(bytes);
    let _ = OpenAiChat.reply(bytes);
    let _ = OpenAiChat.chunks(bytes);
    show_to_messages(bytes);
    show_to_responses(bytes);
    let _ = ModelList::decode(bytes);
    let _ = OpenAiEmbeddings.decode_reply(body.clone());
    if let Ok(incoming) = OpenAiEmbeddings.decode_request(bytes, None) {
        OpenAiEmbeddings.encode_request(&incoming.request, incoming.encoding);
    }
    let _ = OpenAiChat.read_reply(body.clone());
    if let Ok(incoming) = OpenAiChat.read_request(body.clone()) {
        let stream = incoming.request.stream;
        let request = incoming.request.streamed(!stream);
        OpenAiChat.write_request(&request, &Dialect::default()).unwrap();
    }
    let answer = UpstreamAnswer { provider: Arc::from("p"), status: 500, retry_after: None, body };
    let error = OpenAiChat.read_error(answer);
    OpenAiChat.write_error(&error, 500, "r");
    for piece_bytes in [5, bytes.len().max(1)] {
        let read = read_pieces(bytes.chunks(piece_bytes), 64 << 10);
        let outputs: Vec<Bytes> =
            read.events.iter().map(|event| write_stream(std::slice::from_ref(event), true)).collect();
        drop(outputs);
        write_hidden(&read.events);
    }
}

/// Everything that reads Anthropic's Messages is shown these, and all that is read is written again, for
/// callers of either protocol.
fn show_to_messages(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    if let Ok(prompt) = AnthropicMessages.prompt(bytes) {
        let _ = AnthropicMessages.untold(&prompt);
    }
    let _ = AnthropicMessages.reply(bytes);
    let _ = AnthropicMessages.chunks(bytes);
    let _ = AnthropicMessages.read_models(bytes);
    let _ = AnthropicMessages.counting().unwrap().read_count(body.clone());
    if let Ok(incoming) = AnthropicMessages.read_request(body.clone()) {
        let stream = incoming.request.stream;
        let request = incoming.request.streamed(!stream);
        AnthropicMessages.write_request(&request, &Dialect::default()).unwrap();
        let _ = OpenAiChat.write_request(&request, &Dialect::default());
    }
    if let Ok(event) = AnthropicMessages.read_reply(body.clone()) {
        let _ = OpenAiChat.write_reply(&event, &envelope(true));
    }
    let answer = UpstreamAnswer { provider: Arc::from("p"), status: 500, retry_after: None, body };
    let error = AnthropicMessages.read_error(answer);
    AnthropicMessages.write_error(&error, 500, "r");
    OpenAiChat.write_error(&error, 500, "r");
    for piece_bytes in [5, bytes.len().max(1)] {
        let events = read_with(&AnthropicMessages, bytes, piece_bytes).events;
        for codec in [&OpenAiChat as &dyn Codec, &AnthropicMessages] {
            let mut writer = codec.stream_writer(envelope(true));
            events.iter().for_each(|event| drop(writer.event(event)));
            writer.end();
        }
    }
}

/// Everything that reads OpenAI's Responses is shown these, and all that is read is written again, for callers
/// of any protocol.
fn show_to_responses(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    if let Ok(prompt) = OpenAiResponses.prompt(bytes) {
        let _ = OpenAiResponses.untold(&prompt);
    }
    let _ = OpenAiResponses.reply(bytes);
    let _ = OpenAiResponses.chunks(bytes);
    let _ = RequestHead::read(bytes);
    let _ = with_history(bytes, &[]);
    let mut transcript = Transcript::default();
    transcript.absorb(&body);
    let _ = (transcript.response(), transcript.failed("c", "m"), transcript.cancelled());
    if let Ok(incoming) = OpenAiResponses.read_request(body.clone()) {
        OpenAiResponses.manner(&incoming.request);
        let stream = incoming.request.stream;
        let request = incoming.request.streamed(!stream);
        OpenAiResponses.write_request(&request, &Dialect::default()).unwrap();
        let _ = OpenAiChat.write_request(&request, &Dialect::default());
        let _ = AnthropicMessages.write_request(&request, &Dialect::default());
        let reply = Event::reply(Reply::text("x"));
        OpenAiResponses.write_reply_to(&request, &reply, &envelope(true)).unwrap();
    }
    if let Ok(event) = OpenAiResponses.read_reply(body.clone()) {
        let _ = OpenAiChat.write_reply(&event, &envelope(true));
        let _ = AnthropicMessages.write_reply(&event, &envelope(true));
    }
    let answer = UpstreamAnswer { provider: Arc::from("p"), status: 500, retry_after: None, body };
    let error = OpenAiResponses.read_error(answer);
    OpenAiResponses.write_error(&error, 500, "r");
    for piece_bytes in [50, bytes.len().max(1)] {
        let read = read_with(&OpenAiResponses, bytes, piece_bytes);
        for codec in [&OpenAiChat as &dyn Codec, &AnthropicMessages, &OpenAiResponses] {
            let mut writer = codec.stream_writer(envelope(true));
            read.events.iter().for_each(|event| drop(writer.event(event)));
            let typed = read.events.iter().flat_map(|event| event.chunks().unwrap_or_default().to_vec());
            typed.for_each(|chunk| drop(writer.event(&Event::chunk(chunk))));
            match &read.end {
                Ok(()) => writer.end(),
                Err(error) => writer.error(error, "r"),
            };
        }
    }
}

fn responses_request_sample() -> Value {
    json!({
        "model": "m", "stream": true, "temperature": 1, "top_p": 0.9, "max_output_tokens": 9, "user": "u", "store": true,
        "instructions": "s", "previous_response_id": "r", "background": false, "include": ["x"], "metadata": { "a": "b" },
        "parallel_tool_calls": true, "reasoning": { "effort": "low", "summary": "auto" },
        "text": { "format": { "type": "json_schema", "name": "n", "schema": {}, "strict": true }, "verbosity": "low" },
        "tool_choice": { "type": "function", "name": "f" },
        "tools": [
            { "type": "function", "name": "f", "description": "d", "parameters": { "type": "object" }, "strict": true },
            { "type": "web_search" }
        ],
        "input": [
            { "role": "user", "content": "t" },
            { "type": "message", "role": "user", "content": [
                { "type": "input_text", "text": "t" },
                { "type": "input_image", "image_url": "u", "detail": "low" },
                { "type": "input_file", "file_id": "f" }
            ] },
            { "type": "reasoning", "id": "r", "summary": [{ "type": "summary_text", "text": "h" }], "encrypted_content": "e" },
            { "type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [
                { "type": "output_text", "text": "t", "annotations": [] }, { "type": "refusal", "refusal": "n" }
            ] },
            { "type": "function_call", "id": "i", "call_id": "c", "name": "f", "arguments": "{}" },
            { "type": "custom_tool_call", "call_id": "d", "name": "f", "input": "x" },
            { "type": "function_call_output", "call_id": "c", "output": "4" },
            { "type": "custom_tool_call_output", "call_id": "d", "output": [{ "type": "input_text", "text": "4" }] },
            { "type": "item_reference", "id": "i" }
        ]
    })
}

fn response_sample() -> Value {
    json!({
        "id": "i", "object": "response", "created_at": 1, "model": "m", "status": "incomplete", "error": null,
        "incomplete_details": { "reason": "max_output_tokens" }, "instructions": null,
        "output": [
            { "type": "reasoning", "id": "r", "encrypted_content": "e", "summary": [{ "type": "summary_text", "text": "h" }],
              "content": [{ "type": "reasoning_text", "text": "g" }] },
            { "type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [
                { "type": "output_text", "text": "t", "annotations": [], "logprobs": [] }, { "type": "refusal", "refusal": "n" }
            ] },
            { "type": "function_call", "id": "f", "call_id": "c", "name": "f", "arguments": "{}", "status": "completed" },
            { "type": "custom_tool_call", "id": "g", "call_id": "d", "name": "f", "input": "x" },
            { "type": "web_search_call", "id": "w", "status": "completed" }
        ],
        "usage": { "input_tokens": 1, "output_tokens": 2, "total_tokens": 3, "cost": 0.5,
            "input_tokens_details": { "cached_tokens": 1, "cache_write_tokens": 0 },
            "output_tokens_details": { "reasoning_tokens": 1, "x": 1 } }
    })
}

/// A stream of every kind of event there is.
fn response_events_sample() -> Value {
    let response =
        |status: &str| json!({ "id": "i", "model": "m", "created_at": 1, "status": status, "output": [] });
    let place = |kind: &str, at: u32, more: Value| {
        let mut event = json!({ "type": kind, "sequence_number": 1, "item_id": "x", "output_index": at, "content_index": 0 });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    json!([
        { "type": "response.created", "sequence_number": 0, "response": response("in_progress") },
        { "type": "response.in_progress", "sequence_number": 1, "response": response("in_progress") },
        place("response.output_item.added", 0, json!({ "item": { "type": "reasoning", "id": "r", "summary": [] } })),
        place("response.reasoning_summary_part.added", 0, json!({ "summary_index": 1 })),
        place("response.reasoning_summary_text.delta", 0, json!({ "delta": "h", "summary_index": 0 })),
        place("response.reasoning_text.delta", 0, json!({ "delta": "g" })),
        place("response.output_item.done", 0, json!({ "item": { "type": "reasoning", "id": "r", "encrypted_content": "e" } })),
        place("response.output_item.added", 1, json!({ "item": { "type": "message", "id": "m" } })),
        place("response.content_part.added", 1, json!({ "part": {} })),
        place("response.output_text.delta", 1, json!({ "delta": "t" })),
        place("response.output_text.done", 1, json!({ "text": "t" })),
        place("response.refusal.delta", 1, json!({ "delta": "n" })),
        place("response.output_item.done", 1, json!({ "item": { "type": "message", "id": "m" } })),
        place("response.output_item.added", 2, json!({ "item": { "type": "function_call", "call_id": "c", "name": "f", "arguments": "" } })),
        place("response.function_call_arguments.delta", 2, json!({ "delta": "{}" })),
        place("response.output_item.added", 3, json!({ "item": { "type": "custom_tool_call", "call_id": "d", "name": "f", "input": "" } })),
        place("response.custom_tool_call_input.delta", 3, json!({ "delta": "x" })),
        place("response.output_item.done", 4, json!({ "item": { "type": "web_search_call", "id": "w" } })),
        { "type": "response.completed", "sequence_number": 9, "response": response_sample() }
    ])
}

fn messages_request_sample() -> Value {
    json!({
        "model": "m", "max_tokens": 9, "stream": true, "temperature": 1, "top_p": 0.9, "top_k": 3,
        "stop_sequences": ["a"], "metadata": { "user_id": "u", "x": 1 }, "service_tier": "auto",
        "thinking": { "type": "enabled", "budget_tokens": 1024 },
        "output_config": { "effort": "low", "format": { "type": "json_schema", "schema": {} } },
        "tool_choice": { "type": "tool", "name": "f", "disable_parallel_tool_use": true },
        "tools": [
            { "name": "f", "description": "d", "input_schema": { "type": "object" }, "strict": true },
            { "type": "web_search_20250305", "name": "web_search" }
        ],
        "system": [{ "type": "text", "text": "s", "cache_control": { "type": "ephemeral" } }],
        "messages": [
            { "role": "user", "content": "t" },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "h", "signature": "s" },
                { "type": "redacted_thinking", "data": "d" },
                { "type": "text", "text": "t", "citations": [] },
                { "type": "tool_use", "id": "c", "name": "f", "input": { "x": 1 } }
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "c", "content": [{ "type": "text", "text": "4" }], "is_error": true },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "aa" } },
                { "type": "image", "source": { "type": "url", "url": "u" } },
                { "type": "document", "source": {} }
            ] }
        ]
    })
}

fn message_sample() -> Value {
    json!({
        "id": "i", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "stop_sequence": null,
        "content": [
            { "type": "thinking", "thinking": "h", "signature": "s" },
            { "type": "redacted_thinking", "data": "d" },
            { "type": "text", "text": "t", "citations": null },
            { "type": "tool_use", "id": "c", "name": "f", "input": {} },
            { "type": "server_tool_use", "id": "d", "name": "web_search", "input": {} }
        ],
        "usage": { "input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3,
            "cache_creation_input_tokens": 4, "service_tier": "standard" }
    })
}

/// A stream of every kind of event there is.
fn message_events_sample() -> Value {
    let start = |index: u32, block: Value| json!({ "type": "content_block_start", "index": index, "content_block": block });
    let delta =
        |index: u32, delta: Value| json!({ "type": "content_block_delta", "index": index, "delta": delta });
    let stop = |index: u32| json!({ "type": "content_block_stop", "index": index });
    json!([
        { "type": "message_start", "message": { "id": "i", "type": "message", "role": "assistant", "model": "m",
            "content": [], "usage": { "input_tokens": 1, "output_tokens": 1 } } },
        start(0, json!({ "type": "thinking", "thinking": "", "signature": "" })),
        { "type": "ping" },
        delta(0, json!({ "type": "thinking_delta", "thinking": "h" })),
        delta(0, json!({ "type": "signature_delta", "signature": "s" })),
        stop(0),
        start(1, json!({ "type": "redacted_thinking", "data": "d" })),
        stop(1),
        start(2, json!({ "type": "text", "text": "" })),
        delta(2, json!({ "type": "text_delta", "text": "t" })),
        delta(2, json!({ "type": "citations_delta", "citation": {} })),
        stop(2),
        start(3, json!({ "type": "tool_use", "id": "c", "name": "f", "input": {} })),
        delta(3, json!({ "type": "input_json_delta", "partial_json": "{}" })),
        stop(3),
        { "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": { "output_tokens": 5 } },
        { "type": "message_stop" }
    ])
}

/// Events as a stream; their names are what their data says, where that is a word.
fn stream_of(events: &Value) -> String {
    let frames = events.as_array().into_iter().flatten().map(|event| {
        let name = event["type"].as_str().unwrap_or("x");
        format!("event: {name}\ndata: {event}\n\n")
    });
    frames.collect()
}

fn write_hidden(events: &[Event]) {
    let mut writer = OpenAiChat.stream_writer(envelope(false));
    events.iter().for_each(|event| drop(writer.event(event)));
}

fn request_sample() -> Value {
    json!({
        "model": "m", "stream": true, "stream_options": { "include_usage": true }, "temperature": 1, "top_p": 0.9,
        "max_tokens": 5, "max_completion_tokens": 5, "stop": ["a"], "tool_choice": "auto",
        "tools": [{ "type": "function", "function": { "name": "f", "description": "d", "parameters": { "type": "object" }, "strict": true } }],
        "functions": [{ "name": "f", "description": "d", "parameters": { "type": "object" } }],
        "messages": [
            { "role": "system", "content": "s" },
            { "role": "user", "name": "n", "content": [
                { "type": "text", "text": "t", "cache_control": {} },
                { "type": "image_url", "image_url": { "url": "u", "detail": "low" } },
                { "type": "image_url", "image_url": "u" },
                { "type": "input_audio", "input_audio": {} }
            ] },
            { "role": "assistant", "content": null, "reasoning": "r", "reasoning_content": "r", "refusal": "no",
              "tool_calls": [
                { "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } },
                { "id": "d", "type": "custom", "custom": { "name": "f", "input": "x" } }
              ],
              "function_call": { "name": "f", "arguments": "{}" } },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": [{ "type": "text", "text": "h" }], "closed": true },
                { "type": "thinking", "thinking": "h" }
            ] },
            { "role": "tool", "tool_call_id": "c", "content": "4", "refusal": "x" },
            { "role": "function", "name": "f", "tool_call_id": "f", "content": [{ "type": "text", "text": "4" }] }
        ]
    })
}

fn reply_sample() -> Value {
    json!({
        "id": "i", "object": "chat.completion", "created": 1, "model": "m", "service_tier": null,
        "choices": [
            { "index": 0, "logprobs": null, "finish_reason": "stop", "message": {
                "role": "assistant", "content": "x", "refusal": null, "reasoning": "r",
                "tool_calls": [{ "id": "c", "type": "function", "index": 0, "function": { "name": "f", "arguments": "{}" } }] } },
            { "index": 1, "finish_reason": "length", "message": { "role": "assistant", "content": [{ "type": "text", "text": "y" }] } }
        ],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "prompt_cache_hit_tokens": 1,
            "prompt_tokens_details": { "cached_tokens": 1, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 1 } },
        "x_groq": { "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 } }
    })
}

fn chunk_sample() -> Value {
    json!({
        "id": "i", "object": "chat.completion.chunk", "created": 1, "model": "m", "error": null,
        "choices": [
            { "index": 0, "logprobs": null, "finish_reason": "stop", "delta": {
                "role": "assistant", "content": "x", "refusal": "f", "reasoning": "r", "reasoning_content": "r",
                "tool_calls": [
                    { "index": 0, "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } },
                    { "index": 0, "function": { "arguments": "{}" } },
                    { "index": 1, "id": "d", "type": "custom", "custom": { "name": "f", "input": "x" } }
                ],
                "function_call": { "name": "f", "arguments": "" } } },
            { "index": 1, "delta": { "content": [
                { "type": "thinking", "thinking": [{ "type": "text", "text": "h" }] }, { "type": "text", "text": "t" }
            ] } }
        ],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "cached_tokens": 1,
            "prompt_tokens_details": { "cached_tokens": 1, "cache_write_tokens": 1 } },
        "x_groq": { "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 } }
    })
}

fn embed_request_sample() -> Value {
    json!({ "model": "m", "input": ["a", [1, 2]], "dimensions": 2, "encoding_format": "base64", "user": "u" })
}

fn embed_reply_sample() -> Value {
    let item = |index: u32| json!({ "object": "embedding", "index": index, "embedding": [0.5, -0.25] });
    let usage = json!({ "prompt_tokens": 1, "total_tokens": 1, "cost": 0.5 });
    json!({ "object": "list", "data": [item(0), item(1)], "model": "m", "usage": usage })
}

/// A change to some place in a JSON value.
#[derive(Clone, Debug)]
struct Change {
    place: usize,
    kind: ChangeKind,
}

#[derive(Clone, Debug)]
enum ChangeKind {
    Replace(Value),
    Remove,
    Add(Value),
    Repeat,
}

fn odd_value() -> impl Strategy<Value = Value> {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.0),
        json!(0.5),
        json!(1u64 << 40),
        json!(""),
        json!("x"),
        json!("f"),
        json!("function"),
        json!("text"),
        json!("assistant"),
        json!([]),
        json!({}),
        json!([null]),
        json!(["x"]),
        json!([{}]),
        json!({ "name": "f" }),
        json!({ "usage": {} }),
        json!({ "type": "text", "text": "t" }),
    ];
    proptest::sample::select(values.to_vec())
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let kind = prop_oneof![
        4 => odd_value().prop_map(ChangeKind::Replace),
        2 => Just(ChangeKind::Remove),
        1 => odd_value().prop_map(ChangeKind::Add),
        1 => Just(ChangeKind::Repeat),
    ];
    proptest::collection::vec((any::<usize>(), kind).prop_map(|(place, kind)| Change { place, kind }), 0..4)
}

fn changed(mut value: Value, changes: &[Change]) -> Value {
    for change in changes {
        let at = change.place % count(&value).max(1);
        apply(&mut value, at, &change.kind);
    }
    value
}

/// How many members and items there are, at any depth.
fn count(value: &Value) -> usize {
    children(value).map(|child| 1 + count(child)).sum()
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => Box::new(std::iter::empty()),
    }
}

fn apply(value: &mut Value, mut at: usize, kind: &ChangeKind) {
    let sizes: Vec<usize> = children(value).map(|child| 1 + count(child)).collect();
    for (position, size) in sizes.into_iter().enumerate() {
        if at == 0 {
            return apply_here(value, position, kind);
        }
        if at < size {
            return apply(child_mut(value, position), at - 1, kind);
        }
        at -= size;
    }
}

fn child_mut(value: &mut Value, position: usize) -> &mut Value {
    match value {
        Value::Array(items) => &mut items[position],
        Value::Object(fields) => fields.values_mut().nth(position).unwrap(),
        _ => unreachable!("only containers have children"),
    }
}

fn apply_here(parent: &mut Value, position: usize, kind: &ChangeKind) {
    match (kind, parent) {
        (ChangeKind::Replace(value), parent) => *child_mut(parent, position) = value.clone(),
        (ChangeKind::Remove, Value::Array(items)) => drop(items.remove(position)),
        (ChangeKind::Remove, Value::Object(fields)) => {
            let key = fields.keys().nth(position).unwrap().clone();
            fields.shift_remove(&key);
        }
        (ChangeKind::Add(value), Value::Array(items)) => items.insert(position, value.clone()),
        (ChangeKind::Add(value), Value::Object(fields)) => drop(fields.insert("added".into(), value.clone())),
        (ChangeKind::Repeat, Value::Array(items)) => items.push(items[position].clone()),
        _ => {}
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_changed_request_survives(changes in changes()) {
        let body = changed(request_sample(), &changes);
        if let Ok(prompt) = OpenAiChat.prompt(body.to_string().as_bytes()) {
            prop_assert_eq!(encode_prompt(&prompt), body);
        }
    }

    #[test]
    fn a_changed_reply_survives(changes in changes()) {
        let body = changed(reply_sample(), &changes);
        let reply = OpenAiChat.reply(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!(encode_reply(&reply), body.clone());
        if let Ok(event) = OpenAiChat.read_reply(body.to_string().into()) {
            let typed = Event::reply(reply);
            prop_assert_eq!(&event.outline().usage, &typed.outline().usage);
        }
    }

    #[test]
    fn changed_embeddings_survive(changes in changes()) {
        let body = changed(embed_request_sample(), &changes);
        if let Ok(incoming) = OpenAiEmbeddings.decode_request(body.to_string().as_bytes(), None) {
            let sent = OpenAiEmbeddings.encode_request(&incoming.request, incoming.encoding);
            prop_assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), body);
        }
        let body = changed(embed_reply_sample(), &changes);
        if let Ok(reply) = OpenAiEmbeddings.decode_reply(body.to_string().into()) {
            let written = OpenAiEmbeddings.encode_reply(&reply, Encoding::Base64, &envelope(false)).unwrap();
            let known_model = !reply.model.is_empty();
            prop_assert!(!known_model || OpenAiEmbeddings.decode_reply(written).unwrap() == reply);
        }
    }

    #[test]
    fn a_changed_chunk_survives_and_is_outlined(changes in changes()) {
        let chunk = changed(chunk_sample(), &changes);
        let frame = format!("data: {chunk}\n\n");
        let decoded = OpenAiChat.chunks(frame.as_bytes()).unwrap().remove(0);
        prop_assert_eq!(encode_chunk(&decoded), chunk);
        let read = read_pieces([frame.as_bytes()], MAX_LINE_BYTES);
        if let Some(event) = read.events.first() {
            let typed = Event::chunk(decoded);
            let (seen, expected) = (event.outline(), typed.outline());
            prop_assert_eq!(&seen.usage, &expected.usage);
            prop_assert_eq!(&seen.finish, &expected.finish);
            prop_assert_eq!(&seen.model, &expected.model.clone().filter(|model| !model.is_empty()));
        }
    }

    #[test]
    fn a_changed_request_for_a_message_survives(changes in changes()) {
        let mut body = changed(messages_request_sample(), &changes);
        if let Ok(prompt) = AnthropicMessages.prompt(body.to_string().as_bytes()) {
            // There must be a bound.
            body.as_object_mut().unwrap().entry("max_tokens").or_insert(4096.into());
            prop_assert_eq!(anthropic::messages::encode_prompt(&prompt), body);
        }
    }

    #[test]
    fn a_changed_message_survives(changes in changes()) {
        let body = changed(message_sample(), &changes);
        let reply = AnthropicMessages.reply(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!(anthropic::messages::encode_reply(&reply), body);
    }

    #[test]
    fn a_changed_request_for_a_response_survives(changes in changes()) {
        let body = changed(responses_request_sample(), &changes);
        if let Ok(prompt) = OpenAiResponses.prompt(body.to_string().as_bytes()) {
            prop_assert_eq!(responses::encode_prompt(&prompt), body);
        }
    }

    #[test]
    fn a_changed_response_survives(changes in changes()) {
        let body = changed(response_sample(), &changes);
        let reply = OpenAiResponses.reply(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!(responses::encode_reply(&reply), body.clone());
        if let Ok(event) = OpenAiResponses.read_reply(body.to_string().into()) {
            let typed = Event::reply(reply);
            prop_assert_eq!(&event.outline().usage, &typed.outline().usage);
            prop_assert_eq!(&event.outline().finish, &typed.outline().finish);
        }
    }

    #[test]
    fn changed_events_of_a_response_are_carried(changes in changes()) {
        let events = changed(response_events_sample(), &changes);
        let stream = stream_of(&events);
        show_to_responses(stream.as_bytes());
        if let Ok(chunks) = OpenAiResponses.chunks(stream.as_bytes()) {
            let carried: Vec<Value> = chunks.into_iter().map(|chunk| chunk.extra.into()).collect();
            prop_assert_eq!(Value::from(carried), events);
        }
    }

    #[test]
    fn changed_events_of_a_message_are_carried(changes in changes()) {
        let events = changed(message_events_sample(), &changes);
        let stream = stream_of(&events);
        show_to_messages(stream.as_bytes());
        if let Ok(chunks) = AnthropicMessages.chunks(stream.as_bytes()) {
            let carried: Vec<Value> = chunks.into_iter().map(|chunk| chunk.extra.into()).collect();
            prop_assert_eq!(Value::from(carried), events);
        }
    }

    #[test]
    fn no_changed_body_makes_anyone_panic(changes in changes(), cut in any::<usize>()) {
        let messages = [messages_request_sample(), message_sample()];
        let responses = [responses_request_sample(), response_sample()];
        let chat = [request_sample(), reply_sample(), chunk_sample()];
        for sample in chat.into_iter().chain(messages).chain(responses) {
            let body = changed(sample, &changes).to_string();
            show_to_all(body.as_bytes());
            show_to_all(format!("data: {body}\n\ndata: {body}\r\n\r\n").as_bytes());
            show_to_all(&body.as_bytes()[..cut % body.len()]);
        }
    }

    #[test]
    fn no_bytes_make_anyone_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        show_to_all(&bytes);
    }

    #[test]
    fn no_lines_make_anyone_panic(text in r#"((data|event|id|error)?:? ?(\{"(choices|usage|error|messages)":(\[\{\}\]|null|\{\})\}|\[DONE\]|<html>|\\u|")?[\r\n]{0,3}){0,12}"#) {
        show_to_all(text.as_bytes());
    }
}

/// Cuts bytes at these places.
fn split_at<'a>(bytes: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn frames_are_cut_the_same_however_they_are_split(
        frames_sent in proptest::collection::vec(("[^\0]{0,30}", "[a-z]{0,5}", proptest::sample::select(vec!["\n", "\r", "\r\n"])), 0..8),
        places in proptest::collection::vec(any::<usize>(), 0..20),
    ) {
        let mut stream = Vec::new();
        for (data, name, end) in &frames_sent {
            let written = Frame::new(data).named(name).to_bytes();
            stream.extend(std::str::from_utf8(&written).unwrap().replace('\n', end).into_bytes());
        }
        let mut cutter = FrameCutter::new(1 << 10);
        let mut cut = Vec::new();
        for piece in split_at(&stream, &places) {
            cut.extend(cutter.push(Bytes::copy_from_slice(piece)).unwrap());
        }
        prop_assert!(cutter.pending().iter().all(|byte| b"\r\n".contains(byte)));
        let read: Vec<String> = cut.iter().flat_map(|run| frames(run).map(|frame| frame.text().into_owned()).collect::<Vec<_>>()).collect();
        let sent: Vec<String> = frames_sent.iter().map(|(data, _, _)| data.replace("\r\n", "\n").replace('\r', "\n")).collect();
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn a_loop_back_gives_the_same_chunks(
        chunks in chunks(),
        places in proptest::collection::vec(any::<usize>(), 0..30),
    ) {
        let events: Vec<Event> = chunks.iter().cloned().map(Event::chunk).collect();
        let written = write_stream(&events, true);
        let read = read_pieces(split_at(&written, &places), MAX_LINE_BYTES);
        prop_assert!(read.end.is_ok(), "{:?}", read.end);
        let reread: Vec<Chunk> = read.events.iter().flat_map(|event| event.chunks().unwrap().to_vec()).collect();
        prop_assert_eq!(additions(&reread), additions(&chunks));
        prop_assert_eq!(facts::of_reply(&gathered(&reread)), facts::of_reply(&gathered(&chunks)));
        // What was read once is written and read again without any change at all.
        let again = write_stream(&reread.iter().cloned().map(Event::chunk).collect::<Vec<_>>(), true);
        prop_assert_eq!(again, written);
    }

    #[test]
    fn a_loop_back_over_responses_gives_the_same_answer(
        chunks in chunks_of_one(),
        places in proptest::collection::vec(any::<usize>(), 0..30),
    ) {
        let events: Vec<Event> = chunks.iter().cloned().map(Event::chunk).collect();
        let written = write_with(&OpenAiResponses, &events);
        let mut reader = OpenAiResponses.stream_reader(MAX_LINE_BYTES);
        let mut reread = Vec::new();
        for piece in split_at(&written, &places) {
            reader.push(Bytes::copy_from_slice(piece));
            while let Some(event) = reader.next() {
                reread.extend(event.unwrap().chunks().unwrap().to_vec());
            }
        }
        prop_assert!(reader.finish().is_ok());
        let (told, heard) = (facts::of_reply(&gathered(&chunks)), facts::of_reply(&gathered(&reread)));
        prop_assert_eq!(&heard.choices, &told.choices);
        prop_assert_eq!(heard.usage, told.usage.or(Some([0; 3])));
        // What was read once is written and read again without any change at all.
        let again: Vec<Event> = reread.into_iter().map(Event::chunk).collect();
        prop_assert_eq!(write_with(&OpenAiResponses, &again), written);
    }

    #[test]
    fn only_named_edits_are_made(changes in changes(), model in "\\PC{1,8}", stream in any::<bool>(), stream_usage in any::<bool>()) {
        let body = changed(request_sample(), &changes);
        let pretty = serde_json::to_string_pretty(&body).unwrap();
        for text in [body.to_string(), pretty] {
            let Ok(incoming) = OpenAiChat.read_request(text.into()) else { continue };
            let request = incoming.request.for_model(model.as_str().into()).streamed(stream);
            let sent = OpenAiChat.write_request(&request, &Dialect { stream_usage }).unwrap();
            let sent: Value = serde_json::from_slice(&sent).unwrap();
            prop_assert_eq!(&sent, &expected_edits(&body, &model, stream, stream_usage));
            let reread = OpenAiChat.read_request(sent.to_string().into()).unwrap();
            prop_assert_eq!(reread.request.stream, stream);
        }
    }
}

fn expected_edits(body: &Value, model: &str, stream: bool, stream_usage: bool) -> Value {
    let mut expected = body.clone();
    expected["model"] = model.into();
    if (body["stream"] == true) != stream {
        expected["stream"] = stream.into();
    }
    if (!stream && body["stream"] == true) || (stream && !stream_usage) {
        expected.as_object_mut().unwrap().shift_remove("stream_options");
    }
    if stream && stream_usage {
        if !body["stream_options"].is_object() {
            expected["stream_options"] = json!({});
        }
        expected["stream_options"]["include_usage"] = true.into();
    }
    expected
}

/// Answers of types: a few pieces for one or two alternatives, a finish for each, token counts.
fn chunks() -> impl Strategy<Value = Vec<Chunk>> {
    let part = prop_oneof![
        "\\PC{1,12}".prop_map(PartDelta::Text),
        "\\PC{1,12}".prop_map(|text| PartDelta::Reasoning { text, field: "reasoning".into() }),
        "[a-z]{1,5}".prop_map(PartDelta::Refusal),
        (0..3u32, "[a-z]{1,5}", "\\PC{0,9}").prop_map(|(index, name, arguments)| call(
            index,
            Some(name),
            arguments
        )),
        (0..3u32, "\\PC{1,9}").prop_map(|(index, arguments)| call(index, None, arguments)),
    ];
    let pieces = proptest::collection::vec((0..2u32, part), 0..12);
    (pieces, proptest::option::of((0..1000u64, 0..1000u64))).prop_map(|(pieces, counts)| {
        let mut chunks: Vec<Chunk> =
            pieces.into_iter().map(|(index, part)| piece(index, vec![part], None)).collect();
        chunks.push(piece(0, Vec::new(), Some(FinishReason::Stop)));
        chunks.push(piece(1, Vec::new(), Some(FinishReason::Other("x".into()))));
        chunks.extend(counts.map(|(prompt, completion)| Chunk::usage(Usage::new(prompt, completion))));
        chunks
    })
}

/// Answers of types with one alternative: calls begin with what they are.
fn chunks_of_one() -> impl Strategy<Value = Vec<Chunk>> {
    let part = prop_oneof![
        "\\PC{1,12}".prop_map(PartDelta::Text),
        "\\PC{1,12}".prop_map(|text| PartDelta::Reasoning { text, field: "reasoning.summary".into() }),
        "[a-z]{1,5}".prop_map(PartDelta::Refusal),
        (0..3u32, any::<bool>(), "[a-z]{0,9}").prop_map(|(index, opens, arguments)| {
            call(index, opens.then(|| format!("f{index}")), arguments)
        }),
    ];
    let finish = proptest::sample::select(vec![FinishReason::Length, FinishReason::ContentFilter]);
    let counts = proptest::option::of((0..1000u64, 0..1000u64));
    (proptest::collection::vec(part, 0..12), finish, counts).prop_map(|(parts, finish, counts)| {
        let mut begun = Vec::new();
        let parts = parts.into_iter().filter(|part| match part {
            PartDelta::ToolCall { index, name, .. } => {
                begun.extend(name.as_ref().map(|_| *index));
                begun.contains(index)
            }
            _ => true,
        });
        let mut chunks: Vec<Chunk> = parts.map(|part| piece(0, vec![part], None)).collect();
        chunks.push(piece(0, Vec::new(), Some(finish)));
        chunks.extend(counts.map(|(prompt, completion)| Chunk::usage(Usage::new(prompt, completion))));
        chunks
    })
}

fn call(index: u32, name: Option<String>, arguments: String) -> PartDelta {
    let id = name.as_ref().map(|name| format!("call_{name}"));
    PartDelta::ToolCall { index, id, name, arguments: Some(arguments), extra: Default::default() }
}

fn piece(index: u32, parts: Vec<PartDelta>, finish: Option<FinishReason>) -> Chunk {
    let choice = ChoiceDelta { index, role: Some(Role::Assistant), parts, finish, ..ChoiceDelta::default() };
    Chunk { model: Some("m".into()), choices: vec![choice], ..Chunk::default() }
}

/// What chunks add that is anything, in order.
fn additions(chunks: &[Chunk]) -> Vec<(u32, PartDelta)> {
    let choices = chunks.iter().flat_map(|chunk| &chunk.choices);
    let parts = choices.flat_map(|choice| choice.parts.iter().map(|part| (choice.index, part.clone())));
    parts.filter(|(_, part)| !matches!(part, PartDelta::Text(text) if text.is_empty())).collect()
}

fn gathered(chunks: &[Chunk]) -> Reply {
    let mut collector = Collector::default();
    chunks.iter().for_each(|chunk| collector.absorb(chunk));
    let mut reply = collector.into_reply();
    reply.choices.sort_by_key(|choice| choice.index);
    reply
}
