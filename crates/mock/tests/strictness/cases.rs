//! Bad requests with what OpenAI says of them, and good ones, a line each.
//!
//! The bad ones are as measured against the real API (gpt-5.6, August to October 2026), as documented,
//! and as reported by people whom it refused. A request stands beside the smallest one, so that it
//! only says what matters; one of embeddings stands alone.

use serde_json::{Map, Value, json};

use crate::subject::{Refusal, embedding_refusal, refusal};

const REFUSED: &str = include_str!("refused.jsonl");
const TAKEN: &str = include_str!("taken.jsonl");
const EMBEDDINGS: &str = include_str!("embeddings.jsonl");

#[test]
fn bad_requests_are_refused_in_openais_words() {
    let astray = lines(REFUSED).filter_map(|case| {
        let told = refusal(&request_of(&case).to_string());
        (told != Some(expected(&case))).then(|| format!("{}: {told:#?}", case["why"]))
    });
    let astray: Vec<String> = astray.collect();
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[test]
fn good_requests_are_taken() {
    let astray = lines(TAKEN).filter_map(|case| {
        let told = refusal(&request_of(&case).to_string())?;
        Some(format!("{}: {told:#?}", case["why"]))
    });
    let astray: Vec<String> = astray.collect();
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[test]
fn requests_for_embeddings_are_taken_or_refused_in_openais_words() {
    let astray = lines(EMBEDDINGS).filter_map(|case| {
        let told = embedding_refusal(&case["request"].to_string());
        let expected = (case["status"] != 200).then(|| expected(&case));
        (told != expected).then(|| format!("{}: {told:#?}", case["why"]))
    });
    let astray: Vec<String> = astray.collect();
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[test]
fn a_text_of_more_than_ten_megabytes_is_refused() {
    let text = "x".repeat(10_485_761);
    let request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]});
    let message = "Invalid 'messages[0].content': string too long. Expected a string with maximum length 10485760, \
                   but got a string with length 10485761 instead.";
    assert_eq!(refusal(&request.to_string()).unwrap().error["message"], message);
}

fn expected(case: &Value) -> Refusal {
    let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
    let error = json!({
        "message": case["message"], "type": "invalid_request_error", "param": case["param"], "code": case["code"],
    });
    Refusal { status, error }
}

fn lines(cases: &str) -> impl Iterator<Item = Value> {
    cases.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn request_of(case: &Value) -> Value {
    let least = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]});
    let mut request: Map<String, Value> = least.as_object().unwrap().clone();
    request.extend(case["request"].as_object().unwrap().clone());
    let without = case["without"].as_array().into_iter().flatten();
    without.for_each(|name| drop(request.shift_remove(name.as_str().unwrap())));
    Value::Object(request)
}
