//! Tools on offer, and which of them is to be called.

use super::parameters::{REFERENCE, SHORT_NAME};
use crate::protocols::openai::strict::shape::{Array, Field, Object, Shape, Tagged};

pub(super) const TOOLS: Shape = Shape::Array(Array {
    expected: "an array of objects",
    items: &Shape::Tagged(&TOOL),
    min_length: 1,
    max_length: 128,
});

static TOOL: Tagged = Tagged {
    rule: "openai-chat/tool-type",
    tag: "type",
    kinds: &[("function", &FUNCTION_TOOL), ("custom", &CUSTOM_TOOL)],
    unknown_kind: None,
    default: None,
};

static FUNCTION_TOOL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "function", "function": {"name": "now"}}"#,
    within: r#"{"tools": ["$"]}"#,
    fields: &[Field::required("openai-chat/tool-function", "function", Shape::Object(&TOOL_FUNCTION))
        .takes(&[r#"{"name": "now", "parameters": {}}"#])
        .refuses(&[r#""now""#])],
};

static TOOL_FUNCTION: Object =
    Object {
        source: REFERENCE,
        closed: None,
        least: r#"{"name": "now"}"#,
        within: r#"{"tools": [{"type": "function", "function": "$"}]}"#,
        fields: &[
            Field::required("openai-chat/tool-name", "name", SHORT_NAME)
                .takes(&[r#""get_time-2""#])
                .refuses(&[r#""get time""#, r#""""#, r#"{"$words": 13}"#, "7"]),
            Field::optional("openai-chat/tool-description", "description", DESCRIPTION)
                .takes(&[r#""The time.""#])
                .refuses(&["7"]),
            Field::optional("openai-chat/tool-parameters", "parameters", SCHEMA)
                .takes(&["{}", r#"{"type": "object", "properties": {}}"#])
                .refuses(&[r#""object""#, "[]"]),
            Field::optional("openai-chat/tool-strict", "strict", Shape::Boolean)
                .takes(&["false", "null"])
                .refuses(&[r#""yes""#]),
        ],
    };

static CUSTOM_TOOL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "custom", "custom": {"name": "shell"}}"#,
    within: r#"{"model": "gpt-5", "tools": ["$"]}"#,
    fields: &[Field::required("openai-chat/tool-custom", "custom", Shape::Object(&CUSTOM))
        .takes(&[r#"{"name": "shell"}"#])
        .refuses(&[r#""shell""#])],
};

static CUSTOM: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"name": "shell"}"#,
    within: r#"{"model": "gpt-5", "tools": [{"type": "custom", "custom": "$"}]}"#,
    fields: &[
        Field::required("openai-chat/custom-name", "name", SHORT_NAME)
            .takes(&[r#""shell""#])
            .refuses(&[r#""the shell""#]),
        Field::optional("openai-chat/custom-description", "description", DESCRIPTION)
            .takes(&[r#""Runs.""#])
            .refuses(&["7"]),
        Field::optional("openai-chat/custom-format", "format", Shape::Tagged(&INPUT_FORMAT))
            .takes(&[r#"{"type": "text"}"#])
            .refuses(&[r#""text""#]),
    ],
};

static INPUT_FORMAT: Tagged = Tagged {
    rule: "openai-chat/custom-format-type",
    tag: "type",
    kinds: &[("text", &INPUT_TEXT), ("grammar", &INPUT_GRAMMAR)],
    unknown_kind: None,
    default: None,
};

static INPUT_TEXT: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "text"}"#,
    within: r#"{"model": "gpt-5", "tools": [{"type": "custom", "custom": {"name": "shell", "format": "$"}}]}"#,
    fields: &[],
};

static INPUT_GRAMMAR: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "grammar", "grammar": {"syntax": "regex", "definition": "a+"}}"#,
    within: r#"{"model": "gpt-5", "tools": [{"type": "custom", "custom": {"name": "shell", "format": "$"}}]}"#,
    fields: &[Field::required("openai-chat/custom-grammar", "grammar", Shape::Object(&GRAMMAR))
        .takes(&[r#"{"syntax": "lark", "definition": "start: \"a\""}"#])
        .refuses(&[r#""a+""#])],
};

static GRAMMAR: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"syntax": "regex", "definition": "a+"}"#,
    within: r#"{"model": "gpt-5", "tools": [{"type": "custom", "custom": {"name": "shell", "format": {"type": "grammar", "grammar": "$"}}}]}"#,
    fields: &[
        Field::required("openai-chat/grammar-syntax", "syntax", Shape::one_of(&["lark", "regex"]))
            .takes(&[r#""lark""#])
            .refuses(&[r#""ebnf""#]),
        Field::required("openai-chat/grammar-definition", "definition", Shape::TEXT)
            .takes(&[r#""b+""#])
            .refuses(&["7"]),
    ],
};

/// The old form of tools.
pub(super) const FUNCTIONS: Shape = Shape::Array(Array {
    expected: "an array of function definitions",
    items: &Shape::Object(&FUNCTION),
    min_length: 1,
    max_length: 128,
});

static FUNCTION: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"name": "now"}"#,
    within: r#"{"functions": ["$"]}"#,
    fields: &[
        Field::required("openai-chat/function-name", "name", SHORT_NAME)
            .takes(&[r#""now""#])
            .refuses(&[r#""get time""#]),
        Field::optional("openai-chat/function-description", "description", DESCRIPTION)
            .takes(&[r#""The time.""#])
            .refuses(&["7"]),
        Field::optional("openai-chat/function-parameters", "parameters", SCHEMA)
            .takes(&["{}"])
            .refuses(&["[]"]),
    ],
};

/// As much as OpenAI takes in one text.
const DESCRIPTION: Shape = Shape::text(0, 1_048_576);

/// A JSON schema; what it may say is a matter of rules of its own, see `schema`.
pub(super) static ANY_OBJECT: Object =
    Object { source: REFERENCE, closed: None, least: "{}", within: "{}", fields: &[] };

const SCHEMA: Shape = Shape::Object(&ANY_OBJECT);

pub(super) const TOOL_CHOICE: Shape = Shape::Either {
    // The doubled words are OpenAI's.
    expected: "one of one of 'none', 'auto', or 'required' or object",
    arms: &[Shape::one_of(&["none", "auto", "required"]), Shape::Tagged(&CHOICE)],
};

static CHOICE: Tagged = Tagged {
    rule: "openai-chat/tool-choice-type",
    tag: "type",
    kinds: &[("function", &CHOSEN_FUNCTION), ("allowed_tools", &ALLOWED_TOOLS), ("custom", &CHOSEN_CUSTOM)],
    unknown_kind: Some(&CHOSEN_FUNCTION),
    default: None,
};

static CHOSEN_FUNCTION: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "function", "function": {"name": "now"}}"#,
    within: WITHIN_CHOICE,
    fields: &[Field::required("openai-chat/tool-choice-function", "function", Shape::Object(&CHOSEN_NAME))
        .takes(&[r#"{"name": "now"}"#])
        .refuses(&[r#""now""#])],
};

static CHOSEN_NAME: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"name": "now"}"#,
    within: r#"{"tools": [{"type": "function", "function": {"name": "now"}}], "tool_choice": {"type": "function", "function": "$"}}"#,
    fields: &[Field::required("openai-chat/tool-choice-name", "name", Shape::TEXT)
        .takes(&[r#""now""#])
        .refuses(&["7"])],
};

static CHOSEN_CUSTOM: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "custom", "custom": {"name": "shell"}}"#,
    within: WITHIN_CHOICE,
    fields: &[Field::required(
        "openai-chat/tool-choice-custom",
        "custom",
        Shape::Object(&CHOSEN_CUSTOM_NAME),
    )
    .takes(&[r#"{"name": "shell"}"#])
    .refuses(&[r#""shell""#])],
};

static CHOSEN_CUSTOM_NAME: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"name": "shell"}"#,
    within: r#"{"tools": [{"type": "custom", "custom": {"name": "shell"}}], "tool_choice": {"type": "custom", "custom": "$"}}"#,
    fields: &[Field::required("openai-chat/tool-choice-custom-name", "name", Shape::TEXT)
        .takes(&[r#""shell""#])
        .refuses(&["7"])],
};

static ALLOWED_TOOLS: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}"#,
    within: WITHIN_CHOICE,
    fields: &[Field::required("openai-chat/allowed-tools", "allowed_tools", Shape::Object(&ALLOWED))
        .takes(&[r#"{"mode": "required", "tools": [{"type": "function", "function": {"name": "now"}}]}"#])
        .refuses(&[r#"["now"]"#])],
};

static ALLOWED: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"mode": "auto", "tools": []}"#,
    within: r#"{"tools": [{"type": "function", "function": {"name": "now"}}], "tool_choice": {"type": "allowed_tools", "allowed_tools": "$"}}"#,
    fields: &[
        Field::required("openai-chat/allowed-tools-mode", "mode", Shape::one_of(&["auto", "required"]))
            .takes(&[r#""required""#])
            .refuses(&[r#""none""#]),
        Field::required("openai-chat/allowed-tools-list", "tools", ALLOWED_LIST)
            .takes(&["[]"])
            .refuses(&[r#""now""#, r#"["now"]"#]),
    ],
};

const ALLOWED_LIST: Shape = Shape::Array(Array {
    expected: "an array of objects",
    items: &Shape::Object(&ANY_OBJECT),
    min_length: 0,
    max_length: usize::MAX,
});

const WITHIN_CHOICE: &str = r#"{"tools": [{"type": "function", "function": {"name": "now"}}, {"type": "custom", "custom": {"name": "shell"}}], "tool_choice": "$"}"#;

/// The old form of the choice of a tool.
pub(super) const FUNCTION_CHOICE: Shape = Shape::Either {
    expected: "one of one of 'none' or 'auto' or object",
    arms: &[Shape::one_of(&["none", "auto"]), Shape::Object(&CHOSEN_OLD_FUNCTION)],
};

static CHOSEN_OLD_FUNCTION: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"name": "now"}"#,
    within: r#"{"functions": [{"name": "now"}], "function_call": "$"}"#,
    fields: &[Field::required("openai-chat/function-call-name", "name", Shape::TEXT)
        .takes(&[r#""now""#])
        .refuses(&["7"])],
};
