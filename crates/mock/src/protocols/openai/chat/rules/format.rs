//! The forms an answer can be asked for in.

use super::parameters::{REFERENCE, SHORT_NAME};
use super::tool::ANY_OBJECT;
use crate::protocols::openai::strict::shape::{Field, Object, Shape, Tagged};

pub(super) static FORMATS: Tagged = Tagged {
    rule: "openai-chat/response-format-type",
    tag: "type",
    kinds: &[("json_object", &JSON_OBJECT), ("json_schema", &JSON_SCHEMA), ("text", &TEXT)],
    unknown_kind: None,
    default: None,
};

static TEXT: Object = Object {
    source: REFERENCE,
    closed: Some("openai-chat/text-format-members"),
    least: r#"{"type": "text"}"#,
    within: r#"{"response_format": "$"}"#,
    fields: &[],
};

static JSON_OBJECT: Object = Object {
    source: REFERENCE,
    closed: Some("openai-chat/json-format-members"),
    least: r#"{"type": "json_object"}"#,
    within: r#"{"messages": [{"role": "user", "content": "Answer in JSON."}], "response_format": "$"}"#,
    fields: &[],
};

static JSON_SCHEMA: Object = Object {
    source: REFERENCE,
    closed: Some("openai-chat/schema-format-members"),
    least: r#"{"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}"#,
    within: r#"{"response_format": "$"}"#,
    fields: &[Field::required("openai-chat/schema-format", "json_schema", Shape::Object(&NAMED_SCHEMA))
        .takes(&[r#"{"name": "answer", "schema": {"type": "object"}}"#])
        .refuses(&["true"])],
};

static NAMED_SCHEMA: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"name": "answer", "schema": {"type": "object"}}"#,
    within: r#"{"response_format": {"type": "json_schema", "json_schema": "$"}}"#,
    fields: &[
        Field::required("openai-chat/schema-name", "name", SHORT_NAME)
            .takes(&[r#""my_answer-2""#])
            .refuses(&[r#""my answer""#, r#""""#, "7"]),
        Field::optional("openai-chat/schema-description", "description", Shape::TEXT)
            .takes(&[r#""An answer.""#])
            .refuses(&["7"]),
        Field::required("openai-chat/schema", "schema", Shape::Object(&ANY_OBJECT))
            .takes(&[r#"{"type": "object"}"#])
            .refuses(&[r#""object""#]),
        Field::optional("openai-chat/schema-strict", "strict", Shape::Boolean)
            .takes(&["false", "null"])
            .refuses(&[r#""yes""#]),
    ],
};
