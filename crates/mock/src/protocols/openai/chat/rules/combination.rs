//! Parameters that need, exclude or speak of each other.

use serde_json::Value;

use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::{Request, all_parts};
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::wording;

use super::capability::asks_for_sound;
use super::parameters::REFERENCE;

pub(super) static RULES: [Rule; 11] = [
    Rule {
        id: "openai-chat/function-call-needs-functions",
        source: "https://github.com/Azure-Samples/azure-search-openai-demo/pull/1175",
        takes: &[r#"{"functions": [{"name": "now"}], "function_call": "auto"}"#],
        refuses: &[r#"{"function_call": "auto"}"#],
        find: function_call_without_functions,
    },
    Rule {
        id: "openai-chat/function-call-known",
        source: REFERENCE,
        takes: &[r#"{"functions": [{"name": "now"}], "function_call": {"name": "now"}}"#],
        refuses: &[r#"{"functions": [{"name": "now"}], "function_call": {"name": "then"}}"#],
        find: unknown_function_call,
    },
    Rule {
        id: "openai-chat/tool-choice-needs-tools",
        source: "https://github.com/writer/writer-framework/pull/1013",
        takes: &[r#"{"tool_choice": "none"}"#],
        refuses: &[r#"{"tool_choice": "auto"}"#, r#"{"tool_choice": "required", "tools": null}"#],
        find: tool_choice_without_tools,
    },
    Rule {
        id: "openai-chat/tool-choice-known",
        source: REFERENCE,
        takes: &[r#"{"tools": [{"type": "function", "function": {"name": "now"}}],
                "tool_choice": {"type": "function", "function": {"name": "now"}}}"#],
        refuses: &[r#"{"tools": [{"type": "function", "function": {"name": "now"}}],
                "tool_choice": {"type": "function", "function": {"name": "then"}}}"#],
        find: unknown_tool_choice,
    },
    Rule {
        id: "openai-chat/parallel-tool-calls-need-tools",
        source: "https://github.com/Upsonic/Upsonic/issues/323",
        takes: &[r#"{"parallel_tool_calls": null}"#],
        refuses: &[r#"{"parallel_tool_calls": false}"#],
        find: parallel_calls_without_tools,
    },
    Rule {
        id: "openai-chat/one-limit-of-tokens",
        source: REFERENCE,
        takes: &[r#"{"max_tokens": 8, "max_completion_tokens": null}"#],
        refuses: &[r#"{"max_tokens": 8, "max_completion_tokens": 8}"#],
        find: two_limits_of_tokens,
    },
    Rule {
        id: "openai-chat/top-logprobs-need-logprobs",
        source: REFERENCE,
        takes: &[r#"{"top_logprobs": 2, "logprobs": true}"#],
        refuses: &[r#"{"top_logprobs": 2}"#, r#"{"top_logprobs": 0, "logprobs": false}"#],
        find: top_logprobs_without_logprobs,
    },
    Rule {
        id: "openai-chat/json-mode-needs-the-word",
        source: "https://platform.openai.com/docs/guides/structured-outputs#json-mode",
        takes: &[
            r#"{"messages": [{"role": "system", "content": "Write Json."}, {"role": "user", "content": "Hi"}],
                "response_format": {"type": "json_object"}}"#,
        ],
        refuses: &[r#"{"response_format": {"type": "json_object"}}"#],
        find: json_mode_without_the_word,
    },
    Rule {
        id: "openai-chat/stream-options-need-stream",
        source: "https://github.com/BerriAI/litellm/issues/5803",
        takes: &[
            r#"{"stream": true, "stream_options": {"include_usage": true}}"#,
            r#"{"stream_options": null}"#,
        ],
        refuses: &[
            r#"{"stream_options": {"include_usage": true}}"#,
            r#"{"stream_options": {}, "stream": false}"#,
        ],
        find: stream_options_without_stream,
    },
    Rule {
        id: "openai-chat/spoken-answers-need-a-voice",
        source: REFERENCE,
        takes: &[
            r#"{"model": "gpt-audio", "modalities": ["text", "audio"], "audio": {"voice": "ash", "format": "wav"}}"#,
        ],
        refuses: &[r#"{"model": "gpt-audio", "modalities": ["text", "audio"]}"#],
        find: spoken_answer_without_voice,
    },
    Rule {
        id: "openai-chat/streamed-sound-is-raw",
        source: "https://platform.openai.com/docs/guides/audio",
        takes: &[r#"{"model": "gpt-audio", "modalities": ["text", "audio"], "stream": true,
                "audio": {"voice": "ash", "format": "pcm16"}}"#],
        refuses: &[r#"{"model": "gpt-audio", "modalities": ["text", "audio"], "stream": true,
                "audio": {"voice": "ash", "format": "wav"}}"#],
        find: packed_sound_in_a_stream,
    },
];

fn function_call_without_functions(request: &Request<'_>) -> Option<Complaint> {
    (request.has("function_call") && !request.has("functions"))
        .then(|| wording::only_beside("function_call", "functions"))
}

fn unknown_function_call(request: &Request<'_>) -> Option<Complaint> {
    let chosen = request.get("function_call")?.get("name")?.as_str()?;
    let mut offered = request.items("functions").iter().filter_map(|function| function.get("name")?.as_str());
    (!offered.any(|name| name == chosen)).then(|| no_such_function(chosen))
}

/// `none` is taken without tools too: it asks for what happens anyway.
fn tool_choice_without_tools(request: &Request<'_>) -> Option<Complaint> {
    let choice = request.get("tool_choice").filter(|choice| choice.as_str() != Some("none"))?;
    (!choice.is_null() && !request.has("tools")).then(|| wording::only_beside("tool_choice", "tools"))
}

fn unknown_tool_choice(request: &Request<'_>) -> Option<Complaint> {
    let choice = request.get("tool_choice")?;
    let kind = choice.get("type")?.as_str().filter(|kind| matches!(*kind, "function" | "custom"))?;
    let chosen = choice.get(kind)?.get("name")?.as_str()?;
    let mut offered = request.items("tools").iter().filter_map(|tool| tool.get(kind)?.get("name")?.as_str());
    // In the words of the older parameter, as measured in September 2026.
    (!offered.any(|name| name == chosen)).then(|| no_such_function(chosen))
}

fn no_such_function(name: &str) -> Complaint {
    let message = format!(
        "Invalid value for 'function_call': no function named '{name}' was specified in the 'functions' parameter."
    );
    Complaint::new(message).at("function_call")
}

fn parallel_calls_without_tools(request: &Request<'_>) -> Option<Complaint> {
    (request.has("parallel_tool_calls") && !request.has("tools"))
        .then(|| wording::only_beside("parallel_tool_calls", "tools"))
}

fn two_limits_of_tokens(request: &Request<'_>) -> Option<Complaint> {
    let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
    (request.has("max_tokens") && request.has("max_completion_tokens"))
        .then(|| Complaint::new(message).at("max_tokens").code("invalid_parameter_combination"))
}

fn top_logprobs_without_logprobs(request: &Request<'_>) -> Option<Complaint> {
    (request.has("top_logprobs") && !request.is_true("logprobs"))
        .then(|| wording::only_with("top_logprobs", "logprobs"))
}

fn json_mode_without_the_word(request: &Request<'_>) -> Option<Complaint> {
    let format = request.get("response_format")?.get("type")?.as_str()?;
    let message = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
    (format == "json_object" && !texts(request.messages()).any(says_json))
        .then(|| Complaint::new(message).at("messages"))
}

fn texts(messages: &[Value]) -> impl Iterator<Item = &str> {
    let whole = messages.iter().filter_map(|message| message.get("content")?.as_str());
    let in_parts = all_parts(messages).filter_map(|(_, _, part)| part.get("text")?.as_str());
    whole.chain(in_parts)
}

fn says_json(text: &str) -> bool {
    text.as_bytes().windows(4).any(|letters| letters.eq_ignore_ascii_case(b"json"))
}

fn stream_options_without_stream(request: &Request<'_>) -> Option<Complaint> {
    (request.has("stream_options") && !request.is_true("stream"))
        .then(|| wording::only_with("stream_options", "stream"))
}

fn spoken_answer_without_voice(request: &Request<'_>) -> Option<Complaint> {
    (asks_for_sound(request) && !request.has("audio")).then(|| wording::missing("audio"))
}

fn packed_sound_in_a_stream(request: &Request<'_>) -> Option<Complaint> {
    let format = request.get("audio")?.get("format")?.as_str()?;
    let message = format!(
        "Unsupported value: 'audio.format' does not support '{format}' when stream=true. Supported values are: 'pcm16'."
    );
    (format != "pcm16" && asks_for_sound(request) && request.is_true("stream"))
        .then(|| Complaint::new(message).at("audio.format").code("unsupported_value"))
}
