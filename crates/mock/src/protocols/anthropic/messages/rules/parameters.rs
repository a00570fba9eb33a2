//! The parameters of a request for a message, in the order in which Anthropic complains of them.
//!
//! The order is as measured with requests of two faults each (August 2026, claude-sonnet-5); it is not
//! that of the documentation, nor alphabetical. Null is mostly a value of a wrong type here.

use super::{block, options, tool};
use crate::protocols::anthropic::strict::{REFERENCE, wording};
use crate::protocols::strict::shape::{Array, Field, Object, Shape};

pub(super) static PARAMETERS: Object = Object {
    source: REFERENCE,
    closed: Some("anthropic-messages/known-fields"),
    least: r#"{"model": "claude-haiku-4-5", "max_tokens": 4096, "messages": [{"role": "user", "content": "Hi"}]}"#,
    within: "{}",
    fields: &[
        Field::required("anthropic-messages/model", "model", Shape::text(1, usize::MAX))
            .takes(&[r#""claude-sonnet-4-5""#])
            .refuses(&["null", "7", r#""""#]),
        Field::optional("anthropic-messages/tool-choice", "tool_choice", Shape::Tagged(&tool::CHOICE))
            .not_null()
            .takes(&[r#"{"type": "none"}"#, r#"{"type": "auto"}"#])
            .beside(tool::BESIDE_TOOLS)
            .refuses(&["null", "7", r#""auto""#]),
        Field::optional("anthropic-messages/tools", "tools", tool::TOOLS)
            .not_null()
            .takes(&["[]", r#"[{"name": "now", "input_schema": {"type": "object"}}]"#])
            .refuses(&["null", r#""now""#]),
        Field::required("anthropic-messages/messages", "messages", block::MESSAGES)
            .takes(&[r#"[{"role": "user", "content": "Hi"}, {"role": "user", "content": [{"type": "text", "text": "Hi"}]}]"#])
            .refuses(&["null", r#""Hi""#, r#"["Hi"]"#]),
        Field::optional("anthropic-messages/system", "system", block::SYSTEM)
            .not_null()
            .takes(&[r#""Be brief.""#, r#"[{"type": "text", "text": "Be brief."}]"#, "[]"])
            .refuses(&["null", "7", "[7]"]),
        Field::optional("anthropic-messages/thinking", "thinking", Shape::Tagged(&options::THINKING))
            .not_null()
            .takes(&[r#"{"type": "disabled"}"#, r#"{"type": "enabled", "budget_tokens": 1024}"#])
            .refuses(&["null", r#""enabled""#]),
        Field::optional("anthropic-messages/output-config", "output_config", Shape::Object(&options::OUTPUT))
            .not_null()
            .takes(&["{}"])
            .refuses(&["null", r#""json""#]),
        Field::optional("anthropic-messages/cache-control", "cache_control", options::CACHE_CONTROL)
            .takes(&["null", r#"{"type": "ephemeral"}"#])
            .refuses(&[r#""ephemeral""#]),
        Field::required("anthropic-messages/max-tokens", "max_tokens", Shape::Integer { min: 0, max: i64::MAX })
            .takes(&["0", "1", "64000"])
            .refuses(&["null", "-1", r#""99""#, "1.5"]),
        Field::optional("anthropic-messages/metadata", "metadata", Shape::Object(&options::METADATA))
            .takes(&["null", r#"{"user_id": "u-1"}"#])
            .refuses(&[r#""u-1""#]),
        Field::optional("anthropic-messages/stop-sequences", "stop_sequences", STOP)
            .takes(&["null", "[]", r#"["zulu", "yankee"]"#])
            .refuses(&[r#""zulu""#, "[7]"]),
        Field::optional("anthropic-messages/temperature", "temperature", UNIT)
            .not_null()
            .takes(&["0", "0.7", "1"])
            .refuses(&["null", "-5.0", "1.1", r#""hot""#]),
        Field::optional("anthropic-messages/service-tier", "service_tier", SERVICE_TIER)
            .not_null()
            .takes(&[r#""auto""#, r#""standard_only""#])
            .refuses(&["null", "7", r#""flex""#]),
        Field::optional("anthropic-messages/top-k", "top_k", Shape::Integer { min: 0, max: i64::MAX })
            .not_null()
            .takes(&["0", "40"])
            .refuses(&["null", "-1", "1.5", r#""40""#]),
        Field::optional("anthropic-messages/top-p", "top_p", UNIT)
            .not_null()
            .takes(&["0", "0.95", "1"])
            .refuses(&["null", "-1", "1.5", r#""wide""#]),
        Field::optional("anthropic-messages/stream", "stream", Shape::Boolean)
            .not_null()
            .takes(&["true", "false"])
            .refuses(&["null", r#""yes""#, "1"]),
        Field::optional("anthropic-messages/container", "container", options::CONTAINER)
            .takes(&["null"])
            .refuses(&["7"]),
        Field::optional("anthropic-messages/inference-geo", "inference_geo", Shape::TEXT)
            .takes(&["null", r#""us""#, r#""global""#])
            .refuses(&["7"]),
        Field::optional("anthropic-messages/speed", "speed", Shape::one_of(&["standard", "fast"]))
            .takes(&["null", r#""standard""#])
            .refuses(&[r#""slow""#]),
        Field::optional("anthropic-messages/user-profile", "user_profile_id", Shape::TEXT)
            .not_null()
            .takes(&[r#""up_1""#])
            .refuses(&["7"]),
        Field::optional("anthropic-messages/workspace", "workspace_id", Shape::TEXT)
            .not_null()
            .takes(&[r#""wrkspc_1""#])
            .refuses(&["7"]),
        Field::optional("anthropic-messages/diagnostics", "diagnostics", Shape::Anything),
        // In trial: taken whatever they are, where `anthropic-beta` asks for them or not.
        Field::optional("anthropic-messages/context-management", "context_management", Shape::Anything),
        Field::optional("anthropic-messages/mcp-servers", "mcp_servers", Shape::Anything),
        Field::optional("anthropic-messages/fallbacks", "fallbacks", Shape::Anything),
        Field::optional("anthropic-messages/fallback-credit", "fallback_credit_token", Shape::Anything),
        Field::optional("anthropic-messages/compaction", "compaction", Shape::Anything),
        Field::optional("anthropic-messages/output-format", "output_format", Shape::Anything),
        Field::optional("anthropic-messages/billing-policy", "billing_policy", Shape::Anything),
        Field::optional("anthropic-messages/thread", "thread", Shape::Anything),
    ],
};

/// Those of [`PARAMETERS`] that a count of tokens takes
/// (<https://platform.claude.com/docs/en/api/messages/count_tokens>).
pub(super) const COUNTED: [&str; 16] = [
    "model",
    "tool_choice",
    "tools",
    "messages",
    "system",
    "thinking",
    "output_config",
    "cache_control",
    "speed",
    "user_profile_id",
    "workspace_id",
    "context_management",
    "mcp_servers",
    "compaction",
    "output_format",
    "billing_policy",
];

const UNIT: Shape = Shape::Decimal { min: 0.0, max: 1.0 };

const SERVICE_TIER: Shape = Shape::one_of(&["auto", "standard_only"]);

const STOP: Shape = Shape::Array(Array {
    expected: wording::NO_ARRAY,
    items: &Shape::TEXT,
    min_length: 0,
    max_length: usize::MAX,
});
