//! What a model cannot do, whatever it is asked about.

use serde_json::Value;

use crate::protocols::openai::catalog::{Model, Reasoning};
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::{Request, all_parts, is};
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::wording;

use super::parameters::REFERENCE;

pub(super) static RULES: [Rule; 14] = [
    Rule {
        id: "openai-chat/model-takes-role",
        source: "https://platform.openai.com/docs/guides/reasoning",
        takes: &[
            r#"{"model": "o3", "messages": [{"role": "system", "content": "Hi"}]}"#,
            r#"{"model": "o3", "messages": [{"role": "developer", "content": "Hi"}]}"#,
        ],
        refuses: &[
            r#"{"model": "o1-mini", "messages": [{"role": "system", "content": "Hi"}]}"#,
            r#"{"model": "o1-mini", "messages": [{"role": "developer", "content": "Hi"}]}"#,
            r#"{"model": "gpt-5.6-terra", "messages": [{"role": "function", "name": "f", "content": "Hi"}]}"#,
        ],
        find: refused_role,
    },
    Rule {
        id: "openai-chat/model-sees-images",
        source: "https://platform.openai.com/docs/guides/images-vision",
        takes: &[r#"{"model": "o1", "messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}]}]}"#],
        refuses: &[r#"{"model": "gpt-3.5-turbo", "messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}]}]}"#],
        find: image_for_the_blind,
    },
    Rule {
        id: "openai-chat/model-hears",
        source: "https://github.com/pydantic/pydantic-ai/tree/main/tests/models/cassettes/test_multimodal_tool_returns",
        takes: &[r#"{"model": "gpt-audio", "messages": [{"role": "user", "content": [
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}]}]}"#],
        refuses: &[r#"{"messages": [{"role": "user", "content": [
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}]}]}"#],
        find: sound_for_the_deaf,
    },
    Rule {
        id: "openai-chat/model-wants-sound",
        source: "https://platform.openai.com/docs/guides/audio",
        takes: &[
            r#"{"model": "gpt-audio", "modalities": ["text", "audio"], "audio": {"voice": "ash", "format": "wav"}}"#,
        ],
        refuses: &[
            r#"{"model": "gpt-audio"}"#,
            r#"{"model": "gpt-4o-audio-preview", "modalities": ["text"]}"#,
        ],
        find: no_sound,
    },
    Rule {
        id: "openai-chat/model-speaks",
        source: "https://platform.openai.com/docs/guides/audio",
        takes: &[r#"{"modalities": ["text"]}"#],
        refuses: &[r#"{"modalities": ["text", "audio"], "audio": {"voice": "ash", "format": "wav"}}"#],
        find: sound_of_the_mute,
    },
    Rule {
        id: "openai-chat/model-takes-format",
        source: "https://platform.openai.com/docs/guides/structured-outputs",
        takes: &[r#"{"model": "gpt-3.5-turbo", "messages": [{"role": "user", "content": "JSON, please."}],
                "response_format": {"type": "json_object"}}"#],
        refuses: &[
            r#"{"model": "gpt-3.5-turbo", "response_format":
                {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}}"#,
            r#"{"model": "gpt-4", "messages": [{"role": "user", "content": "JSON, please."}],
                "response_format": {"type": "json_object"}}"#,
        ],
        find: unsupported_format,
    },
    Rule {
        id: "openai-chat/model-calls-tools",
        source: "https://platform.openai.com/docs/guides/function-calling",
        takes: &[
            r#"{"model": "gpt-3.5-turbo", "tools": [{"type": "function", "function": {"name": "now"}}]}"#,
        ],
        refuses: &[
            r#"{"model": "gpt-5-search-api", "tools": [{"type": "function", "function": {"name": "now"}}]}"#,
            r#"{"model": "o1-mini", "functions": [{"name": "now"}]}"#,
        ],
        find: tools_without_calls,
    },
    Rule {
        id: "openai-chat/model-service-tier",
        source: "https://platform.openai.com/docs/guides/flex-processing",
        takes: &[
            r#"{"model": "o3", "service_tier": "flex"}"#,
            r#"{"model": "gpt-5-mini", "service_tier": "flex"}"#,
            r#"{"service_tier": "priority"}"#,
        ],
        refuses: &[r#"{"service_tier": "flex"}"#],
        find: flex_without_flex,
    },
    Rule {
        id: "openai-chat/model-searches",
        source: "https://github.com/64bit/async-openai/issues/386",
        takes: &[r#"{"model": "gpt-4o-mini-search-preview", "web_search_options": {}}"#],
        refuses: &[r#"{"web_search_options": {"search_context_size": "low"}}"#],
        find: search_without_search,
    },
    Rule {
        id: "openai-chat/model-searches-unsampled",
        source: REFERENCE,
        takes: &[r#"{"model": "gpt-4o-search-preview", "temperature": null}"#],
        refuses: &[
            r#"{"model": "gpt-4o-search-preview", "temperature": 0.5}"#,
            r#"{"model": "gpt-4o-mini-search-preview", "presence_penalty": 0.5}"#,
        ],
        find: sampled_search,
    },
    Rule {
        id: "openai-chat/model-verbosity",
        source: REFERENCE,
        takes: &[r#"{"verbosity": "medium"}"#, r#"{"model": "gpt-5", "verbosity": "low"}"#],
        refuses: &[r#"{"verbosity": "low"}"#],
        find: unsupported_verbosity,
    },
    Rule {
        id: "openai-chat/model-choices",
        source: REFERENCE,
        takes: &[r#"{"model": "gpt-5.6-terra", "n": 8}"#, r#"{"n": 128}"#],
        refuses: &[r#"{"model": "gpt-5.6-terra", "n": 9}"#],
        find: too_many_choices,
    },
    Rule {
        id: "openai-chat/model-top-logprobs",
        source: REFERENCE,
        takes: &[r#"{"logprobs": true, "top_logprobs": 20}"#],
        refuses: &[
            r#"{"logprobs": true, "top_logprobs": 21}"#,
            r#"{"model": "gpt-5.6-terra", "reasoning_effort": "none", "logprobs": true, "top_logprobs": 6}"#,
        ],
        find: too_many_top_logprobs,
    },
    Rule {
        id: "openai-chat/model-cache-retention",
        source: "https://platform.openai.com/docs/guides/prompt-caching#prompt-cache-retention",
        takes: &[
            r#"{"prompt_cache_retention": "in-memory"}"#,
            r#"{"model": "gpt-5.6-terra", "prompt_cache_retention": "24h"}"#,
        ],
        refuses: &[
            r#"{"prompt_cache_retention": "forever"}"#,
            r#"{"model": "gpt-5.6-terra", "prompt_cache_retention": "in_memory"}"#,
        ],
        find: unsupported_cache_retention,
    },
];

fn refused_role(request: &Request<'_>) -> Option<Complaint> {
    let refused = request.model?.family.refused_roles;
    let mut roles = request.messages().iter().map(|message| message.get("role").and_then(Value::as_str));
    let at = roles.position(|role| role.is_some_and(|role| refused.contains(&role)))?;
    let role = request.messages()[at].get("role")?.as_str()?;
    let param = format!("messages[{at}].role");
    Some(wording::unsupported_value(&param, format_args!("'{role}'"), ""))
}

fn image_for_the_blind(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| !model.sees_images)?;
    let mut parts = all_parts(request.messages());
    let (at, part_at, _) = parts.find(|(_, _, part)| is(part, "type", "image_url"))?;
    let message = "Invalid content type. image_url is only supported by certain models.";
    Some(Complaint::new(message).at(format!("messages.[{at}].content.[{part_at}].type")))
}

fn is_deaf(model: &Model) -> bool {
    !model.family.has_audio
}

fn sound_for_the_deaf(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| is_deaf(model))?;
    let mut parts = all_parts(request.messages());
    let (at, _, _) = parts.find(|(_, _, part)| is(part, "type", "input_audio"))?;
    let place = format!("messages[{at}]");
    let message =
        format!("Invalid '{place}'. Content blocks are expected to be either text or image_url type.");
    Some(Complaint::new(message).at(place).code("invalid_value"))
}

pub(super) fn asks_for_sound(request: &Request<'_>) -> bool {
    request.items("modalities").iter().any(|modality| modality == "audio")
}

fn no_sound(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| model.family.has_audio && model.family.reasoning == Reasoning::Never)?;
    let sends_sound = all_parts(request.messages()).any(|(_, _, part)| is(part, "type", "input_audio"));
    let heard_before =
        request.messages().iter().any(|message| message.get("audio").is_some_and(Value::is_object));
    let message = "This model requires that either input content or output modality contain audio.";
    (!sends_sound && !heard_before && !asks_for_sound(request))
        .then(|| Complaint::new(message).at("model").code("invalid_value"))
}

fn sound_of_the_mute(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| is_deaf(model) && asks_for_sound(request))?;
    Some(wording::unsupported_value("modalities", "'audio'", "Supported values are: 'text'."))
}

fn unsupported_format(request: &Request<'_>) -> Option<Complaint> {
    let model = request.model?;
    let format = request.get("response_format")?.get("type")?.as_str()?;
    let told =
        format!("Invalid parameter: 'response_format' of type '{format}' is not supported with this model.");
    match format {
        "json_object" if !model.takes_json => Some(Complaint::new(told).at("response_format")),
        "json_schema" if !model.takes_schemas => Some(Complaint::new(format!(
            "{told} Learn more about supported models at the Structured Outputs guide: https://platform.openai.com/docs/guides/structured-outputs"
        ))),
        _ => None,
    }
}

fn tools_without_calls(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| !model.family.calls_tools)?;
    let param = ["tools", "functions"].into_iter().find(|param| request.has(param))?;
    let message = format!(
        "{param} is not supported in this model. For a list of supported models, refer to https://platform.openai.com/docs/guides/function-calling#models-supporting-function-calling."
    );
    Some(Complaint::new(message).status(404))
}

/// Only models that reason are served more slowly for less.
fn flex_without_flex(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| model.family.reasoning == Reasoning::Never)?;
    let tier = request.text("service_tier");
    (tier == Some("flex")).then(|| Complaint::new("Invalid service_tier argument").at("service_tier"))
}

fn search_without_search(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| !model.family.searches)?;
    let message = "Web search options not supported with this model.";
    request.has("web_search_options").then(|| Complaint::new(message).at("web_search_options"))
}

fn sampled_search(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| model.family.searches && model.family.reasoning == Reasoning::Never)?;
    let param = ["temperature", "presence_penalty"].into_iter().find(|param| request.has(param))?;
    Some(Complaint::new(format!("Model incompatible request argument supplied: {param}")))
}

fn unsupported_verbosity(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| model.family.reasoning == Reasoning::Never)?;
    let verbosity = request.text("verbosity").filter(|verbosity| *verbosity != "medium")?;
    let rest = "Supported values are: 'medium'.";
    Some(wording::unsupported_value("verbosity", format_args!("'{verbosity}'"), rest))
}

fn too_many_choices(request: &Request<'_>) -> Option<Complaint> {
    let (max, n) = (request.model?.family.max_choices, request.get("n")?);
    n.as_i64().filter(|n| *n > max).map(|_| wording::above("n".to_owned(), "integer", max, n))
}

fn too_many_top_logprobs(request: &Request<'_>) -> Option<Complaint> {
    let max = request.model.map_or(20, |model| model.family.max_top_logprobs);
    request.get("top_logprobs")?.as_i64().filter(|count| *count > max)?;
    let message = format!("Invalid value for 'top_logprobs': must be less than or equal to {max}.");
    Some(Complaint::new(message).at("top_logprobs"))
}

fn unsupported_cache_retention(request: &Request<'_>) -> Option<Complaint> {
    let retention = request.text("prompt_cache_retention")?;
    let for_a_day_only = request.model.is_some_and(|model| model.family.caches_for_a_day_only);
    let message = match retention {
        "24h" => return None,
        // The older documentation wrote it with a dash.
        "in_memory" | "in-memory" if !for_a_day_only => return None,
        "in_memory" | "in-memory" => "This model is compatible only with 24h extended prompt caching",
        _ => "Invalid prompt_cache_retention argument",
    };
    Some(Complaint::new(message).at("prompt_cache_retention"))
}
