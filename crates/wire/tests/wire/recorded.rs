//! Every recorded exchange decodes, encodes again without loss, and yields what it holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{Collector, Decode, EmbedInput, Event, Request, Usage};
use playhouse_wire::openai::chat::{encode_chunk, encode_prompt, encode_reply};
use playhouse_wire::openai::embeddings::Encoding;
use playhouse_wire::openai::models::ModelList;
use playhouse_wire::{Codec, Dialect, OpenAiChat, OpenAiEmbeddings, UpstreamAnswer};
use serde_json::Value;

use crate::facts;
use crate::support::{chunks_of, collect, envelope, read_in_pieces, write_stream};

/// How many exchanges the folder holds at least: a walk that finds fewer looks in a wrong place.
const CHAT_EXCHANGES: usize = 170;
const EMBEDDING_EXCHANGES: usize = 18;
const MODEL_EXCHANGES: usize = 6;
const ERRORS: usize = 100;

/// Exchanges that are truly unfit, each with the reason.
const LEFT_OUT: [(&str, &str); 0] = [];

/// Vendors that do not answer the way OpenAI does.
const OTHER_PROTOCOLS: [&str; 3] = ["anthropic", "gemini", "vertex"];

pub(crate) struct Exchange {
    pub(crate) name: String,
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) is_stream: bool,
}

#[test]
fn chat_requests_survive() {
    for exchange in walk("chat", CHAT_EXCHANGES) {
        let name = &exchange.name;
        let expected: Value = serde_json::from_str(&exchange.request).unwrap();
        let prompt = OpenAiChat.prompt(exchange.request.as_bytes()).expect(name);
        assert_eq!(encode_prompt(&prompt), expected, "{name}");

        let body = Bytes::from(exchange.request.clone());
        let incoming = OpenAiChat.read_request(body.clone()).expect(name);
        assert_eq!(*incoming.request.model, *expected["model"].as_str().unwrap(), "{name}");
        assert_eq!(incoming.request.stream, expected["stream"] == true, "{name}");
        let asked = expected["stream_options"]["include_usage"] == true;
        assert_eq!(incoming.include_usage, asked, "{name}");
        let dialect = Dialect { stream_usage: asked };
        let sent = OpenAiChat.write_request(&incoming.request, &dialect).expect(name);
        assert_eq!(sent.as_ptr(), body.as_ptr(), "{name} was copied");

        let typed = Request::new(incoming.request.model.clone(), prompt).streamed(incoming.request.stream);
        let sent = OpenAiChat.write_request(&typed, &dialect).expect(name);
        assert_same_request(&serde_json::from_slice(&sent).unwrap(), &expected, name);
    }
}

/// `stream: false` says no more than nothing does.
fn assert_same_request(sent: &Value, expected: &Value, name: &str) {
    let mut expected = expected.clone();
    if expected["stream"] != true {
        expected.as_object_mut().unwrap().retain(|key, _| key != "stream" && key != "stream_options");
    }
    assert_eq!(*sent, expected, "{name}");
}

#[test]
fn chat_request_messages_are_understood() {
    for exchange in walk("chat", CHAT_EXCHANGES) {
        let expected: Value = serde_json::from_str(&exchange.request).unwrap();
        let prompt = OpenAiChat.prompt(exchange.request.as_bytes()).unwrap();
        let messages = expected["messages"].as_array().unwrap();
        assert_eq!(prompt.messages.len(), messages.len(), "{}", exchange.name);
        for (message, expected) in prompt.messages.iter().zip(messages) {
            let role = serde_json::to_value(message.role).unwrap();
            assert_eq!(role, expected["role"], "{}", exchange.name);
            assert_eq!(message.text(), request_text(&expected["content"]), "{}", exchange.name);
            let names: Vec<&str> = message.tool_calls().map(|call| call.name.as_str()).collect();
            let calls = expected["tool_calls"].as_array().into_iter().flatten();
            let expected_names: Vec<&str> =
                calls.map(|call| call["function"]["name"].as_str().unwrap()).collect();
            assert_eq!(names, expected_names, "{}", exchange.name);
        }
        let tools = expected["tools"].as_array().map_or(0, Vec::len);
        assert_eq!(prompt.tools.len(), tools, "{}", exchange.name);
    }
}

fn request_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(|item| item["text"].as_str()).collect(),
        _ => String::new(),
    }
}

#[test]
fn chat_replies_survive() {
    let mut walked = 0;
    for exchange in
        walk("chat", CHAT_EXCHANGES).filter(|exchange| exchange.status == 200 && !exchange.is_stream)
    {
        let name = &exchange.name;
        let expected: Value = serde_json::from_str(&exchange.body).unwrap();
        let reply = OpenAiChat.reply(exchange.body.as_bytes()).expect(name);
        assert_eq!(encode_reply(&reply), expected, "{name}");
        let facts = facts::of_body(&expected);
        assert_eq!(facts::of_reply(&reply), facts, "{name}");

        let body = Bytes::from(exchange.body.clone());
        let event = OpenAiChat.read_reply(body.clone()).expect(name);
        assert!(event.outline().has_output, "{name}");
        assert_eq!(event.outline().usage, reply.usage.as_ref().map(Usage::counts), "{name}");
        assert_eq!(event.outline().finish.as_ref(), reply.finish(), "{name}");
        let written = OpenAiChat.write_reply(&event, &envelope(false)).expect(name);
        assert_eq!(written.as_ptr(), body.as_ptr(), "{name} was copied");

        let typed = OpenAiChat.write_reply(&Event::reply(reply.clone()), &envelope(false)).expect(name);
        let dressed: Value = serde_json::from_slice(&typed).unwrap();
        assert_holds(&dressed, &expected, name);
        let streamed = write_stream(&[Event::reply(reply)], true);
        let reread = collect(&read_in_pieces(&streamed, 64).whole());
        assert_eq!(facts::of_reply(&reread), facts, "{name} as a stream");
        walked += 1;
    }
    assert!(skipped() || walked >= 70, "only {walked} whole answers");
}

/// Everything of `inner` is in `outer`, which may have more fields.
pub(crate) fn assert_holds(outer: &Value, inner: &Value, name: &str) {
    match (outer, inner) {
        (Value::Object(outer), Value::Object(inner)) => {
            for (key, value) in inner {
                assert_holds(outer.get(key).unwrap_or(&Value::Null), value, name);
            }
        }
        (Value::Array(outer), Value::Array(inner)) if outer.len() == inner.len() => {
            outer.iter().zip(inner).for_each(|(outer, inner)| assert_holds(outer, inner, name));
        }
        _ => assert_eq!(outer, inner, "{name}"),
    }
}

#[test]
fn chat_streams_survive_any_split() {
    let mut walked = 0;
    for exchange in
        walk("chat", CHAT_EXCHANGES).filter(|exchange| exchange.status == 200 && exchange.is_stream)
    {
        let expected = facts::chunks_of_text(&exchange.body);
        let facts = facts::of_chunks(&expected);
        for piece_bytes in [exchange.body.len(), 1, 7, 1000] {
            let name = format!("{} in pieces of {piece_bytes}", exchange.name);
            let events = read_in_pieces(exchange.body.as_bytes(), piece_bytes).whole();
            let chunks = chunks_of(&events);
            let encoded: Vec<Value> = chunks.iter().map(encode_chunk).collect();
            assert_eq!(encoded, expected, "{name}");
            assert_eq!(facts::of_reply(&collect(&events)), facts, "{name}");
            assert_outlined(&events, &name);
            assert_eq!(write_stream(&events, true), exchange.body, "{name}");
            assert_usage_hidden(&events, &facts, &name);
        }
        walked += 1;
    }
    assert!(skipped() || walked >= 70, "only {walked} streams");
}

/// What is known without decoding is what decoding finds.
pub(crate) fn assert_outlined(events: &[Event], name: &str) {
    let reply = collect(events);
    let first_output = events.iter().position(|event| event.outline().has_output);
    let decoded_output =
        events.iter().position(|event| event.chunks().unwrap().iter().any(|chunk| chunk.has_output()));
    assert_eq!(first_output, decoded_output, "{name}");
    let model = events.iter().find_map(|event| event.outline().model.clone());
    assert_eq!(model.as_deref(), Some(reply.model.as_str()), "{name}");
    let usage = events.iter().rev().find_map(|event| event.outline().usage.clone());
    assert_eq!(usage, reply.usage.as_ref().map(Usage::counts), "{name}");
    assert!(events.iter().any(|event| event.outline().finish.is_some()), "{name}");
}

fn assert_usage_hidden(events: &[Event], facts: &facts::Facts, name: &str) {
    let hidden = write_stream(events, false);
    let chunks = facts::chunks_of_text(std::str::from_utf8(&hidden).unwrap());
    assert!(chunks.iter().all(|chunk| !chunk["usage"].is_object()), "{name}");
    let mut without = facts::of_chunks(&chunks);
    let groq_tells_anyway = chunks.iter().any(|chunk| chunk["x_groq"]["usage"].is_object());
    assert!(without.usage.is_none() || groq_tells_anyway, "{name}");
    without.usage = facts.usage;
    (without.cached_tokens, without.reasoning_tokens) = (facts.cached_tokens, facts.reasoning_tokens);
    assert_eq!(without, *facts, "{name}");
}

#[test]
fn chat_streams_survive_as_types() {
    for exchange in
        walk("chat", CHAT_EXCHANGES).filter(|exchange| exchange.status == 200 && exchange.is_stream)
    {
        let name = &exchange.name;
        let expected = facts::of_chunks(&facts::chunks_of_text(&exchange.body));
        let chunks = OpenAiChat.chunks(exchange.body.as_bytes()).expect(name);
        let typed: Vec<Event> = chunks.into_iter().map(Event::chunk).collect();
        let written = write_stream(&typed, true);
        assert_eq!(facts::of_reply(&collect(&read_in_pieces(&written, 11).whole())), expected, "{name}");
        assert_in_openai_order(std::str::from_utf8(&written).unwrap(), name);
        let mut collector = Collector::default();
        typed.iter().for_each(|event| collector.absorb(&event.chunks().unwrap()[0]));
        assert_eq!(facts::of_reply(collector.reply()), expected, "{name}");
    }
}

/// The role comes first and once a choice, a finish has an empty delta, token counts come alone.
fn assert_in_openai_order(stream: &str, name: &str) {
    let mut opened = Vec::new();
    for chunk in facts::chunks_of_text(stream) {
        assert_eq!(chunk["object"], "chat.completion.chunk", "{name}");
        let choices = chunk["choices"].as_array().unwrap();
        assert_eq!(chunk["usage"].is_object(), choices.is_empty(), "{name}: {chunk}");
        for choice in choices {
            let index = choice["index"].as_u64().unwrap();
            assert_eq!(choice["delta"].get("role").is_some(), !opened.contains(&index), "{name}: {chunk}");
            opened.push(index);
            let is_end = choice["finish_reason"].is_string();
            assert_eq!(choice["delta"].as_object().unwrap().is_empty(), is_end, "{name}: {chunk}");
        }
    }
}

#[test]
fn chat_refusals_are_understood() {
    let mut walked = 0;
    for exchange in walk("chat", CHAT_EXCHANGES).filter(|exchange| exchange.status != 200) {
        assert_refusal(&exchange.name, exchange.status, exchange.body.as_bytes());
        walked += 1;
    }
    assert!(skipped() || walked >= 15, "only {walked} refusals");
}

#[test]
fn errors_are_understood() {
    let Some(folder) = folder() else { return };
    let lines = fs::read_to_string(folder.join("errors.jsonl")).unwrap();
    let mut walked = 0;
    for (number, line) in lines.lines().enumerate() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let provider = recorded["provider"].as_str().unwrap();
        if OTHER_PROTOCOLS.contains(&provider) {
            continue;
        }
        let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
        let body = match &recorded["body"] {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        assert_refusal(&format!("errors.jsonl:{}", number + 1), status, body.as_bytes());
        walked += 1;
    }
    assert!(walked >= ERRORS, "only {walked} errors");
}

/// The vendor's own message is found, wherever it stands, and its own body goes on where it can.
fn assert_refusal(name: &str, status: u16, body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    let answer = UpstreamAnswer { provider: Arc::from("p"), status, retry_after: None, body: body.clone() };
    let error = OpenAiChat.read_error(answer);
    let told: Value = serde_json::from_slice(&body).unwrap();
    let inner = if told["error"].is_object() { &told["error"] } else { &told };
    let places = [&inner["message"], &inner["detail"], &told["error"]];
    let message = places.iter().find_map(|place| place.as_str()).unwrap();
    assert_eq!(error.message, message, "{name}");
    let upstream = error.upstream.as_ref().unwrap();
    assert_eq!(upstream.status, Some(status), "{name}");
    assert_eq!(upstream.class.as_deref(), inner["type"].as_str(), "{name}");
    let code =
        inner["code"].as_str().map(str::to_owned).or(inner["code"].as_u64().map(|code| code.to_string()));
    assert_eq!(upstream.code, code, "{name}");
    assert_eq!(error.param.as_deref(), inner["param"].as_str(), "{name}");
    let written = OpenAiChat.write_error(&error, status, "req_1");
    if told["error"]["message"].is_string() {
        assert_eq!(written, body, "{name}");
    }
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["error"]["message"], message, "{name}");
}

#[test]
fn embedding_requests_survive() {
    for exchange in walk("embeddings", EMBEDDING_EXCHANGES) {
        let name = &exchange.name;
        let expected: Value = serde_json::from_str(&exchange.request).unwrap();
        let incoming = OpenAiEmbeddings.decode_request(exchange.request.as_bytes(), None).expect(name);
        assert_eq!(*incoming.request.model, *expected["model"].as_str().unwrap(), "{name}");
        let inputs = expected["input"].as_array().unwrap().iter();
        let texts: Vec<EmbedInput> = inputs.map(|input| input.as_str().unwrap().into()).collect();
        assert_eq!(incoming.request.inputs, texts, "{name}");
        let dimensions = incoming.request.dimensions.map(Value::from).unwrap_or_default();
        assert_eq!(dimensions, expected["dimensions"], "{name}");
        let sent = OpenAiEmbeddings.encode_request(&incoming.request, incoming.encoding);
        assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), expected, "{name}");

        let body = Bytes::from(exchange.request.clone());
        let passed = OpenAiEmbeddings.read_request(body.clone()).expect(name).request;
        assert_eq!(passed.embedding().expect(name), incoming.request, "{name}");
        let sent = OpenAiEmbeddings.write_request(&passed, &Dialect::default()).expect(name);
        assert_eq!(sent.as_ptr(), body.as_ptr(), "{name} was copied");
    }
}

#[test]
fn embedding_replies_survive() {
    let mut walked = 0;
    for exchange in walk("embeddings", EMBEDDING_EXCHANGES).filter(|exchange| exchange.status == 200) {
        let name = &exchange.name;
        let mut expected: Value = serde_json::from_str(&exchange.body).unwrap();
        let vectors = take_vectors(&mut expected);
        let body = Bytes::from(exchange.body);
        let reply = OpenAiEmbeddings.decode_reply(body.clone()).expect(name);
        assert!(reply.vectors == vectors, "{name}");
        let event = OpenAiEmbeddings.read_reply(body.clone()).expect(name);
        assert_eq!(event.outline().usage, reply.usage.as_ref().map(Usage::counts), "{name}");
        assert_eq!(event.outline().model.as_deref(), expected["model"].as_str(), "{name}");
        let passed = OpenAiEmbeddings.write_reply(&event, &envelope(false)).expect(name);
        assert_eq!(passed.as_ptr(), body.as_ptr(), "{name} was copied");
        assert_eq!(reply.usage.as_ref().unwrap().prompt_tokens, expected["usage"]["prompt_tokens"], "{name}");
        for encoding in [Encoding::Float, Encoding::Base64] {
            let written = OpenAiEmbeddings.encode_reply(&reply, encoding, &envelope(false)).expect(name);
            let mut rest: Value = serde_json::from_slice(&written).unwrap();
            take_vectors(&mut rest);
            assert_eq!(rest, expected, "{name}");
            assert!(OpenAiEmbeddings.decode_reply(written).expect(name) == reply, "{name} as {encoding:?}");
        }
        walked += 1;
    }
    assert!(skipped() || walked >= 12, "only {walked} embeddings");
}

/// Takes the vectors out of an answer, which are too long to be shown when something differs.
fn take_vectors(body: &mut Value) -> Vec<Vec<f32>> {
    let items = body["data"].as_array_mut().unwrap().iter_mut();
    let vectors = items.map(|item| item["embedding"].take());
    vectors.map(|numbers| serde_json::from_value(numbers).unwrap_or_default()).collect()
}

#[test]
fn embedding_refusals_are_understood() {
    for exchange in walk("embeddings", EMBEDDING_EXCHANGES).filter(|exchange| exchange.status != 200) {
        assert_refusal(&exchange.name, exchange.status, exchange.body.as_bytes());
    }
}

#[test]
fn model_lists_survive() {
    for exchange in walk("models", MODEL_EXCHANGES) {
        if exchange.status != 200 {
            assert_refusal(&exchange.name, exchange.status, exchange.body.as_bytes());
            continue;
        }
        let expected: Value = serde_json::from_str(&exchange.body).unwrap();
        let list = ModelList::decode(exchange.body.as_bytes()).expect(&exchange.name);
        assert_eq!(list.encode(), expected, "{}", exchange.name);
        let ids: Vec<&str> = list.models.iter().map(|model| &*model.info.id).collect();
        let data = expected["data"].as_array().unwrap();
        assert_eq!(ids, data.iter().map(|model| model["id"].as_str().unwrap()).collect::<Vec<_>>());
    }
}

pub(crate) fn walk(folder_name: &str, at_least: usize) -> impl Iterator<Item = Exchange> {
    let mut exchanges = Vec::new();
    if let Some(folder) = folder() {
        let vendors = fs::read_dir(folder.join(folder_name)).unwrap();
        for vendor in vendors.map(|entry| entry.unwrap().path()) {
            exchanges.extend(exchanges_in(&vendor, folder_name));
        }
        assert!(exchanges.len() >= at_least, "only {} exchanges in {folder_name}", exchanges.len());
    }
    exchanges.sort_by(|one, other| one.name.cmp(&other.name));
    exchanges.into_iter().filter(|exchange| !LEFT_OUT.iter().any(|(name, _)| *name == exchange.name))
}

fn exchanges_in(vendor: &Path, folder_name: &str) -> Vec<Exchange> {
    let vendor_name = vendor.file_name().unwrap().to_str().unwrap();
    let files = fs::read_dir(vendor).unwrap().map(|entry| entry.unwrap().path());
    let read = files.map(|path| {
        let recorded: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let file_name = path.file_name().unwrap().to_str().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Exchange {
            name: format!("{folder_name}/{vendor_name}/{file_name}"),
            request: text(&recorded["request"]["body"]),
            status: u16::try_from(recorded["response"]["status"].as_u64().unwrap()).unwrap(),
            body: text(&recorded["response"]["body"]),
            is_stream: vendor_name.ends_with("-stream"),
        }
    });
    read.collect()
}

pub(crate) fn skipped() -> bool {
    folder().is_none()
}

pub(crate) fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recorded");
    let folder = std::env::var_os("PLAYHOUSE_RECORDED").map_or_else(beside, PathBuf::from);
    if folder.join("chat").is_dir() {
        return Some(folder);
    }
    let is_required =
        ["CI", "PLAYHOUSE_REQUIRE_RECORDED"].iter().any(|name| std::env::var_os(name).is_some());
    assert!(!is_required, "there is no recorded traffic in {}; set PLAYHOUSE_RECORDED", folder.display());
    println!("skipped: there is no recorded traffic in {}; set PLAYHOUSE_RECORDED", folder.display());
    None
}
