//! `schemas/*.json`: what is generated satisfies them, by the judgement of a validator.

use std::fs;
use std::path::Path;

use playhouse_mock::reply::Replies;
use serde_json::{Value, json};

use crate::support::{answering, chat, collected, pieces, rendered, reply};

const SEEDS: u64 = 60;

fn asking(schema: &Value) -> playhouse_mock::call::Call {
    chat(&json!({
        "model": "gpt-4o",
        "messages": [{ "role": "user", "content": "Go" }],
        "response_format": { "type": "json_schema", "json_schema": { "name": "answer", "schema": schema } },
    }))
}

async fn generated(replies: &Replies, schema: &Value, seed: u64) -> Result<String, String> {
    let rendered = rendered(replies, &asking(schema), seed).await.map_err(|error| error.message)?;
    match rendered.content {
        playhouse_mock::plan::Content::Chat(chunks) => Ok(collected(&chunks).content()),
        other => panic!("no chat: {other:?}"),
    }
}

#[tokio::test]
async fn generated_values_satisfy_their_schemas() {
    let replies = answering(reply(json!({ "generate": true })));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replies/schemas");
    let mut walked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        for seed in 0..SEEDS {
            let text = generated(&replies, &schema, seed).await.unwrap();
            assert_eq!(Ok(&text), generated(&replies, &schema, seed).await.as_ref(), "{}", path.display());
            let value: Value = serde_json::from_str(&text).unwrap();
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}, seed {seed}: {errors:?} in {text}", path.display());
        }
        walked += 1;
    }
    assert!(walked >= 12, "only {walked} schemas");
}

#[tokio::test]
async fn another_seed_generates_another_value() {
    let replies = answering(reply(json!({ "generate": true })));
    let schema = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string", "format": "uuid" } } });
    let (one, other) = (generated(&replies, &schema, 1).await, generated(&replies, &schema, 2).await);
    assert_ne!(one.unwrap(), other.unwrap());
}

#[tokio::test]
async fn what_cannot_be_satisfied_is_said_with_its_place() {
    let replies = answering(reply(json!({ "generate": true })));
    let within =
        |schema: Value| json!({ "type": "object", "required": ["a"], "properties": { "a": schema } });
    for (schema, told) in [
        (within(json!({ "enum": [] })), "`a` may have no value at all"),
        (within(json!(false)), "`a` may have no value at all"),
        (
            within(json!({ "type": "integer", "minimum": 5, "maximum": 4 })),
            "`a` has bounds that no number is within",
        ),
        (
            within(json!({ "type": "string", "minLength": 9, "maxLength": 2 })),
            "`a` has a length that no string is made of",
        ),
        (
            within(json!({ "type": "string", "pattern": "(?=a)b" })),
            "`a` has a pattern that is not understood",
        ),
        (
            within(json!({ "$ref": "#/$defs/missing" })),
            "`a` refers to `#/$defs/missing`, which is not in the schema",
        ),
        (within(json!({ "type": "array", "minItems": 1_000_000_000, "items": {} })), "would be too large"),
        (
            within(
                json!({ "type": "array", "minItems": 3, "uniqueItems": true, "items": { "enum": [1, 2] } }),
            ),
            "`a` must have more different items",
        ),
        (json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] }), "would be"),
        (json!({ "$ref": "#" }), "the value` refers to itself without an end"),
        (
            json!({ "type": "object", "required": ["a"], "properties": { "a": { "$ref": "#" } } }),
            "would be nested without an end",
        ),
    ] {
        let error = generated(&replies, &schema, 3).await.unwrap_err();
        assert!(
            error.starts_with("the rule `rule 1` can generate nothing to the request's schema: "),
            "{error}"
        );
        assert!(error.contains(told), "{error}");
    }
}

#[tokio::test]
async fn a_tool_that_must_be_called_gets_generated_arguments() {
    let replies = answering(reply(json!({ "generate": true })));
    let parameters =
        json!({ "type": "object", "required": ["city"], "properties": { "city": { "type": "string" } } });
    let weather = json!({ "type": "function", "function": { "name": "weather", "parameters": parameters } });
    let ping = json!({ "type": "function", "function": { "name": "ping" } });
    let named = json!({ "type": "function", "function": { "name": "weather" } });
    for (choice, tool) in [(named, "weather"), (json!("required"), "ping")] {
        let request = chat(&json!({
            "model": "gpt-4o",
            "messages": [{ "role": "user", "content": "Go" }],
            "tools": [ping, weather],
            "tool_choice": choice,
        }));
        let whole = collected(&pieces(&replies, &request).await);
        let calls: Vec<_> = whole.choices[0].message.tool_calls().collect();
        assert_eq!((calls.len(), calls[0].name.as_str()), (1, tool));
        let arguments: Value = serde_json::from_str(&calls[0].arguments).unwrap();
        assert!(arguments.is_object() && (tool == "ping" || arguments["city"].is_string()), "{arguments}");
        assert_eq!(whole.finish().map(|finish| finish.as_str()), Some("tool_calls"));
    }
}
