//! What stands inside a parameter: tools, forms of the answer, reasoning, options of streams.

use super::parameters::REFERENCE;
use crate::protocols::openai::chat::rules::parameters::SHORT_NAME;
use crate::protocols::openai::strict::shape::{Array, Field, Object, Shape, Tagged};

/// An object of which nothing is said.
pub(super) static FREE: Object =
    Object { source: REFERENCE, closed: None, least: "{}", within: r#"{"moderation": "$"}"#, fields: &[] };

/// What each must be is said by `tool`: their kinds grow.
pub(super) const TOOLS: Shape = Shape::Array(Array {
    expected: "an array of tools",
    items: &Shape::Object(&ANY_TOOL),
    min_length: 0,
    max_length: usize::MAX,
});

static ANY_TOOL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "web_search"}"#,
    within: r#"{"tools": ["$"]}"#,
    fields: &[Field::required("openai-responses/tool-type", "type", Shape::TEXT)
        .takes(&[r#""web_search""#])
        .refuses(&["7", "null"])],
};

pub(super) const TOOL_CHOICE: Shape = Shape::Either {
    expected: "one of 'none', 'auto', or 'required'",
    arms: &[Shape::one_of(&["none", "auto", "required"]), Shape::Object(&NAMED_TOOL)],
};

static NAMED_TOOL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "function", "name": "now"}"#,
    within: r#"{"tools": [{"type": "function", "name": "now"}], "tool_choice": "$"}"#,
    fields: &[Field::required("openai-responses/tool-choice-type", "type", Shape::TEXT)
        .takes(&[r#""function""#])
        .refuses(&["7"])],
};

pub(super) static TEXT: Object = Object {
    source: REFERENCE,
    closed: Some("openai-responses/text-members"),
    least: "{}",
    within: r#"{"text": "$"}"#,
    fields: &[
        Field::optional("openai-responses/text-format", "format", Shape::Tagged(&FORMATS))
            .takes(&[r#"{"type": "text"}"#, "null"])
            .refuses(&[r#""json""#]),
        Field::optional("openai-responses/verbosity", "verbosity", Shape::one_of(&["low", "medium", "high"]))
            .takes(&[r#""medium""#, "null"])
            .refuses(&[r#""chatty""#]),
    ],
};

static FORMATS: Tagged = Tagged {
    rule: "openai-responses/format-type",
    tag: "type",
    kinds: &[("json_object", &JSON_OBJECT), ("text", &PLAIN), ("json_schema", &JSON_SCHEMA)],
    unknown_kind: None,
    default: None,
};

static PLAIN: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "text"}"#,
    within: r#"{"text": {"format": "$"}}"#,
    fields: &[],
};

static JSON_OBJECT: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "json_object"}"#,
    within: r#"{"input": "Answer in JSON.", "text": {"format": "$"}}"#,
    fields: &[],
};

static JSON_SCHEMA: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "json_schema", "name": "answer", "schema": {"type": "object"}}"#,
    within: r#"{"text": {"format": "$"}}"#,
    fields: &[
        Field::required("openai-responses/schema-name", "name", SHORT_NAME)
            .takes(&[r#""my_answer-2""#])
            .refuses(&[r#""my answer""#, "7"]),
        Field::required("openai-responses/schema", "schema", Shape::Object(&SCHEMA))
            .takes(&[r#"{"type": "object"}"#])
            .refuses(&[r#""object""#]),
        Field::optional("openai-responses/schema-strict", "strict", Shape::Boolean)
            .takes(&["false", "null"])
            .refuses(&[r#""yes""#]),
    ],
};

static SCHEMA: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "object"}"#,
    within: r#"{"text": {"format": {"type": "json_schema", "name": "answer", "schema": "$"}}}"#,
    fields: &[],
};

/// The effort is held against the model, whatever it is: see `capability`.
pub(super) static REASONING: Object = Object {
    source: REFERENCE,
    closed: Some("openai-responses/reasoning-members"),
    least: "{}",
    within: r#"{"model": "gpt-5", "reasoning": "$"}"#,
    fields: &[
        Field::optional("openai-responses/reasoning-effort", "effort", EFFORT)
            .takes(&[r#""low""#, "null"])
            .refuses(&[r#""much""#]),
        Field::optional("openai-responses/reasoning-summary", "summary", SUMMARY)
            .takes(&[r#""auto""#, "null"])
            .refuses(&[r#""short""#]),
        Field::optional("openai-responses/generate-summary", "generate_summary", SUMMARY)
            .takes(&[r#""auto""#, "null"])
            .refuses(&[r#""short""#]),
        Field::optional("openai-responses/reasoning-context", "context", Shape::Anything),
        Field::optional("openai-responses/reasoning-mode", "mode", Shape::Anything),
    ],
};

const EFFORT: Shape = Shape::one_of(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]);
const SUMMARY: Shape = Shape::one_of(&["concise", "detailed", "auto"]);

pub(super) static STREAM_OPTIONS: Object = Object {
    source: REFERENCE,
    closed: Some("openai-responses/stream-options-members"),
    least: "{}",
    within: r#"{"stream": true, "stream_options": "$"}"#,
    fields: &[Field::optional("openai-responses/include-obfuscation", "include_obfuscation", Shape::Boolean)
        .takes(&["true"])
        .refuses(&["1"])],
};
