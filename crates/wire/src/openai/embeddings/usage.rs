//! Token counts: there are only those of the prompt.

use playhouse_llm::Usage;
use serde_json::Value;

use crate::openai::fields::{Writing, take_u64};

/// Reads a usage object; `None` where it counts nothing.
pub(super) fn read_usage(value: &Value) -> Option<Usage> {
    let mut extra = value.as_object()?.clone();
    let prompt_tokens = take_u64(&mut extra, "prompt_tokens");
    let total_tokens = take_u64(&mut extra, "total_tokens");
    let counted = prompt_tokens.or(total_tokens)?;
    Some(Usage {
        prompt_tokens: counted,
        total_tokens: total_tokens.unwrap_or(counted),
        extra,
        ..Usage::default()
    })
}

/// Writes a usage object.
pub(super) fn write_usage(usage: &Usage) -> Value {
    let mut out = Writing::new(&usage.extra);
    out.set("prompt_tokens", usage.prompt_tokens);
    out.set("total_tokens", usage.total_tokens);
    Value::Object(out.done())
}
