//! Tools, and the choice among them.

use super::options::{CACHE_CONTROL, FREE};
use crate::protocols::anthropic::strict::{MEASURED, REFERENCE, wording};
use crate::protocols::strict::shape::{Array, Field, Object, Pattern, Shape, Tagged};

pub(super) const BESIDE_TOOLS: &str = r#"{"tools": [{"name": "now", "input_schema": {"type": "object"}}]}"#;

pub(super) const TOOLS: Shape = Shape::Array(Array {
    expected: wording::NO_ARRAY,
    items: &Shape::Tagged(&TOOL),
    min_length: 0,
    max_length: usize::MAX,
});

/// A tool is the caller's own where it does not say what it is.
static TOOL: Tagged = Tagged {
    rule: "anthropic-messages/tool-type",
    tag: "type",
    kinds: &[
        ("custom", &CUSTOM),
        ("advisor_20260301", &OWN),
        ("bash_20241022", &OWN),
        ("bash_20250124", &OWN),
        ("browser_toolset_20260801", &OPEN),
        ("code_execution_20250522", &OWN),
        ("code_execution_20250825", &OWN),
        ("code_execution_20260120", &OWN),
        ("code_execution_20260521", &OWN),
        ("computer_20241022", &OWN),
        ("computer_20250124", &OWN),
        ("computer_20251124", &OWN),
        ("computer_toolset_20260801", &OPEN),
        ("mcp_toolset", &OPEN),
        ("memory_20250818", &OWN),
        ("text_editor_20241022", &OWN),
        ("text_editor_20250124", &OWN),
        ("text_editor_20250429", &OWN),
        ("text_editor_20250728", &OWN),
        ("tool_search_tool_bm25", &OWN),
        ("tool_search_tool_bm25_20251119", &OWN),
        ("tool_search_tool_regex", &OWN),
        ("tool_search_tool_regex_20251119", &OWN),
        ("web_fetch_20250910", &OWN),
        ("web_fetch_20260209", &OWN),
        ("web_fetch_20260309", &OWN),
        ("web_fetch_20260318", &OWN),
        ("web_search_20250305", &OWN),
        ("web_search_20260209", &OWN),
        ("web_search_20260318", &OWN),
    ],
    unknown_kind: None,
    default: Some("custom"),
};

const TOOL_NAME: Pattern = Pattern {
    shown: "^[a-zA-Z0-9_-]{1,128}$",
    takes: |letter| letter.is_ascii_alphanumeric() || "_-".contains(letter),
};

static CUSTOM: Object = Object {
    source: MEASURED,
    closed: Some("anthropic-messages/tool-members"),
    least: r#"{"name": "now", "input_schema": {"type": "object"}}"#,
    within: r#"{"tools": ["$"]}"#,
    fields: &[
        Field::required("anthropic-messages/tool-name", "name", Shape::matching(1, 128, TOOL_NAME))
            .takes(&[r#""get_time-2""#])
            .refuses(&[r#""get.time""#, r#""   ""#, r#""""#, "7", r#"{"$words": 26}"#]),
        Field::required("anthropic-messages/tool-schema", "input_schema", Shape::Object(&SCHEMA))
            .takes(&[
                r#"{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}"#,
            ])
            .refuses(&["true", "null", r#""object""#]),
        Field::optional("anthropic-messages/tool-description", "description", Shape::TEXT)
            .takes(&[r#""Tells the time.""#, "null"])
            .refuses(&["7"]),
        Field::optional("anthropic-messages/tool-cache-control", "cache_control", CACHE_CONTROL)
            .takes(&["null", r#"{"type": "ephemeral"}"#])
            .refuses(&["true"]),
        Field::optional("anthropic-messages/tool-strict", "strict", Shape::Boolean)
            .takes(&["false", "null"])
            .refuses(&[r#""yes""#]),
        Field::optional("anthropic-messages/tool-defer", "defer_loading", Shape::Boolean)
            .takes(&["false"])
            .refuses(&[r#""yes""#]),
        Field::optional("anthropic-messages/tool-eager", "eager_input_streaming", Shape::Boolean)
            .takes(&["true"])
            .refuses(&[r#""yes""#]),
        Field::optional("anthropic-messages/tool-examples", "input_examples", EXAMPLES)
            .takes(&[r#"[{}]"#])
            .refuses(&["{}", "[7]"]),
        Field::optional("anthropic-messages/tool-callers", "allowed_callers", Shape::Anything),
    ],
};

const EXAMPLES: Shape =
    Shape::Array(Array { expected: wording::NO_ARRAY, items: &FREE, min_length: 0, max_length: usize::MAX });

static SCHEMA: Object = Object {
    source: "https://github.com/0xPlaygrounds/rig/tree/main/tests/cassettes/anthropic/strict_schema_matrix",
    closed: None,
    least: r#"{"type": "object"}"#,
    within: r#"{"tools": [{"name": "now", "input_schema": "$"}]}"#,
    fields: &[Field::required("anthropic-messages/tool-schema-type", "type", Shape::one_of(&["object"]))
        .takes(&[r#""object""#])
        .refuses(&[r#""string""#, "null"])],
};

/// A tool that Anthropic knows.
static OWN: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "web_search_20250305", "name": "web_search"}"#,
    within: r#"{"tools": ["$"]}"#,
    fields: &[Field::required("anthropic-messages/own-tool-name", "name", Shape::TEXT)
        .takes(&[r#""web_search""#])
        .refuses(&["7"])],
};

/// Several tools at once.
static OPEN: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "mcp_toolset", "mcp_server_name": "a"}"#,
    within: r#"{"tools": ["$"]}"#,
    fields: &[],
};

pub(super) static CHOICE: Tagged = Tagged {
    rule: "anthropic-messages/tool-choice-type",
    tag: "type",
    kinds: &[("auto", &FREE_CHOICE), ("any", &FREE_CHOICE), ("tool", &ONE_TOOL), ("none", &NO_TOOL)],
    unknown_kind: None,
    default: None,
};

static FREE_CHOICE: Object = Object {
    source: REFERENCE,
    closed: Some("anthropic-messages/tool-choice-members"),
    least: r#"{"type": "auto"}"#,
    within: r#"{"tools": [{"name": "now", "input_schema": {"type": "object"}}], "tool_choice": "$"}"#,
    fields: &[Field::optional(
        "anthropic-messages/tool-choice-parallel",
        "disable_parallel_tool_use",
        Shape::Boolean,
    )
    .takes(&["true"])
    .refuses(&[r#""yes""#])],
};

static ONE_TOOL: Object = Object {
    source: REFERENCE,
    closed: Some("anthropic-messages/tool-choice-one-members"),
    least: r#"{"type": "tool", "name": "now"}"#,
    within: r#"{"tools": [{"name": "now", "input_schema": {"type": "object"}}], "tool_choice": "$"}"#,
    fields: &[
        Field::required("anthropic-messages/tool-choice-name", "name", Shape::TEXT)
            .takes(&[r#""now""#])
            .refuses(&["null", "7"]),
        Field::optional(
            "anthropic-messages/tool-choice-one-parallel",
            "disable_parallel_tool_use",
            Shape::Boolean,
        )
        .takes(&["true"])
        .refuses(&[r#""yes""#]),
    ],
};

static NO_TOOL: Object = Object {
    source: REFERENCE,
    closed: Some("anthropic-messages/tool-choice-none-members"),
    least: r#"{"type": "none"}"#,
    within: r#"{"tools": [{"name": "now", "input_schema": {"type": "object"}}], "tool_choice": "$"}"#,
    fields: &[],
};
