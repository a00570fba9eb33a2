//! Token counts, judged by what OpenAI counted.

use std::fs;
use std::path::{Path, PathBuf};

use playhouse_llm::{Decode, Reply as Whole, Usage};
use playhouse_mock::call::Facts;
use playhouse_mock::tokens::{Tokenizer, prompt_tokens};
use playhouse_wire::OpenAiChat;
use serde_json::{Value, json};

use crate::support::{answering, call, collected, facts_of, pieces, reply};

/// How many exchanges with counts the folders hold at least.
const EXCHANGES: usize = 80;

/// Reasoning models are told of tools in another form, which is not published, and count tokens that
/// are not in their answers: theirs come near only.
const NEAR: u64 = 8;

struct Exchange {
    name: String,
    facts: Facts,
    answer: Whole,
    usage: Usage,
}

impl Exchange {
    fn is_reasoning(&self) -> bool {
        ["o4", "gpt-5"].iter().any(|prefix| self.facts.model.starts_with(prefix))
    }
}

#[test]
fn requests_count_what_openai_counts() {
    for exchange in exchanges() {
        let (counted, recorded) = (prompt_tokens(&exchange.facts), exchange.usage.prompt_tokens);
        let is_near_only = exchange.is_reasoning() && !exchange.facts.tools.is_empty();
        let allowed = if is_near_only || exchange.name == SURPRISING { NEAR } else { 0 };
        assert!(counted.abs_diff(recorded) <= allowed, "{}: {counted}, not {recorded}", exchange.name);
        assert_eq!(prompt_tokens(&exchange.facts), counted, "{}: counted again", exchange.name);
    }
}

/// Three tokens more than the same format costs in three other recordings.
const SURPRISING: &str = "openai/bbc9336e335e85dc.json";

#[tokio::test]
async fn answers_count_what_openai_counts() {
    let mut exact = 0;
    for exchange in exchanges().into_iter().filter(|exchange| !exchange.is_reasoning()) {
        let said: Vec<Value> = exchange.answer.choices.iter().map(said).collect();
        let replies = answering(reply(json!({ "choices": said })));
        let chunks = pieces(&replies, &call("tests", exchange.facts)).await;
        let counted = collected(&chunks).usage.unwrap();
        assert_eq!(counted.completion_tokens, exchange.usage.completion_tokens, "{}", exchange.name);
        exact += 1;
    }
    assert!(exact == 0 || exact >= EXCHANGES * 3 / 4, "only {exact} answers");
}

#[test]
fn embeddings_count_what_openai_counts() {
    let Some(folder) = folder() else { return };
    for path in files(&folder.join("embeddings/openai")) {
        let (request, _, body) = read(&path);
        let (request, body): (Value, Value) = (parsed(&request), parsed(&body));
        let Some(recorded) = body["usage"]["prompt_tokens"].as_u64() else { continue };
        let tokenizer = Tokenizer::of_model(request["model"].as_str().unwrap());
        let inputs = request["input"].as_array().unwrap().iter();
        let counted: u64 = inputs.map(|input| tokenizer.count(input.as_str().unwrap())).sum();
        assert_eq!(counted, recorded, "{}", path.display());
    }
}

/// A choice as a script says it.
fn said(choice: &playhouse_llm::Choice) -> Value {
    let message = &choice.message;
    let refusal = message.parts.iter().find_map(|part| match part {
        playhouse_llm::Part::Refusal { text } => Some(text.clone()),
        _ => None,
    });
    let calls = message.tool_calls().map(|call| json!({ "name": call.name, "arguments": call.arguments }));
    let mut said = json!({ "tool_calls": calls.collect::<Vec<_>>() });
    match refusal {
        Some(text) => said["refusal"] = text.into(),
        None => said["text"] = message.text().into(),
    }
    said
}

fn exchanges() -> Vec<Exchange> {
    let Some(folder) = folder() else { return Vec::new() };
    let vendors = ["openai", "openai-stream"].map(|vendor| (vendor, folder.join("chat").join(vendor)));
    let all =
        vendors.iter().flat_map(|(vendor, path)| files(path).into_iter().map(move |file| (vendor, file)));
    let exchanges: Vec<Exchange> = all.filter_map(|(vendor, path)| exchange(vendor, &path)).collect();
    assert!(exchanges.len() >= EXCHANGES, "only {} exchanges", exchanges.len());
    exchanges
}

/// An exchange whose tokens were counted.
fn exchange(vendor: &str, path: &Path) -> Option<Exchange> {
    let (request, status, body) = read(path);
    let answer = match vendor {
        _ if status != 200 => return None,
        "openai" => OpenAiChat.reply(body.as_bytes()).unwrap(),
        _ => collected(&OpenAiChat.chunks(body.as_bytes()).unwrap()),
    };
    let name = format!("{vendor}/{}", path.file_name().unwrap().to_str().unwrap());
    let usage = answer.usage.clone()?;
    Some(Exchange { name, facts: facts_of("openai-chat", request.into_bytes()), answer, usage })
}

fn read(path: &Path) -> (String, u64, String) {
    let recorded: Value = parsed(&fs::read_to_string(path).unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let response = &recorded["response"];
    (text(&recorded["request"]["body"]), response["status"].as_u64().unwrap(), text(&response["body"]))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn folder() -> Option<PathBuf> {
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
