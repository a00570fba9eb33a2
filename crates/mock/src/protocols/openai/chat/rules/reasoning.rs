//! What models that reason refuse, and what others know nothing of.

use serde_json::Value;

use crate::protocols::openai::catalog::{Model, Reasoning};
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::python::shown;
use crate::protocols::openai::strict::request::{Request, is};
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::wording;

const GUIDE: &str = "https://platform.openai.com/docs/guides/reasoning";

pub(super) static RULES: [Rule; 4] = [
    Rule {
        id: "openai-chat/model-effort",
        source: GUIDE,
        takes: &[
            r#"{"model": "o3", "reasoning_effort": "low"}"#,
            r#"{"model": "gpt-5-nano", "reasoning_effort": "minimal"}"#,
            r#"{"model": "gpt-5.1", "reasoning_effort": "none"}"#,
        ],
        refuses: &[
            r#"{"model": "o3", "reasoning_effort": "minimal"}"#,
            r#"{"model": "gpt-5", "reasoning_effort": "none"}"#,
            r#"{"model": "gpt-5.6-terra", "reasoning_effort": "max"}"#,
            r#"{"model": "gpt-5.6-terra", "reasoning_effort": {"level": "low"}}"#,
        ],
        find: unsupported_effort,
    },
    Rule {
        id: "openai-chat/tools-or-effort",
        source: "https://github.com/moltis-org/moltis/issues/1298",
        takes: &[
            r#"{"model": "gpt-5.6-terra", "reasoning_effort": "none",
                "tools": [{"type": "function", "function": {"name": "now"}}]}"#,
            r#"{"model": "gpt-5", "reasoning_effort": "low",
                "tools": [{"type": "function", "function": {"name": "now"}}]}"#,
        ],
        refuses: &[r#"{"model": "gpt-5.6-terra", "reasoning_effort": "low",
                "tools": [{"type": "function", "function": {"name": "now"}}]}"#],
        find: tools_and_effort,
    },
    Rule {
        id: "openai-chat/fixed-temperature",
        source: GUIDE,
        takes: &[
            r#"{"model": "o4-mini", "temperature": 1}"#,
            r#"{"model": "gpt-5.2", "temperature": 0.2}"#,
            r#"{"model": "gpt-5.5", "temperature": 0.2, "reasoning_effort": "none"}"#,
            r#"{"model": "gpt-5-chat-latest", "temperature": 0.2}"#,
        ],
        refuses: &[
            r#"{"model": "o4-mini", "temperature": 0.2}"#,
            r#"{"model": "gpt-5-nano", "temperature": 3}"#,
            r#"{"model": "gpt-5.2", "temperature": 0.2, "reasoning_effort": "high"}"#,
        ],
        find: moved_temperature,
    },
    Rule {
        id: "openai-chat/no-sampling-while-reasoning",
        source: GUIDE,
        takes: &[
            r#"{"model": "o3", "top_p": 1, "presence_penalty": 0, "logprobs": false}"#,
            r#"{"model": "gpt-5.6-terra", "reasoning_effort": "none", "logprobs": true, "top_logprobs": 5}"#,
        ],
        refuses: &[
            r#"{"model": "o3", "top_p": 0.5}"#,
            r#"{"model": "gpt-5", "presence_penalty": 0.5}"#,
            r#"{"model": "gpt-5", "frequency_penalty": -0.5}"#,
            r#"{"model": "gpt-5.6-terra", "logprobs": true}"#,
        ],
        find: sampling_while_reasoning,
    },
];

/// The parameters of sampling; while a model reasons, their ranges are not looked at.
pub(super) const SAMPLING: [&str; 4] = ["temperature", "top_p", "presence_penalty", "frequency_penalty"];

/// Whether the model will reason over this request.
pub(super) fn reasons(request: &Request<'_>) -> bool {
    let by_effort = |model: &Model| match request.text("reasoning_effort") {
        Some(effort) => effort != "none",
        None => model.reasons_by_default,
    };
    request.model.is_some_and(|model| model.family.reasoning == Reasoning::ByEffort && by_effort(model))
}

fn unsupported_effort(request: &Request<'_>) -> Option<Complaint> {
    let model = request.model.filter(|model| !model.efforts.is_empty())?;
    let is_known = |effort: &&Value| effort.as_str().is_some_and(|effort| model.efforts.contains(&effort));
    let effort = request.get("reasoning_effort").filter(|effort| !is_known(effort))?;
    let rest = format!("Supported values are: {}.", wording::listed(&model.efforts, "and"));
    Some(wording::unsupported_value("reasoning_effort", shown(effort), rest))
}

/// Only where an effort is asked for: what these models answer without one is reported both ways.
fn tools_and_effort(request: &Request<'_>) -> Option<Complaint> {
    let advice = request.model?.family.tools_or_effort?;
    let offers_functions = request.items("tools").iter().any(|tool| is(tool, "type", "function"));
    request.text("reasoning_effort").filter(|effort| *effort != "none" && offers_functions)?;
    let name = request.model_name;
    let message = format!(
        "Function tools with reasoning_effort are not supported for {name} in /v1/chat/completions. {advice}"
    );
    Some(Complaint::new(message).at("reasoning_effort"))
}

fn moved_temperature(request: &Request<'_>) -> Option<Complaint> {
    let temperature = request.get("temperature").filter(|value| differs(value, 1.0) && reasons(request))?;
    Some(wording::unsupported_value("temperature", temperature, "Only the default (1) value is supported."))
}

fn sampling_while_reasoning(request: &Request<'_>) -> Option<Complaint> {
    let moved = |param: &&str, default: f64| request.get(param).is_some_and(|value| differs(value, default));
    let param = ["top_p"].iter().find(|param| moved(param, 1.0));
    let param =
        param.or_else(|| ["presence_penalty", "frequency_penalty"].iter().find(|param| moved(param, 0.0)));
    let param = param.or_else(|| ["logprobs"].iter().find(|param| request.is_true(param)))?;
    reasons(request).then(|| wording::unsupported(param))
}

fn differs(value: &Value, default: f64) -> bool {
    value.as_f64().is_some_and(|number| number != default)
}
