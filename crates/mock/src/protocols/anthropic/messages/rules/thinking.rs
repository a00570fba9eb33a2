//! Thinking: how much of it, and what it excludes.

use crate::protocols::anthropic::strict::request::{Request, blocks_of, is, role_of};
use crate::protocols::anthropic::strict::rule::Rule;

const THINKING: &str = "https://platform.claude.com/docs/en/build-with-claude/extended-thinking";
const ERRORS: &str = "https://platform.claude.com/docs/en/api/errors#common-validation-errors";

pub(super) static RULES: [Rule; 9] = [
    Rule {
        id: "anthropic-messages/thinking-of-model",
        source: ERRORS,
        takes: &[
            r#"{"model": "claude-opus-4-6", "thinking": {"type": "adaptive"}}"#,
            r#"{"model": "claude-sonnet-5-5", "thinking": {"type": "between_tools"}}"#,
            r#"{"model": "claude-opus-5", "thinking": {"type": "disabled"}}"#,
        ],
        refuses: &[
            r#"{"model": "claude-opus-4-7", "thinking": {"type": "enabled", "budget_tokens": 1024}}"#,
            r#"{"model": "claude-haiku-4-5", "thinking": {"type": "adaptive"}}"#,
            r#"{"model": "claude-fable-5", "thinking": {"type": "disabled"}}"#,
        ],
        find: of_model,
    },
    Rule {
        id: "anthropic-messages/thinking-budget",
        source: THINKING,
        takes: &[r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}}"#],
        refuses: &[r#"{"thinking": {"type": "enabled", "budget_tokens": 1023}}"#],
        find: budget_too_small,
    },
    Rule {
        id: "anthropic-messages/thinking-within",
        source: THINKING,
        takes: &[r#"{"thinking": {"type": "enabled", "budget_tokens": 4095}}"#],
        refuses: &[r#"{"thinking": {"type": "enabled", "budget_tokens": 4096}}"#],
        find: budget_too_large,
    },
    Rule {
        id: "anthropic-messages/thinking-temperature",
        source: THINKING,
        takes: &[r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "temperature": 1}"#],
        refuses: &[r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "temperature": 0.5}"#],
        find: temperature,
    },
    Rule {
        id: "anthropic-messages/thinking-top-k",
        source: THINKING,
        takes: &[r#"{"thinking": {"type": "disabled"}, "top_k": 5}"#],
        refuses: &[r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 5}"#],
        find: top_k,
    },
    Rule {
        id: "anthropic-messages/thinking-top-p",
        source: THINKING,
        takes: &[r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_p": 0.95}"#],
        refuses: &[r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_p": 0.9}"#],
        find: top_p,
    },
    Rule {
        id: "anthropic-messages/thinking-tool-choice",
        source: THINKING,
        takes: &[
            r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "auto"}}"#,
        ],
        refuses: &[
            r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}}"#,
        ],
        find: forced,
    },
    Rule {
        id: "anthropic-messages/thinking-first",
        source: "https://github.com/langchain-ai/langchain/issues/30127",
        takes: &[
            r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "thinking", "thinking": "So.", "signature": "c2ln"}, {"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}]}]}"#,
            r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "So?"}]}"#,
        ],
        refuses: &[
            r#"{"thinking": {"type": "enabled", "budget_tokens": 1024}, "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}]}]}"#,
        ],
        find: thoughtless,
    },
    Rule {
        id: "anthropic-messages/thinking-said",
        source: "https://github.com/anthropics/claude-code/issues",
        takes: &["{}"],
        refuses: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "text", "text": "Hello"}, {"type": "thinking", "thinking": "So.", "signature": "c2ln"}]}]}"#,
        ],
        find: thinking_last,
    },
];

/// Whether the model is to think: by a budget, or as it sees fit.
fn thinks(request: &Request<'_>) -> bool {
    matches!(request.kind("thinking"), Some("enabled" | "adaptive"))
}

fn budget(request: &Request<'_>) -> Option<u64> {
    let thinking = request.get("thinking").filter(|_| request.kind("thinking") == Some("enabled"))?;
    let budget = thinking.get("budget_tokens")?;
    Some(budget.as_u64().unwrap_or_default())
}

fn of_model(request: &Request<'_>) -> Option<String> {
    let (kind, model) = (request.kind("thinking")?, request.model?);
    if model.thinking.contains(&kind) {
        return None;
    }
    Some(match kind {
        "adaptive" => "adaptive thinking is not supported on this model".to_owned(),
        _ if model.thinking.contains(&"adaptive") => format!(
            r#""thinking.type.{kind}" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior."#
        ),
        "enabled" => format!("{} does not support thinking.", request.model_name),
        _ => format!(r#""thinking.type.{kind}" is not supported for this model."#),
    })
}

fn budget_too_small(request: &Request<'_>) -> Option<String> {
    let is_small = budget(request)? < 1024;
    is_small
        .then(|| "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024".to_owned())
}

fn budget_too_large(request: &Request<'_>) -> Option<String> {
    let is_large = budget(request)? >= request.get("max_tokens")?.as_u64()?;
    is_large.then(|| {
        "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size".to_owned()
    })
}

const CONSULT: &str = "Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking";

fn temperature(request: &Request<'_>) -> Option<String> {
    let value = request.get("temperature").filter(|_| thinks(request))?.as_f64()?;
    (value < 1.0).then(|| {
        format!("`temperature` may only be set to 1 when thinking is enabled or in adaptive mode. {CONSULT}")
    })
}

fn top_k(request: &Request<'_>) -> Option<String> {
    request.get("top_k").filter(|_| thinks(request))?;
    Some(format!("`top_k` must be unset when thinking is enabled or in adaptive mode. {CONSULT}"))
}

fn top_p(request: &Request<'_>) -> Option<String> {
    let value = request.get("top_p").filter(|_| thinks(request))?.as_f64()?;
    (value < 0.95).then(|| {
        format!(
            "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled or in adaptive mode. {CONSULT}"
        )
    })
}

fn forced(request: &Request<'_>) -> Option<String> {
    let is_forced = matches!(request.kind("tool_choice"), Some("any" | "tool"));
    (is_forced && thinks(request))
        .then(|| "Thinking may not be enabled when tool_choice forces tool use.".to_owned())
}

/// Who thinks by a budget, and is answered by a tool, must be told what it thought.
fn thoughtless(request: &Request<'_>) -> Option<String> {
    budget(request)?;
    let turns = request.turns();
    let last = turns.iter().rev().find(|turn| turn.role == "assistant")?;
    let (at, place, first) = last.blocks().next()?;
    let is_thought = is(first, "thinking") || is(first, "redacted_thinking");
    let calls = last.blocks_of_type("tool_use").next().is_some();
    (calls && !is_thought).then(|| {
        format!(
            "messages.{at}.content.{place}.type: Expected `thinking` or `redacted_thinking`, but found `{}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable `thinking`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking",
            first["type"].as_str().unwrap_or_default()
        )
    })
}

fn thinking_last(request: &Request<'_>) -> Option<String> {
    let at = request.messages().len().checked_sub(1)?;
    let message = &request.messages()[at];
    let (_, last) = blocks_of(message).last().filter(|_| role_of(message) == "assistant")?;
    let is_thought = is(last, "thinking") || is(last, "redacted_thinking");
    is_thought
        .then(|| format!("messages.{at}: The final block in an assistant message cannot be `thinking`."))
}
