//! Anthropic's refusals: bad requests with what it says of them, good ones, and real traffic.
//!
//! The bad ones are as measured against the real API (claude-sonnet-5, August 2026), as documented, and
//! as reported by people whom it refused. A request stands beside the smallest one.

use std::fs;

use serde_json::{Map, Value, json};

use crate::recorded::{exchanges_of, folder, has_recordings};
use crate::subject::{Refusal, count_refusal, message_refusal};

const REFUSED: &str = include_str!("anthropic_refused.jsonl");
const TAKEN: &str = include_str!("anthropic_taken.jsonl");

/// How many there are at least: a walk that finds fewer looks in a wrong place.
const TAKEN_BY_ANTHROPIC: usize = 70;
const REFUSED_BY_ANTHROPIC: usize = 16;

/// Refusals whose reason is not in the request, or only in part of what is kept of it.
const BEYOND_REACH: [(&str, &str); 5] = [
    // What a compiler of grammars makes of a schema within every documented limit.
    ("Schema is too complex for compilation.", "an internal limit"),
    // The request has `<MASSIVE_TEXT>` where the text was.
    ("prompt is too long: 3333404 tokens", "the text is not kept"),
    // Keys are not kept; `http` has what is said of them.
    ("API key is invalid.", "another gate's words for a wrong key"),
    ("invalid x-api-key", "the key is not kept"),
    ("Too many strict tools (21).", "the request is not kept; the rule has it as its example"),
];

/// A gateway answered, which has names of its own for models.
const BY_A_GATEWAY: &str = "a824872bdd7b7d84.json";

#[test]
fn bad_requests_are_refused_in_anthropics_words() {
    let astray = lines(REFUSED).filter_map(|case| {
        let told = message_refusal(&request_of(&case).to_string());
        let expected = refusal(400, "invalid_request_error", &case["message"]);
        (told != Some(expected)).then(|| format!("{}: {told:#?}", case["why"]))
    });
    let astray: Vec<String> = astray.collect();
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[test]
fn good_requests_are_taken() {
    let astray = lines(TAKEN).filter_map(|case| {
        let told = message_refusal(&request_of(&case).to_string())?;
        Some(format!("{}: {told:#?}", case["why"]))
    });
    let astray: Vec<String> = astray.collect();
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[test]
fn a_count_takes_what_says_something_of_the_prompt_alone() {
    let least = json!({"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "Hi"}]});
    assert_eq!(count_refusal(&least.to_string()), None);
    let mut compacting = least.clone();
    compacting["compaction"] = json!({"type": "summarize"});
    compacting["billing_policy"] = json!({"type": "billing_policy", "bill_to": "self"});
    assert_eq!(count_refusal(&compacting.to_string()), None);
    for name in ["max_tokens", "stream", "temperature", "zzz_unknown"] {
        let mut request = least.clone();
        request[name] = json!(1);
        let message = format!("{name}: Extra inputs are not permitted");
        let expected = refusal(400, "invalid_request_error", &message.into());
        assert_eq!(count_refusal(&request.to_string()), Some(expected));
    }
}

#[test]
fn what_anthropic_took_is_taken() {
    let taken = exchanges_of("messages").filter(|exchange| {
        exchange.vendor == "anthropic" && exchange.status == 200 && exchange.name != BY_A_GATEWAY
    });
    let checked: Vec<_> = taken.map(|exchange| (exchange.name, message_refusal(&exchange.request))).collect();
    assert!(!has_recordings() || checked.len() >= TAKEN_BY_ANTHROPIC, "only {} exchanges", checked.len());
    let refused: Vec<_> = checked.into_iter().filter(|(_, refused)| refused.is_some()).collect();
    assert_eq!(refused, []);
}

#[test]
fn what_anthropic_refused_is_refused_in_its_words() {
    let lines =
        folder().map(|folder| fs::read_to_string(folder.join("errors.jsonl")).unwrap()).unwrap_or_default();
    let errors = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let concerned: Vec<Value> = errors.filter(is_for_us).collect();
    assert!(!has_recordings() || concerned.len() >= REFUSED_BY_ANTHROPIC, "only {} errors", concerned.len());
    for recorded in concerned {
        let request = recorded["request"].as_str().unwrap();
        let told = match recorded["endpoint"].as_str() {
            Some("count_tokens") => count_refusal(request),
            _ => message_refusal(request),
        };
        let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
        let error = &recorded["body"]["error"];
        let expected = refusal(status, error["type"].as_str().unwrap(), &error["message"]);
        assert_eq!(told, Some(expected), "{request}");
    }
}

/// Refusals of messages and counts by what they say.
fn is_for_us(recorded: &Value) -> bool {
    let message = recorded["body"]["error"]["message"].as_str().unwrap_or_default();
    recorded["provider"] == "anthropic"
        && ["messages", "count_tokens"].iter().any(|endpoint| recorded["endpoint"] == *endpoint)
        && !BEYOND_REACH.iter().any(|(beginning, _)| message.starts_with(beginning))
}

fn refusal(status: u16, class: &str, message: &Value) -> Refusal {
    Refusal { status, error: json!({ "type": class, "message": message }) }
}

fn lines(cases: &str) -> impl Iterator<Item = Value> {
    cases.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn request_of(case: &Value) -> Value {
    let least = json!({"model": "claude-sonnet-5", "max_tokens": 16, "messages": [{"role": "user", "content": "ping"}]});
    let mut request: Map<String, Value> = least.as_object().unwrap().clone();
    request.extend(case["request"].as_object().unwrap().clone());
    let without = case["without"].as_array().into_iter().flatten();
    without.for_each(|name| drop(request.shift_remove(name.as_str().unwrap())));
    Value::Object(request)
}
