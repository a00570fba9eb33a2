//! What a caller wants of an answer's making: how much is reasoned for it, and its form.
//!
//! Both are read and stay where they are: they are written anew only where something else is wanted.

use playhouse_llm::{Extra, OutputForm, OutputSchema, Prompt, ReasoningWish};
use serde_json::{Value, json};

use crate::fields::{Writing, carried_object};

/// The least that may be asked for (<https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>).
const LEAST_THINKING_TOKENS: u64 = 1_024;
/// What the answer may have beside the reasoning, where the caller set no bound.
const USUAL_MAX_TOKENS: u64 = 4_096;

/// Reads how much shall be reasoned; a request that leaves it to the model says nothing.
pub(super) fn read_reasoning(body: &Extra) -> Option<ReasoningWish> {
    let budget_tokens = body.get("thinking").and_then(read_budget);
    let effort = body.get("output_config").and_then(|config| config.get("effort")?.as_str());
    let wish = ReasoningWish { effort: effort.map(str::to_owned), budget_tokens };
    (wish != ReasoningWish::default()).then_some(wish)
}

fn read_budget(thinking: &Value) -> Option<u64> {
    match thinking.get("type")?.as_str()? {
        "enabled" => thinking.get("budget_tokens")?.as_u64(),
        "disabled" => Some(0),
        _ => None,
    }
}

/// Reads the form of the answer.
pub(super) fn read_output(body: &Extra) -> Option<OutputForm> {
    let format = body.get("output_config").and_then(|config| config.get("format"));
    let format = format.or_else(|| body.get("output_format"))?;
    let is_schema = format.get("type")?.as_str()? == "json_schema";
    let schema = format.get("schema").filter(|schema| schema.is_object()).cloned();
    is_schema.then(|| OutputForm::Schema(OutputSchema { schema, ..OutputSchema::default() }))
}

/// Writes form, reasoning, and the bound of the answer, which depend on each other: what is reasoned counts
/// against the bound, and a bound there must be.
pub(super) fn set_wishes(out: &mut Writing<'_>, prompt: &Prompt) {
    if read_output(&prompt.extra) != prompt.output {
        set_output(out, prompt);
    }
    let budget = match &prompt.reasoning {
        Some(wish) if read_reasoning(&prompt.extra).as_ref() != Some(wish) => set_thinking(out, wish),
        _ => 0,
    };
    let bound = prompt.max_tokens.unwrap_or(USUAL_MAX_TOKENS + budget);
    out.set("max_tokens", if bound > budget { bound } else { bound + budget });
}

/// Writes the wish for reasoning, and says how many tokens it takes. None at all is what is usual.
fn set_thinking(out: &mut Writing<'_>, wish: &ReasoningWish) -> u64 {
    if wish.in_tokens() == 0 {
        return 0;
    }
    let tokens = wish.in_tokens().max(LEAST_THINKING_TOKENS);
    out.set("thinking", json!({ "type": "enabled", "budget_tokens": tokens }));
    tokens
}

fn set_output(out: &mut Writing<'_>, prompt: &Prompt) {
    let any_object = || json!({ "type": "object" });
    let rest = carried_object(&prompt.extra, "output_config");
    let mut config = Writing::new(&rest);
    match &prompt.output {
        Some(form) => {
            let schema = form.schema().cloned().unwrap_or_else(any_object);
            config.set("format", json!({ "type": "json_schema", "schema": schema }));
        }
        None => config.drop_carried("format"),
    }
    out.set("output_config", config.done());
}
