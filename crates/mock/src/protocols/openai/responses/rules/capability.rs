//! What a model cannot do, whatever it is asked about.

use serde_json::Value;

use super::parameters::REFERENCE;
use crate::protocols::openai::catalog::{Endpoint, Model, Reasoning};
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::{Request, is};
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::wording;
use crate::tokens::Tokenizer;

const GUIDE: &str = "https://platform.openai.com/docs/guides/reasoning";
const MEASURED: &str =
    "https://github.com/kangminlee-maker/local-OAuth-CLI-API-adapter/blob/main/docs/conformance-matrix.md";

pub(super) static RULES: [Rule; 6] = [
    Rule {
        id: "openai-responses/model-reasons",
        source: GUIDE,
        takes: &[r#"{"model": "o3", "reasoning": {"effort": "low"}}"#, r#"{"reasoning": {}}"#],
        refuses: &[r#"{"reasoning": {"effort": "low"}}"#],
        find: effort_for_nothing,
    },
    Rule {
        id: "openai-responses/model-effort",
        source: GUIDE,
        takes: &[
            r#"{"model": "gpt-5-nano", "reasoning": {"effort": "minimal"}}"#,
            r#"{"model": "gpt-5.6-terra", "reasoning": {"effort": "max"}}"#,
        ],
        refuses: &[r#"{"model": "o3", "reasoning": {"effort": "minimal"}}"#],
        find: unsupported_effort,
    },
    Rule {
        id: "openai-responses/no-sampling-while-reasoning",
        source: MEASURED,
        takes: &[
            r#"{"temperature": 0.2, "top_p": 0.5}"#,
            r#"{"model": "o3", "temperature": 1}"#,
            r#"{"model": "gpt-5.2", "reasoning": {"effort": "none"}, "temperature": 0.2}"#,
        ],
        refuses: &[r#"{"model": "o3", "temperature": 0.2}"#, r#"{"model": "gpt-5", "top_p": 0.5}"#],
        find: sampling_while_reasoning,
    },
    Rule {
        id: "openai-responses/no-logprobs-while-reasoning",
        source: MEASURED,
        takes: &[r#"{"include": ["message.output_text.logprobs"], "top_logprobs": 2}"#],
        refuses: &[
            r#"{"model": "o3", "include": ["message.output_text.logprobs"]}"#,
            r#"{"model": "gpt-5", "top_logprobs": 2}"#,
        ],
        find: logprobs_while_reasoning,
    },
    Rule {
        id: "openai-responses/json-mode-needs-the-word",
        source: "https://platform.openai.com/docs/guides/structured-outputs#json-mode",
        takes: &[r#"{"input": "Answer in JSON.", "text": {"format": {"type": "json_object"}}}"#],
        refuses: &[r#"{"text": {"format": {"type": "json_object"}}}"#],
        find: json_mode_without_the_word,
    },
    Rule {
        id: "openai-responses/model-window",
        source: REFERENCE,
        takes: &[r#"{"model": "gpt-4", "input": {"$words": 900}}"#],
        refuses: &[r#"{"model": "gpt-4", "input": {"$words": 9000}}"#],
        find: input_too_long,
    },
];

pub(super) static ANSWERS_HERE: Rule = Rule {
    id: "openai-responses/model-endpoint",
    source: "https://platform.openai.com/docs/models",
    takes: &[r#"{"model": "o1-pro"}"#],
    refuses: &[r#"{"model": "text-embedding-3-small"}"#],
    find: elsewhere,
};

/// Nobody has shown the words that this endpoint has for it; those of chat are public.
fn elsewhere(request: &Request<'_>) -> Option<Complaint> {
    match request.model.map(|model: &Model| model.endpoint)? {
        Endpoint::Embeddings | Endpoint::Completions => {
            let name = request.model_name;
            let message = format!("The requested model '{name}' cannot be used with the Responses API.");
            Some(Complaint::new(message).at("model").code("unsupported_model"))
        }
        Endpoint::Chat | Endpoint::Responses | Endpoint::Other => None,
    }
}

fn effort<'a>(request: &Request<'a>) -> Option<&'a str> {
    request.get("reasoning")?.get("effort")?.as_str()
}

fn reasons(request: &Request<'_>) -> bool {
    let by_effort = |model: &Model| match effort(request) {
        Some(effort) => effort != "none",
        None => model.reasons_by_default,
    };
    request.model.is_some_and(|model| model.family.reasoning == Reasoning::ByEffort && by_effort(model))
}

fn effort_for_nothing(request: &Request<'_>) -> Option<Complaint> {
    let never = request.model.is_some_and(|model| model.family.reasoning == Reasoning::Never);
    let message = "Unsupported parameter: 'reasoning.effort' is not supported with this model.";
    let complaint = || Complaint::new(message).at("reasoning.effort").code("unsupported_parameter");
    effort(request).filter(|_| never).map(|_| complaint())
}

fn unsupported_effort(request: &Request<'_>) -> Option<Complaint> {
    let model = request.model.filter(|model| !model.efforts.is_empty())?;
    let mut efforts = model.efforts.clone();
    // As measured, more than chat takes.
    if efforts.contains(&"xhigh") && !efforts.contains(&"max") {
        efforts.push("max");
    }
    let effort = effort(request).filter(|effort| !efforts.contains(effort))?;
    let message = format!(
        "Unsupported value: '{effort}' is not supported with the '{}' model. Supported values are: {}.",
        request.model_name,
        wording::listed(&efforts, "and")
    );
    Some(Complaint::new(message).at("reasoning.effort").code("unsupported_value"))
}

fn sampling_while_reasoning(request: &Request<'_>) -> Option<Complaint> {
    let is_moved =
        |param: &&str| request.get(param).and_then(Value::as_f64).is_some_and(|value| value != 1.0);
    let param = ["temperature", "top_p"].into_iter().find(|param| is_moved(param))?;
    let message = format!("Unsupported parameter: '{param}' is not supported with this model.");
    // As recorded; chat gives a code.
    reasons(request).then(|| Complaint::new(message).at(param))
}

fn logprobs_while_reasoning(request: &Request<'_>) -> Option<Complaint> {
    let is_included = request.items("include").iter().any(|wanted| wanted == "message.output_text.logprobs");
    let is_counted = request.get("top_logprobs").and_then(Value::as_u64).is_some_and(|count| count > 0);
    let param = is_included.then_some("include").or(is_counted.then_some("top_logprobs"))?;
    let message =
        format!("Unsupported parameter: '{param}' logprobs are not supported with reasoning models.");
    reasons(request).then(|| Complaint::new(message).at(param).code("unsupported_parameter"))
}

fn json_mode_without_the_word(request: &Request<'_>) -> Option<Complaint> {
    request.get("text")?.get("format").filter(|format| is(format, "type", "json_object"))?;
    let says_json = |text: &str| text.to_ascii_lowercase().contains("json");
    let message = "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.";
    (!texts(request).into_iter().chain(request.text("instructions")).any(says_json))
        .then(|| Complaint::new(message).at("input"))
}

fn input_too_long(request: &Request<'_>) -> Option<Complaint> {
    let window = request.model.map(|model| model.window_tokens).filter(|window| *window > 0)?;
    let texts: Vec<&str> = texts(request).into_iter().chain(request.text("instructions")).collect();
    // A token is a byte at least, so short texts need no counting.
    if texts.iter().map(|text| text.len() as u64).sum::<u64>() <= window {
        return None;
    }
    let tokenizer = Tokenizer::of_model(request.model_name);
    let asked: u64 = texts.iter().map(|text| tokenizer.count(text)).sum();
    let message =
        "Your input exceeds the context window of this model. Please adjust your input and try again.";
    (asked > window).then(|| Complaint::new(message).at("input").code("context_length_exceeded"))
}

/// Every text of the input.
fn texts<'a>(request: &Request<'a>) -> Vec<&'a str> {
    let Some(input) = request.get("input") else { return Vec::new() };
    let whole = input.as_str().into_iter();
    let contents = input.as_array().into_iter().flatten().filter_map(|item| item.get("content"));
    let texts = contents.flat_map(|content| {
        let parts = content.as_array().into_iter().flatten().filter_map(|part| part.get("text")?.as_str());
        content.as_str().into_iter().chain(parts)
    });
    whole.chain(texts).collect()
}
