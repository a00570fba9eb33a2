//! Every recorded exchange of Anthropic's Messages decodes, encodes again without loss, and yields what it
//! holds.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{Collector, Decode, Event, Part, Reply, Request, Role, Usage};
use playhouse_wire::anthropic::messages::{encode_prompt, encode_reply};
use playhouse_wire::{AnthropicMessages, Codec, Dialect, OpenAiChat, UpstreamAnswer};
use serde_json::{Value, json};

use crate::facts::{self, Facts, Said};
use crate::recorded::{assert_holds, assert_outlined, folder, skipped, walk};
use crate::support::{chunks_of, collect, envelope, read_with, write_with};

const EXCHANGES: usize = 80;
const ERRORS: usize = 20;

#[test]
fn requests_survive() {
    for exchange in walk("messages", EXCHANGES) {
        let name = &exchange.name;
        let expected: Value = serde_json::from_str(&exchange.request).unwrap();
        let prompt = AnthropicMessages.prompt(exchange.request.as_bytes()).expect(name);
        assert_eq!(encode_prompt(&prompt), expected, "{name}");

        let body = Bytes::from(exchange.request.clone());
        let incoming = AnthropicMessages.read_request(body.clone()).expect(name);
        assert_eq!(*incoming.request.model, *expected["model"].as_str().unwrap(), "{name}");
        assert_eq!(incoming.request.stream, expected["stream"] == true, "{name}");
        let sent = AnthropicMessages.write_request(&incoming.request, &Dialect::default()).expect(name);
        assert_eq!(sent.as_ptr(), body.as_ptr(), "{name} was copied");

        let typed = Request::new(incoming.request.model.clone(), prompt).streamed(incoming.request.stream);
        let sent = AnthropicMessages.write_request(&typed, &Dialect::default()).expect(name);
        let mut sent: Value = serde_json::from_slice(&sent).unwrap();
        if expected["stream"] == false {
            sent["stream"] = false.into();
        }
        assert_eq!(sent, expected, "{name}");
    }
}

#[test]
fn request_messages_are_understood() {
    for exchange in walk("messages", EXCHANGES) {
        let name = &exchange.name;
        let expected: Value = serde_json::from_str(&exchange.request).unwrap();
        let prompt = AnthropicMessages.prompt(exchange.request.as_bytes()).expect(name);
        let system = prompt.messages.iter().filter(|message| message.role == Role::System);
        let system: String = system.map(|message| message.text()).collect();
        assert_eq!(system, text_of(&expected["system"]), "{name}");
        let said: Vec<_> = prompt.messages.iter().filter(|message| message.role != Role::System).collect();
        let messages = expected["messages"].as_array().unwrap();
        assert_eq!(said.len(), messages.len(), "{name}");
        for (message, expected) in said.iter().zip(messages) {
            assert_eq!(message.text(), text_of(&expected["content"]), "{name}");
            let called: Vec<&str> = message.tool_calls().map(|call| &*call.id).collect();
            assert_eq!(called, ids_of(&expected["content"], "tool_use", "id"), "{name}");
            let answered = message.parts.iter().filter_map(|part| match part {
                Part::ToolResult { call_id, .. } => Some(call_id.as_str()),
                _ => None,
            });
            assert_eq!(
                answered.collect::<Vec<_>>(),
                ids_of(&expected["content"], "tool_result", "tool_use_id"),
                "{name}"
            );
        }
    }
}

/// All text of content: its text blocks, and those of the results in it.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(items) => items
            .iter()
            .map(|item| match item["type"].as_str() {
                Some("text") => item["text"].as_str().unwrap().to_owned(),
                Some("tool_result") => text_of(&item["content"]),
                _ => String::new(),
            })
            .collect(),
        _ => String::new(),
    }
}

fn ids_of<'a>(content: &'a Value, kind: &str, key: &str) -> Vec<&'a str> {
    let items = content.as_array().into_iter().flatten();
    items.filter(|item| item["type"] == kind).map(|item| item[key].as_str().unwrap()).collect()
}

#[test]
fn replies_survive() {
    let mut walked = 0;
    for exchange in
        walk("messages", EXCHANGES).filter(|exchange| exchange.status == 200 && !exchange.is_stream)
    {
        let name = &exchange.name;
        let expected: Value = serde_json::from_str(&exchange.body).unwrap();
        let reply = AnthropicMessages.reply(exchange.body.as_bytes()).expect(name);
        assert_eq!(encode_reply(&reply), expected, "{name}");
        assert_eq!(facts::of_reply(&reply), of_body(&expected), "{name}");

        let body = Bytes::from(exchange.body.clone());
        let event = AnthropicMessages.read_reply(body.clone()).expect(name);
        assert_eq!(event.outline().usage, reply.usage.as_ref().map(Usage::counts), "{name}");
        assert_eq!(event.outline().finish.as_ref(), reply.finish(), "{name}");
        let written = AnthropicMessages.write_reply(&event, &envelope(true)).expect(name);
        assert_eq!(written.as_ptr(), body.as_ptr(), "{name} was copied");

        let typed = AnthropicMessages.write_reply(&Event::reply(reply.clone()), &envelope(true)).expect(name);
        assert_holds(&serde_json::from_slice(&typed).unwrap(), &expected, name);
        assert_crosses(&event, &reply, name);
        walked += 1;
    }
    assert!(skipped() || walked >= 35, "only {walked} whole answers");
}

/// What an answer says is the same once it was told over another protocol, and over this one as a stream.
fn assert_crosses(event: &Event, reply: &Reply, name: &str) {
    let expected = without_other_names(facts::of_reply(reply));
    let body = OpenAiChat.write_reply(event, &envelope(true)).unwrap();
    let crossed = OpenAiChat.reply(&body).unwrap();
    assert_eq!(without_other_names(facts::of_reply(&crossed)), expected, "{name} as a chat completion");
    let streamed = write_with(&AnthropicMessages, &[Event::reply(reply.clone())]);
    let reread = collect(&read_with(&AnthropicMessages, &streamed, 64).whole());
    assert_eq!(without_other_names(facts::of_reply(&reread)), expected, "{name} as a stream");
}

/// Arguments compared as JSON: an object may be written with other spaces.
fn without_other_names(mut facts: Facts) -> Facts {
    for said in facts.choices.values_mut() {
        for [_, _, arguments] in &mut said.calls {
            let value: Value = serde_json::from_str(arguments).unwrap_or_default();
            *arguments = value.to_string();
        }
    }
    facts
}

#[test]
fn streams_survive_any_split() {
    let mut walked = 0;
    for exchange in
        walk("messages", EXCHANGES).filter(|exchange| exchange.status == 200 && exchange.is_stream)
    {
        let expected = facts::chunks_of_text(&exchange.body);
        let told = of_events(&expected);
        for piece_bytes in [exchange.body.len(), 1, 7, 1000] {
            let name = format!("{} in pieces of {piece_bytes}", exchange.name);
            let events = read_with(&AnthropicMessages, exchange.body.as_bytes(), piece_bytes).whole();
            let chunks = chunks_of(&events);
            let carried: Vec<Value> = chunks.iter().map(|chunk| chunk.extra.clone().into()).collect();
            assert_eq!(carried, expected, "{name}");
            assert_eq!(facts::of_reply(&collect(&events)), told, "{name}");
            assert_outlined(&events, &name);
            // A proxy of several vendors ends every stream as OpenAI does; that is no part of the answer.
            let answer = exchange.body.trim_end_matches("event: data\ndata: [DONE]\n\n");
            assert_eq!(write_with(&AnthropicMessages, &events), answer, "{name}");
        }
        assert_stream_crosses(&exchange.body, &told, &exchange.name);
        walked += 1;
    }
    assert!(skipped() || walked >= 35, "only {walked} streams");
}

/// A stream says the same when it is told as a stream of chat completions, and when it is written anew.
fn assert_stream_crosses(stream: &str, told: &Facts, name: &str) {
    let events = read_with(&AnthropicMessages, stream.as_bytes(), 100).whole();
    let chat = write_with(&OpenAiChat, &events);
    for chunk in facts::chunks_of_text(std::str::from_utf8(&chat).unwrap()) {
        let says_something = chunk["choices"].as_array().is_some_and(|choices| !choices.is_empty());
        assert!(says_something || chunk["usage"].is_object(), "{name}: {chunk}");
    }
    let reread = collect(&read_with(&OpenAiChat, &chat, 64).whole());
    assert_eq!(facts::of_reply(&reread), *told, "{name} as chunks");
    let back = write_with(&AnthropicMessages, &read_with(&OpenAiChat, &chat, 64).whole());
    let reread = collect(&read_with(&AnthropicMessages, &back, 64).whole());
    assert_eq!(facts::of_reply(&reread), *told, "{name} there and back");
    let mut collector = Collector::default();
    chunks_of(&events).iter().for_each(|chunk| collector.absorb(chunk));
    assert_eq!(facts::of_reply(collector.reply()), *told, "{name} collected");
}

/// The facts of a whole answer's body.
fn of_body(body: &Value) -> Facts {
    let mut facts = Facts { model: body["model"].as_str().unwrap().to_owned(), ..Facts::default() };
    let said = facts.choices.entry(0).or_default();
    for block in body["content"].as_array().unwrap() {
        add_block(said, block);
    }
    said.finish = body["stop_reason"].as_str().map(finish_name);
    add_usage(&mut facts, &body["usage"]);
    facts
}

fn add_block(said: &mut Said, block: &Value) {
    match block["type"].as_str().unwrap() {
        "text" => said.text += block["text"].as_str().unwrap(),
        "thinking" => said.reasoning += block["thinking"].as_str().unwrap(),
        "tool_use" => {
            let text = |key: &str| block[key].as_str().unwrap().to_owned();
            said.calls.push([text("id"), text("name"), block["input"].to_string()]);
        }
        _ => {}
    }
}

/// The facts of a stream's events.
fn of_events(events: &[Value]) -> Facts {
    let mut facts = Facts::default();
    let mut usage = json!({});
    for event in events {
        match event["type"].as_str().unwrap() {
            "message_start" => {
                facts.model = event["message"]["model"].as_str().unwrap().to_owned();
                usage = event["message"]["usage"].clone();
            }
            "content_block_start" => {
                let mut block = event["content_block"].clone();
                if block["type"] == "tool_use" {
                    block["input"] = "".into();
                }
                add_block(facts.choices.entry(0).or_default(), &block);
                if let Some([_, _, arguments]) = facts.choices.entry(0).or_default().calls.last_mut()
                    && arguments == "\"\""
                {
                    arguments.clear();
                }
            }
            "content_block_delta" => add_delta(facts.choices.entry(0).or_default(), &event["delta"]),
            "message_delta" => {
                let finish = event["delta"]["stop_reason"].as_str().map(finish_name);
                facts.choices.entry(0).or_default().finish = finish;
                usage.as_object_mut().unwrap().extend(event["usage"].as_object().unwrap().clone());
            }
            _ => {}
        }
    }
    add_usage(&mut facts, &usage);
    facts
}

fn add_delta(said: &mut Said, delta: &Value) {
    let text = |key: &str| delta[key].as_str().unwrap();
    match text("type") {
        "text_delta" => said.text += text("text"),
        "thinking_delta" => said.reasoning += text("thinking"),
        "input_json_delta" => {
            if let Some([_, _, arguments]) = said.calls.last_mut() {
                arguments.push_str(text("partial_json"));
            }
        }
        _ => {}
    }
}

fn add_usage(facts: &mut Facts, usage: &Value) {
    let count = |key: &str| usage[key].as_u64();
    let counts = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
    let prompt = counts.iter().filter_map(|key| count(key)).sum();
    let completion = count("output_tokens").unwrap();
    facts.usage = Some([prompt, completion, prompt + completion]);
    facts.cached_tokens = count("cache_read_input_tokens");
}

fn finish_name(reason: &str) -> String {
    let names = [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_calls"),
    ];
    let known = names.iter().find(|(name, _)| *name == reason).map(|(_, finish)| *finish);
    known.unwrap_or(if reason == "refusal" { "content_filter" } else { reason }).to_owned()
}

#[test]
fn refusals_are_understood() {
    let Some(folder) = folder() else { return };
    let lines = fs::read_to_string(folder.join("errors.jsonl")).unwrap();
    let mut walked = 0;
    for line in lines.lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        if recorded["provider"] != "anthropic" || recorded["body"]["type"] != "error" {
            continue;
        }
        let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
        let body = Bytes::from(recorded["body"].to_string());
        let answer =
            UpstreamAnswer { provider: Arc::from("p"), status, retry_after: None, body: body.clone() };
        let error = AnthropicMessages.read_error(answer);
        let told = &recorded["body"]["error"];
        assert_eq!(error.message, told["message"].as_str().unwrap(), "{line}");
        assert_eq!(error.upstream.as_ref().unwrap().class.as_deref(), told["type"].as_str(), "{line}");
        assert_eq!(AnthropicMessages.write_error(&error, status, "req_1"), body, "{line}");
        let crossed: Value =
            serde_json::from_slice(&OpenAiChat.write_error(&error, status, "req_1")).unwrap();
        assert_eq!(crossed["error"]["message"], told["message"], "{line}");
        walked += 1;
    }
    assert!(walked >= ERRORS, "only {walked} errors");
}

#[test]
fn texts_that_hold_nothing_are_not_told() {
    let call = json!({ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let body = json!({ "model": "m", "messages": [
        { "role": "system", "content": "" },
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": "" },
        { "role": "user", "content": [{ "type": "text", "text": "" }, { "type": "text", "text": "And now?" }] },
        { "role": "assistant", "content": "", "tool_calls": [call] },
        { "role": "tool", "tool_call_id": "c", "content": "" },
        { "role": "user", "content": "" },
    ] });
    let request = OpenAiChat.read_request(body.to_string().into()).unwrap().request;
    let sent = AnthropicMessages.write_request(&request, &Dialect::default()).unwrap();
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    assert_eq!(sent.get("system"), None);
    let expected = json!([
        { "role": "user", "content": "Hi" },
        { "role": "user", "content": [{ "type": "text", "text": "And now?" }] },
        { "role": "assistant", "content": [{ "type": "tool_use", "id": "c", "name": "f", "input": {} }] },
        { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "c", "content": "" },
            { "type": "text", "text": "" },
        ] },
    ]);
    assert_eq!(sent["messages"], expected);
}
