//! What a model takes, and what needs something else beside it.

use serde_json::Value;

use crate::protocols::anthropic::catalog::Sampling;
use crate::protocols::anthropic::strict::MEASURED;
use crate::protocols::anthropic::strict::request::{Request, blocks_of, is, role_of, text};
use crate::protocols::anthropic::strict::rule::Rule;

const ERRORS: &str = "https://platform.claude.com/docs/en/api/errors";

/// Looked at right after the conversation.
pub(super) static CONTAINER: [Rule; 2] = [
    Rule {
        id: "anthropic-messages/container-needs-tool",
        source: MEASURED,
        takes: &[
            r#"{"container": "container_1", "tools": [{"type": "code_execution_20250825", "name": "code_execution"}]}"#,
        ],
        refuses: &[r#"{"container": "container_1"}"#],
        find: container_alone,
    },
    Rule {
        id: "anthropic-messages/inference-geo-known",
        source: MEASURED,
        takes: &[r#"{"inference_geo": "us"}"#],
        refuses: &[r#"{"inference_geo": "mars"}"#],
        find: unknown_geo,
    },
];

pub(super) static RULES: [Rule; 8] = [
    Rule {
        id: "anthropic-messages/sampling-of-model",
        source: "https://platform.claude.com/docs/en/about-claude/models/whats-new-claude-4-7",
        takes: &[
            r#"{"model": "claude-opus-5", "temperature": 1}"#,
            r#"{"model": "claude-opus-4-6", "temperature": 0.5}"#,
            r#"{"model": "claude-opus-5", "top_p": 0.99}"#,
        ],
        refuses: &[
            r#"{"model": "claude-opus-5", "temperature": 0.5}"#,
            r#"{"model": "claude-sonnet-5", "top_p": 0.9}"#,
            r#"{"model": "claude-opus-4-7", "top_k": 5}"#,
        ],
        find: sampling,
    },
    Rule {
        id: "anthropic-messages/one-sampling",
        source: "https://github.com/BerriAI/litellm/issues/15097",
        takes: &[
            r#"{"model": "claude-sonnet-4-20250514", "temperature": 0.5, "top_p": 0.9}"#,
            r#"{"temperature": 0.5, "top_k": 5}"#,
        ],
        refuses: &[r#"{"temperature": 0.5, "top_p": 0.9}"#],
        find: both_samplings,
    },
    Rule {
        id: "anthropic-messages/effort-of-model",
        source: "https://github.com/pydantic/pydantic-ai/tree/main/tests/models/cassettes/test_anthropic",
        takes: &[r#"{"model": "claude-opus-4-5", "output_config": {"effort": "high"}}"#],
        refuses: &[
            r#"{"model": "claude-opus-4-6", "output_config": {"effort": "xhigh"}}"#,
            r#"{"output_config": {"effort": "low"}}"#,
        ],
        find: effort,
    },
    Rule {
        id: "anthropic-messages/effort-without-thinking",
        source: "https://platform.claude.com/docs/en/build-with-claude/thinking",
        takes: &[
            r#"{"model": "claude-opus-5", "thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}"#,
        ],
        refuses: &[
            r#"{"model": "claude-opus-5", "thinking": {"type": "disabled"}, "output_config": {"effort": "xhigh"}}"#,
        ],
        find: effort_without_thinking,
    },
    Rule {
        id: "anthropic-messages/prefill",
        source: "https://platform.claude.com/docs/en/api/errors#prefill-not-supported",
        takes: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hel"}]}"#,
            r#"{"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": []}]}"#,
        ],
        refuses: &[
            r#"{"model": "claude-opus-4-6", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hel"}]}"#,
            r#"{"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "text", "text": "Hel"}]}]}"#,
        ],
        find: prefill,
    },
    Rule {
        id: "anthropic-messages/stop-sequence-text",
        source: "https://github.com/stanford-crfm/helm",
        takes: &[r#"{"stop_sequences": ["\n\nHuman:"]}"#],
        refuses: &[r#"{"stop_sequences": ["\n"]}"#, r#"{"stop_sequences": ["zulu", ""]}"#],
        find: white_stop,
    },
    Rule {
        id: "anthropic-messages/nothing-streamed",
        // Documented; nobody has shown the words.
        source: "https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pre-warming-the-cache",
        takes: &[r#"{"max_tokens": 0}"#],
        refuses: &[r#"{"max_tokens": 0, "stream": true}"#],
        find: nothing_streamed,
    },
    Rule {
        id: "anthropic-messages/model-output-limit",
        source: ERRORS,
        takes: &[r#"{"max_tokens": 64000}"#, r#"{"model": "claude-opus-5", "max_tokens": 128000}"#],
        refuses: &[r#"{"max_tokens": 64001}"#, r#"{"model": "claude-3-haiku-20240307", "max_tokens": 5000}"#],
        find: answer_too_long,
    },
];

fn container_alone(request: &Request<'_>) -> Option<String> {
    request.get("container")?;
    let executes = |tool: &Value| text(tool, "type").is_some_and(|kind| kind.starts_with("code_execution_"));
    let has_tool = request.items("tools").iter().any(executes);
    (!has_tool).then(|| {
        "container: Container identifier can only be provided when using the code execution tool".to_owned()
    })
}

fn unknown_geo(request: &Request<'_>) -> Option<String> {
    let geo = request.get("inference_geo")?.as_str()?;
    (!["global", "us"].contains(&geo)).then(|| "inference_geo: must be one of ['global', 'us']".to_owned())
}

fn sampling(request: &Request<'_>) -> Option<String> {
    request.model.filter(|model| model.sampling == Sampling::Fixed)?;
    let below =
        |name: &str, least: f64| request.get(name).and_then(Value::as_f64).is_some_and(|value| value < least);
    let refused = [
        ("temperature", below("temperature", 1.0)),
        ("top_p", below("top_p", 0.99)),
        ("top_k", request.has("top_k")),
    ];
    let (name, _) = refused.into_iter().find(|(_, is_refused)| *is_refused)?;
    Some(format!("`{name}` is deprecated for this model."))
}

fn both_samplings(request: &Request<'_>) -> Option<String> {
    request.model.filter(|model| model.sampling == Sampling::One)?;
    let both = request.has("temperature") && request.has("top_p");
    both.then(|| {
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.".to_owned()
    })
}

fn level<'a>(request: &Request<'a>) -> Option<&'a str> {
    request.get("output_config")?.get("effort")?.as_str()
}

fn effort(request: &Request<'_>) -> Option<String> {
    let (level, model) = (level(request)?, request.model?);
    if model.efforts.is_empty() {
        return Some("This model does not support the effort parameter.".to_owned());
    }
    let mut supported = model.efforts.clone();
    supported.sort_unstable();
    (!model.efforts.contains(&level)).then(|| {
        format!(
            "This model does not support effort level '{level}'. Supported levels: {}.",
            supported.join(", ")
        )
    })
}

/// Where a model thinks unless told otherwise, the hardest work cannot be done without.
fn effort_without_thinking(request: &Request<'_>) -> Option<String> {
    let level = level(request).filter(|level| ["xhigh", "max"].contains(level))?;
    let is_it = |name: &str| request.model.is_some_and(|model| model.name == name);
    let is_refused =
        request.kind("thinking") == Some("disabled") && (is_it("claude-opus-5") || is_it("claude-haiku-5-5"));
    // Documented; nobody has shown the words.
    is_refused.then(|| {
        format!(
            r#""thinking.type.disabled" is not supported with "output_config.effort" "{level}" for this model."#
        )
    })
}

/// A message that says nothing yet, or ends in a call, is no beginning of an answer.
fn prefill(request: &Request<'_>) -> Option<String> {
    request.model.filter(|model| !model.takes_prefill)?;
    let last = request.messages().last().filter(|message| role_of(message) == "assistant")?;
    let says = |said: &str| !said.trim().is_empty();
    let is_begun = text(last, "content").is_some_and(says)
        || blocks_of(last).last().is_some_and(|(_, block)| is(block, "text"));
    is_begun.then(|| {
        "This model does not support assistant message prefill. The conversation must end with a user message."
            .to_owned()
    })
}

fn white_stop(request: &Request<'_>) -> Option<String> {
    let mut stops = request.items("stop_sequences").iter().filter_map(Value::as_str);
    stops.find(|stop| stop.trim().is_empty())?;
    Some("stop_sequences: each stop sequence must contain non-whitespace".to_owned())
}

fn nothing_streamed(request: &Request<'_>) -> Option<String> {
    let is_nothing = request.get("max_tokens").and_then(Value::as_u64) == Some(0);
    (is_nothing && request.get("stream") == Some(&Value::Bool(true)))
        .then(|| "max_tokens: 0 is not allowed with stream: true".to_owned())
}

fn answer_too_long(request: &Request<'_>) -> Option<String> {
    let (model, asked) = (request.model?, request.get("max_tokens")?.as_u64()?);
    (asked > model.max_output_tokens).then(|| {
        format!(
            "max_tokens: {asked} > {}, which is the maximum allowed number of output tokens for {}",
            model.max_output_tokens, model.name
        )
    })
}
