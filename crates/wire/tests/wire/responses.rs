//! Every recorded exchange of OpenAI's Responses decodes, encodes again without loss, and yields what it holds.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{Collector, Decode, Event, Part, Reply, Request, Role, Usage};
use playhouse_wire::openai::responses::{Transcript, encode_prompt, encode_reply};
use playhouse_wire::{AnthropicMessages, Codec, Dialect, OpenAiChat, OpenAiResponses, UpstreamAnswer};
use serde_json::Value;

use crate::facts::{self, Facts};
use crate::recorded::{assert_holds, assert_outlined, folder, skipped, walk};
use crate::support::{chunks_of, collect, envelope, read_with, write_with};

const EXCHANGES: usize = 78;
const ERRORS: usize = 15;

#[test]
fn requests_survive() {
    for exchange in walk("responses", EXCHANGES) {
        let name = &exchange.name;
        let expected: Value = serde_json::from_str(&exchange.request).unwrap();
        let prompt = OpenAiResponses.prompt(exchange.request.as_bytes()).expect(name);
        assert_eq!(encode_prompt(&prompt), expected, "{name}");

        let body = Bytes::from(exchange.request.clone());
        let incoming = OpenAiResponses.read_request(body.clone()).expect(name);
        assert_eq!(*incoming.request.model, *expected["model"].as_str().unwrap(), "{name}");
        assert_eq!(incoming.request.stream, expected["stream"] == true, "{name}");
        let sent = OpenAiResponses.write_request(&incoming.request, &Dialect::default()).expect(name);
        assert_eq!(sent.as_ptr(), body.as_ptr(), "{name} was copied");

        let typed = Request::new(incoming.request.model.clone(), prompt).streamed(incoming.request.stream);
        let sent = OpenAiResponses.write_request(&typed, &Dialect::default()).expect(name);
        assert_same_request(serde_json::from_slice(&sent).unwrap(), &expected, name);
    }
}

/// Of its own accord nothing is kept, and reasoning is sealed instead.
fn assert_same_request(mut sent: Value, expected: &Value, name: &str) {
    let fields = sent.as_object_mut().unwrap();
    for (key, own) in
        [("store", Value::Bool(false)), ("include", serde_json::json!(["reasoning.encrypted_content"]))]
    {
        if expected.get(key).is_none() && fields.get(key) == Some(&own) {
            fields.shift_remove(key);
        }
    }
    if expected["stream"] == false {
        sent["stream"] = false.into();
    }
    assert_eq!(sent, *expected, "{name}");
}

#[test]
fn request_items_are_understood() {
    for exchange in walk("responses", EXCHANGES) {
        let name = &exchange.name;
        let expected: Value = serde_json::from_str(&exchange.request).unwrap();
        let prompt = OpenAiResponses.prompt(exchange.request.as_bytes()).unwrap();
        let text: String = prompt.messages.iter().map(|message| message.text()).collect();
        assert_eq!(text, request_text(&expected), "{name}");
        let calls = prompt.messages.iter().flat_map(|message| message.tool_calls());
        let calls: Vec<&str> = calls.map(|call| &*call.id).collect();
        assert_eq!(calls, ids_of(&expected, "function_call"), "{name}");
        let parts = prompt.messages.iter().flat_map(|message| &message.parts);
        let answered: Vec<&str> = parts
            .filter_map(|part| match part {
                Part::ToolResult { call_id, .. } => Some(call_id.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(answered, ids_of(&expected, "function_call_output"), "{name}");
        let turns: Vec<Role> = prompt.messages.iter().map(|message| message.role).collect();
        assert!(turns.windows(2).all(|pair| pair != [Role::Assistant; 2]), "{name}: {turns:?}");
    }
}

fn request_text(body: &Value) -> String {
    let mut text = body["instructions"].as_str().unwrap_or_default().to_owned();
    match &body["input"] {
        Value::String(said) => text += said,
        items => {
            for item in items.as_array().unwrap() {
                text += &content_text(&item["content"], &["input_text", "output_text"]);
                text += item["output"].as_str().unwrap_or_default();
            }
        }
    }
    text
}

fn content_text(content: &Value, kinds: &[&str]) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let said = parts.iter().filter(|part| kinds.contains(&part["type"].as_str().unwrap()));
            said.map(|part| part["text"].as_str().unwrap()).collect()
        }
        _ => String::new(),
    }
}

fn ids_of<'a>(body: &'a Value, kind: &str) -> Vec<&'a str> {
    let items = body["input"].as_array().into_iter().flatten();
    items.filter(|item| item["type"] == kind).map(|item| item["call_id"].as_str().unwrap()).collect()
}

#[test]
fn replies_survive() {
    let mut walked = 0;
    for exchange in
        walk("responses", EXCHANGES).filter(|exchange| exchange.status == 200 && !exchange.is_stream)
    {
        let name = &exchange.name;
        let expected: Value = serde_json::from_str(&exchange.body).unwrap();
        let reply = OpenAiResponses.reply(exchange.body.as_bytes()).expect(name);
        assert_eq!(encode_reply(&reply), expected, "{name}");
        assert_eq!(facts::of_reply(&reply), of_body(&expected), "{name}");

        let body = Bytes::from(exchange.body.clone());
        let event = OpenAiResponses.read_reply(body.clone()).expect(name);
        assert_eq!(event.outline().usage, reply.usage.as_ref().map(Usage::counts), "{name}");
        assert_eq!(event.outline().finish.as_ref(), reply.finish(), "{name}");
        let written = OpenAiResponses.write_reply(&event, &envelope(true)).expect(name);
        assert_eq!(written.as_ptr(), body.as_ptr(), "{name} was copied");

        let typed = OpenAiResponses.write_reply(&Event::reply(reply.clone()), &envelope(true)).expect(name);
        assert_holds(&serde_json::from_slice(&typed).unwrap(), &expected, name);
        assert_crosses(&event, &reply, name);
        walked += 1;
    }
    assert!(skipped() || walked >= 35, "only {walked} whole answers");
}

/// What an answer says is the same once it was told over other protocols, and over this one as a stream.
fn assert_crosses(event: &Event, reply: &Reply, name: &str) {
    let expected = facts::of_reply(reply);
    let body = OpenAiChat.write_reply(event, &envelope(true)).unwrap();
    assert_eq!(facts::of_reply(&OpenAiChat.reply(&body).unwrap()), expected, "{name} as a chat completion");
    let body = AnthropicMessages.write_reply(event, &envelope(true)).unwrap();
    let crossed = facts::of_reply(&AnthropicMessages.reply(&body).unwrap());
    assert_eq!(essence(crossed), essence(facts::of_reply(reply)), "{name} as a message");
    let streamed = write_with(&OpenAiResponses, &[Event::reply(reply.clone())]);
    let reread = collect(&read_with(&OpenAiResponses, &streamed, 64).whole());
    assert_eq!(facts::of_reply(&reread), counted(expected), "{name} as a stream");
}

/// What Messages tell too: other counts than those of prompt and answer are not.
fn essence(mut facts: Facts) -> Facts {
    for said in facts.choices.values_mut() {
        said.text = format!("{}{}", said.text, std::mem::take(&mut said.refusal));
        for [_, _, arguments] in &mut said.calls {
            *arguments = serde_json::from_str::<Value>(arguments).unwrap_or_default().to_string();
        }
    }
    Facts { reasoning_tokens: None, cached_tokens: facts.cached_tokens.filter(|count| *count > 0), ..facts }
}

/// What is written anew says also that nothing was cached, or reasoned.
fn counted(facts: Facts) -> Facts {
    let or_none = |count: Option<u64>| count.or(Some(0));
    Facts {
        cached_tokens: or_none(facts.cached_tokens),
        reasoning_tokens: or_none(facts.reasoning_tokens),
        ..facts
    }
}

#[test]
fn streams_survive_any_split() {
    let mut walked = 0;
    for exchange in
        walk("responses", EXCHANGES).filter(|exchange| exchange.status == 200 && exchange.is_stream)
    {
        let expected = facts::chunks_of_text(&exchange.body);
        let told = of_events(&expected);
        assert_eq!(
            spoken(&told),
            spoken(&of_body(&expected.last().unwrap()["response"])),
            "{}",
            exchange.name
        );
        for piece_bytes in [exchange.body.len(), 1, 7, 1000] {
            let name = format!("{} in pieces of {piece_bytes}", exchange.name);
            let events = read_with(&OpenAiResponses, exchange.body.as_bytes(), piece_bytes).whole();
            let chunks = chunks_of(&events);
            let carried: Vec<Value> = chunks.iter().map(|chunk| chunk.extra.clone().into()).collect();
            assert_eq!(carried, expected, "{name}");
            assert_eq!(facts::of_reply(&collect(&events)), told, "{name}");
            assert_outlined(&events, &name);
            // A proxy of several vendors ends every stream as chat completions do; that is no part of the answer.
            let answer = exchange.body.trim_end_matches("data: [DONE]\n\n");
            assert_eq!(
                write_with(&OpenAiResponses, &events).trim_ascii_end(),
                answer.trim_end().as_bytes(),
                "{name}"
            );
        }
        assert_stream_crosses(&exchange.body, &told, &exchange.name);
        assert_transcribed(&exchange.body, &expected, &exchange.name);
        walked += 1;
    }
    assert!(skipped() || walked >= 35, "only {walked} streams");
}

/// What is said aloud: some vendors shorten their reasoning at the end.
fn spoken(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    facts.choices.values_mut().for_each(|said| said.reasoning.clear());
    facts
}

/// A stream says the same when it is told as a stream of another protocol, and when it is written anew.
fn assert_stream_crosses(stream: &str, told: &Facts, name: &str) {
    let events = read_with(&OpenAiResponses, stream.as_bytes(), 100).whole();
    let chat = write_with(&OpenAiChat, &events);
    let reread = collect(&read_with(&OpenAiChat, &chat, 64).whole());
    assert_eq!(facts::of_reply(&reread), *told, "{name} as chunks");
    let back = write_with(&OpenAiResponses, &read_with(&OpenAiChat, &chat, 64).whole());
    let reread = collect(&read_with(&OpenAiResponses, &back, 64).whole());
    assert_eq!(facts::of_reply(&reread), counted(told.clone()), "{name} there and back");
    assert_in_openai_order(std::str::from_utf8(&back).unwrap(), name);
    let typed: Vec<Event> = chunks_of(&events).into_iter().map(Event::chunk).collect();
    let anew = write_with(&OpenAiResponses, &typed);
    let reread = collect(&read_with(&OpenAiResponses, &anew, 64).whole());
    assert_eq!(facts::of_reply(&reread), counted(told.clone()), "{name} written anew");
    assert_in_openai_order(std::str::from_utf8(&anew).unwrap(), name);
    let mut collector = Collector::default();
    chunks_of(&events).iter().for_each(|chunk| collector.absorb(chunk));
    assert_eq!(facts::of_reply(collector.reply()), *told, "{name} collected");
}

/// The numbers count from 0 without gaps, the names are the types, and every item and part is begun and ended.
fn assert_in_openai_order(stream: &str, name: &str) {
    let events = facts::chunks_of_text(stream);
    let names: Vec<&str> = stream.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(names, types, "{name}");
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number, "{name}");
    }
    assert_eq!(types[..2], ["response.created", "response.in_progress"], "{name}");
    let count = |kind: &str| types.iter().filter(|of| **of == kind).count();
    assert_eq!(count("response.output_item.added"), count("response.output_item.done"), "{name}");
    assert_eq!(count("response.content_part.added"), count("response.content_part.done"), "{name}");
    let done = events.iter().filter(|event| event["type"] == "response.output_item.done");
    let mut items: Vec<(u64, Value)> =
        done.map(|event| (event["output_index"].as_u64().unwrap(), event["item"].clone())).collect();
    items.sort_by_key(|(at, _)| *at);
    let items: Vec<Value> = items.into_iter().map(|(_, item)| item).collect();
    assert_eq!(events.last().unwrap()["response"]["output"], Value::from(items), "{name}");
}

/// Whoever keeps an answer gets it out of its stream, and each event with its number.
fn assert_transcribed(stream: &str, events: &[Value], name: &str) {
    let mut transcript = Transcript::default();
    let (most, last) =
        stream.split_at(stream.rfind("response.completed").unwrap_or(stream.len()).min(stream.len()));
    let cut = most.rfind("\n\n").map_or(0, |at| at + 2);
    let mut recorded = transcript.absorb(&Bytes::from(most[..cut].to_owned()));
    let is_early = !transcript.has_ended();
    recorded.extend(transcript.absorb(&Bytes::from(format!("{}{last}", &most[cut..]))));
    let numbers: Vec<Option<u64>> = recorded.iter().map(|event| event.sequence_number).collect();
    let expected: Vec<Option<u64>> = events.iter().map(|event| event["sequence_number"].as_u64()).collect();
    assert_eq!(numbers, expected, "{name}");
    assert!(transcript.has_ended() && (is_early || last.is_empty()), "{name}");
    assert_eq!(transcript.response().unwrap(), events.last().unwrap()["response"], "{name}");
}

/// The facts of a whole answer's body.
fn of_body(body: &Value) -> Facts {
    let mut facts = Facts { model: body["model"].as_str().unwrap().to_owned(), ..Facts::default() };
    let said = facts.choices.entry(0).or_default();
    for item in body["output"].as_array().unwrap() {
        match item["type"].as_str().unwrap() {
            "message" => {
                said.text += &content_text(&item["content"], &["output_text"]);
                for part in item["content"].as_array().unwrap() {
                    said.refusal += part["refusal"].as_str().unwrap_or_default();
                }
            }
            "reasoning" => {
                let pieces = item["summary"].as_array().unwrap().iter();
                let pieces: Vec<&str> = pieces.map(|piece| piece["text"].as_str().unwrap()).collect();
                said.reasoning += &pieces.join("\n\n");
                said.reasoning += &content_text(&item["content"], &["reasoning_text"]);
            }
            "function_call" => said.calls.push(call_of(item)),
            _ => {}
        }
    }
    said.finish = Some(finish_name(body, !said.calls.is_empty()));
    add_usage(&mut facts, &body["usage"]);
    facts
}

fn call_of(item: &Value) -> [String; 3] {
    ["call_id", "name", "arguments"].map(|key| item[key].as_str().unwrap().to_owned())
}

fn finish_name(body: &Value, has_calls: bool) -> String {
    let reason = body["incomplete_details"]["reason"].as_str();
    let finish = match (body["status"].as_str().unwrap(), reason) {
        ("completed", _) if has_calls => "tool_calls",
        ("completed", _) => "stop",
        ("incomplete", Some("max_output_tokens")) => "length",
        ("incomplete", Some(reason)) => reason,
        (status, _) => status,
    };
    finish.to_owned()
}

/// The facts of a stream's events, by its pieces alone.
fn of_events(events: &[Value]) -> Facts {
    let mut facts = Facts::default();
    let mut places = Vec::new();
    for event in events {
        let said = facts.choices.entry(0).or_default();
        let delta = || event["delta"].as_str().unwrap();
        match event["type"].as_str().unwrap() {
            "response.created" => facts.model = event["response"]["model"].as_str().unwrap().to_owned(),
            "response.output_item.added" if event["item"]["type"] == "function_call" => {
                places.push(event["output_index"].clone());
                said.calls.push(call_of(&event["item"]));
            }
            "response.output_text.delta" => said.text += delta(),
            "response.refusal.delta" => said.refusal += delta(),
            "response.reasoning_summary_part.added" if event["summary_index"] != 0 => {
                said.reasoning += "\n\n"
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                said.reasoning += delta()
            }
            "response.function_call_arguments.delta" => {
                let at = places.iter().position(|place| *place == event["output_index"]).unwrap();
                said.calls[at][2] += delta();
            }
            "response.completed" | "response.incomplete" => {
                said.finish = Some(finish_name(&event["response"], !said.calls.is_empty()));
                add_usage(&mut facts, &event["response"]["usage"]);
            }
            _ => {}
        }
    }
    facts
}

fn add_usage(facts: &mut Facts, usage: &Value) {
    if usage.is_object() {
        let counts = ["input_tokens", "output_tokens", "total_tokens"];
        facts.usage = Some(counts.map(|key| usage[key].as_u64().unwrap()));
        facts.cached_tokens = usage["input_tokens_details"]["cached_tokens"].as_u64();
        facts.reasoning_tokens = usage["output_tokens_details"]["reasoning_tokens"].as_u64();
    }
}

#[test]
fn refusals_are_understood() {
    let mut walked = 0;
    for exchange in walk("responses", EXCHANGES).filter(|exchange| exchange.status != 200) {
        assert_refusal(&exchange.name, exchange.status, exchange.body.into());
        walked += 1;
    }
    assert!(skipped() || walked >= 8, "only {walked} refusals");
}

#[test]
fn errors_are_understood() {
    let Some(folder) = folder() else { return };
    let lines = fs::read_to_string(folder.join("errors.jsonl")).unwrap();
    let mut walked = 0;
    for line in lines.lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        if recorded["endpoint"] != "responses" {
            continue;
        }
        let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
        assert_refusal(line, status, recorded["body"].to_string().into());
        walked += 1;
    }
    assert!(walked >= ERRORS, "only {walked} errors");
}

fn assert_refusal(name: &str, status: u16, body: Bytes) {
    let answer = UpstreamAnswer { provider: Arc::from("p"), status, retry_after: None, body: body.clone() };
    let error = OpenAiResponses.read_error(answer);
    let told: Value = serde_json::from_slice(&body).unwrap();
    let message = told["error"]["message"].as_str().or(told["error"].as_str()).unwrap();
    assert_eq!(error.message, message, "{name}");
    let written = OpenAiResponses.write_error(&error, status, "req_1");
    if told["error"].is_object() {
        assert_eq!(written, body, "{name}");
    }
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["error"]["message"], message, "{name}");
    let crossed: Value = serde_json::from_slice(&OpenAiChat.write_error(&error, status, "req_1")).unwrap();
    assert_eq!(crossed["error"]["message"], message, "{name}");
}
