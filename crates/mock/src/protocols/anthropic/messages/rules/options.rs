//! Parameters that are objects: thinking, the answer's form, caching, metadata.

use crate::protocols::anthropic::strict::{MEASURED, REFERENCE, wording};
use crate::protocols::strict::shape::{Field, Map, Object, Shape, Tagged};

/// Which types a model takes is a rule of its own, and so is the least budget.
pub(super) static THINKING: Tagged = Tagged {
    rule: "anthropic-messages/thinking-type",
    tag: "type",
    // No public answer lists the newer types; they are in the order of the others.
    kinds: &[
        ("adaptive", &ADAPTIVE),
        ("between_tools", &BETWEEN_TOOLS),
        ("disabled", &DISABLED),
        ("enabled", &ENABLED),
    ],
    unknown_kind: None,
    default: None,
};

const DISPLAY: Shape = Shape::OneOf(crate::protocols::strict::shape::OneOf {
    listed: &["summarized", "omitted"],
    // In trial.
    silent: &["updates"],
});

static ADAPTIVE: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking",
    closed: Some("anthropic-messages/adaptive-members"),
    least: r#"{"type": "adaptive"}"#,
    within: r#"{"model": "claude-sonnet-5", "thinking": "$"}"#,
    fields: &[
        Field::optional("anthropic-messages/adaptive-display", "display", DISPLAY)
            .takes(&[r#""omitted""#, "null"])
            .refuses(&[r#""always""#]),
        Field::optional("anthropic-messages/adaptive-binding", "block_binding", Shape::Anything),
    ],
};

static BETWEEN_TOOLS: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/thinking",
    closed: None,
    least: r#"{"type": "between_tools"}"#,
    within: r#"{"model": "claude-sonnet-5-5", "thinking": "$"}"#,
    fields: &[],
};

static DISABLED: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/thinking",
    closed: Some("anthropic-messages/disabled-members"),
    least: r#"{"type": "disabled"}"#,
    within: r#"{"thinking": "$"}"#,
    fields: &[],
};

static ENABLED: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/extended-thinking",
    closed: Some("anthropic-messages/enabled-members"),
    least: r#"{"type": "enabled", "budget_tokens": 2048}"#,
    within: r#"{"thinking": "$"}"#,
    fields: &[
        Field::required("anthropic-messages/budget", "budget_tokens", Shape::INTEGER)
            .takes(&["1024"])
            .refuses(&["null", r#""2048""#, "1024.5"]),
        Field::optional("anthropic-messages/enabled-display", "display", DISPLAY)
            .takes(&[r#""summarized""#])
            .refuses(&["7"]),
        Field::optional("anthropic-messages/enabled-binding", "block_binding", Shape::Anything),
    ],
};

pub(super) static OUTPUT: Object = Object {
    source: REFERENCE,
    closed: Some("anthropic-messages/output-config-members"),
    least: "{}",
    within: r#"{"model": "claude-opus-4-6", "output_config": "$"}"#,
    fields: &[
        Field::optional("anthropic-messages/effort", "effort", EFFORT)
            .takes(&[r#""low""#, r#""max""#, "null"])
            .refuses(&[r#""extreme""#, "7"]),
        Field::optional("anthropic-messages/format", "format", Shape::Object(&FORMAT))
            .takes(&["null", r#"{"type": "json_schema", "schema": {"type": "object", "properties": {}, "additionalProperties": false}}"#])
            .refuses(&[r#""json""#]),
        Field::optional("anthropic-messages/task-budget", "task_budget", Shape::Anything),
    ],
};

const EFFORT: Shape = Shape::one_of(&["low", "medium", "high", "xhigh", "max"]);

static FORMAT: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/structured-outputs",
    closed: Some("anthropic-messages/format-members"),
    least: r#"{"type": "json_schema", "schema": {"type": "object", "properties": {}, "additionalProperties": false}}"#,
    within: r#"{"output_config": {"format": "$"}}"#,
    fields: &[
        Field::required("anthropic-messages/format-type", "type", Shape::one_of(&["json_schema"]))
            .takes(&[r#""json_schema""#])
            .refuses(&[r#""json_object""#, "null"]),
        Field::required("anthropic-messages/format-schema", "schema", FREE)
            .takes(&[r#"{"type": "string"}"#])
            .refuses(&[r#""string""#, "null"]),
    ],
};

/// An object of any members.
pub(super) const FREE: Shape = Shape::Map(&ANY);

static ANY: Map = Map {
    expected: wording::NO_OBJECT,
    values: Shape::Anything,
    max_members: usize::MAX,
    max_name_length: usize::MAX,
};

pub(super) const CACHE_CONTROL: Shape = Shape::Tagged(&CACHE);

static CACHE: Tagged = Tagged {
    rule: "anthropic-messages/cache-control-type",
    tag: "type",
    kinds: &[("ephemeral", &EPHEMERAL)],
    unknown_kind: None,
    default: None,
};

/// Its members are complained of below its type: `cache_control.ephemeral.scope`.
static EPHEMERAL: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/prompt-caching",
    closed: Some("anthropic-messages/cache-control-members"),
    least: r#"{"type": "ephemeral"}"#,
    within: r#"{"system": [{"type": "text", "text": "Be brief.", "cache_control": "$"}]}"#,
    fields: &[Field::optional("anthropic-messages/cache-control-ttl", "ttl", Shape::one_of(&["5m", "1h"]))
        .not_null()
        .takes(&[r#""5m""#, r#""1h""#])
        .refuses(&[r#""2h""#, "5"])],
};

pub(super) static METADATA: Object = Object {
    source: MEASURED,
    closed: Some("anthropic-messages/metadata-members"),
    least: "{}",
    within: r#"{"metadata": "$"}"#,
    fields: &[Field::optional("anthropic-messages/metadata-user", "user_id", Shape::TEXT)
        .takes(&[r#""u-1""#, "null"])
        .refuses(&["7"])],
};

/// Its name, or what it shall have.
pub(super) const CONTAINER: Shape =
    Shape::Either { expected: wording::MISSHAPEN, arms: &[Shape::TEXT, FREE] };
