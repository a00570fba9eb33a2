//! The parameters of a request for a response, in the order in which OpenAI complains of them.
//!
//! The order is as measured with requests of two faults each (August 2026, gpt-5.6); it is not that of chat.

use super::options;
use crate::protocols::openai::chat::rules::parameters::{CACHE_RETENTION, METADATA, SERVICE_TIER};
use crate::protocols::openai::strict::shape::{Array, Field, Object, Shape};

pub(super) const REFERENCE: &str = "https://platform.openai.com/docs/api-reference/responses/create";

/// A request for a response without its model, which is looked at before everything else.
pub(super) static PARAMETERS: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"model": "gpt-4o", "input": "Hi"}"#,
    within: "{}",
    fields: &[
        Field::required("openai-responses/input", "input", INPUT)
            .takes(&[r#""Hi""#, r#"[{"role": "user", "content": "Hi"}]"#])
            .refuses(&["7", "true", r#"{"role": "user", "content": "Hi"}"#]),
        Field::optional("openai-responses/previous-response-id", "previous_response_id", Shape::TEXT)
            .takes(&["null"])
            .refuses(&["7"]),
        Field::optional("openai-responses/prompt", "prompt", ANY_OBJECT)
            .takes(&["null"])
            .refuses(&[r#""pmpt_1""#]),
        Field::optional("openai-responses/moderation", "moderation", ANY_OBJECT)
            .takes(&["null", "{}"])
            .refuses(&["true"]),
        Field::optional("openai-responses/include", "include", INCLUDE)
            .takes(&[r#"["reasoning.encrypted_content"]"#, "[]", "null"])
            .refuses(&[r#"["everything"]"#]),
        Field::optional("openai-responses/tools", "tools", options::TOOLS)
            .takes(&["[]", r#"[{"type": "function", "name": "now"}]"#, r#"[{"type": "web_search"}]"#])
            .refuses(&[r#""now""#, r#"{"type": "function", "name": "now"}"#]),
        Field::optional("openai-responses/tool-choice", "tool_choice", options::TOOL_CHOICE)
            .takes(&[r#""none""#, r#""auto""#, r#""required""#])
            .beside(r#"{"tools": [{"type": "function", "name": "now"}]}"#)
            .refuses(&[r#""always""#, "7"]),
        Field::optional("openai-responses/metadata", "metadata", Shape::Map(&METADATA))
            .takes(&[r#"{"job": "nightly"}"#, "{}", "null"])
            .refuses(&[r#"{"job": 7}"#, r#""nightly""#, r#"{"job": {"$words": 103}}"#]),
        Field::optional("openai-responses/text", "text", Shape::Object(&options::TEXT))
            .takes(&["{}", r#"{"format": {"type": "text"}}"#, "null"])
            .refuses(&[r#""text""#]),
        Field::optional("openai-responses/temperature", "temperature", Shape::Decimal { min: 0.0, max: 2.0 })
            .takes(&["0", "2", "null"])
            .refuses(&["-1", "2.1", r#""hot""#]),
        Field::optional("openai-responses/top-p", "top_p", Shape::Decimal { min: 0.0, max: 1.0 })
            .takes(&["0", "1", "null"])
            .refuses(&["-0.1", "1.1", r#""wide""#]),
        Field::optional("openai-responses/presence-penalty", "presence_penalty", NUMBER)
            .takes(&["null"])
            .refuses(&[r#""high""#]),
        Field::optional("openai-responses/frequency-penalty", "frequency_penalty", NUMBER)
            .takes(&["null"])
            .refuses(&[r#""high""#]),
        Field::optional("openai-responses/parallel-tool-calls", "parallel_tool_calls", Shape::Boolean)
            .takes(&["true", "false", "null"])
            .refuses(&["1"]),
        Field::optional("openai-responses/stream", "stream", Shape::Boolean)
            .takes(&["true", "false", "null"])
            .refuses(&[r#""yes""#]),
        Field::optional(
            "openai-responses/stream-options",
            "stream_options",
            Shape::Object(&options::STREAM_OPTIONS),
        )
        .takes(&["{}", r#"{"include_obfuscation": false}"#])
        .beside(r#"{"stream": true}"#)
        .refuses(&["true"]),
        Field::optional("openai-responses/background", "background", Shape::Boolean)
            .takes(&["false", "null"])
            .refuses(&["1"]),
        Field::optional(
            "openai-responses/max-output-tokens",
            "max_output_tokens",
            Shape::Integer { min: 16, max: i64::MAX },
        )
        .takes(&["16", "null"])
        .refuses(&["15", "0", r#""16""#, "16.5"]),
        Field::optional("openai-responses/max-tool-calls", "max_tool_calls", Shape::COUNT)
            .takes(&["1", "null"])
            .refuses(&["0", r#""1""#]),
        Field::optional("openai-responses/reasoning", "reasoning", Shape::Object(&options::REASONING))
            .takes(&["null", "{}"])
            .refuses(&[r#""low""#]),
        Field::optional("openai-responses/user", "user", Shape::TEXT).takes(&[r#""u-1""#]).refuses(&["7"]),
        Field::optional("openai-responses/safety-identifier", "safety_identifier", Shape::text(0, 128))
            .takes(&[r#""u-1""#])
            .refuses(&["7"]),
        Field::optional("openai-responses/prompt-cache-options", "prompt_cache_options", ANY_OBJECT)
            .takes(&["{}"])
            .refuses(&[r#""30m""#]),
        Field::optional("openai-responses/prompt-cache-key", "prompt_cache_key", Shape::text(0, 64))
            .takes(&[r#""k-1""#])
            .refuses(&["7"]),
        Field::optional("openai-responses/prompt-cache-retention", "prompt_cache_retention", CACHE_RETENTION)
            .takes(&[r#""24h""#, "null"])
            .refuses(&["24"]),
        Field::optional("openai-responses/truncation", "truncation", Shape::one_of(&["auto", "disabled"]))
            .takes(&[r#""auto""#, "null"])
            .refuses(&[r#""middle""#, "7"]),
        Field::optional("openai-responses/instructions", "instructions", Shape::TEXT)
            .takes(&[r#""Be brief.""#, "null"])
            .refuses(&["7"]),
        Field::optional("openai-responses/store", "store", Shape::Boolean)
            .takes(&["true", "false", "null"])
            .refuses(&[r#""yes""#]),
        Field::optional("openai-responses/service-tier", "service_tier", SERVICE_TIER)
            .takes(&[r#""auto""#, r#""flex""#, "null"])
            .refuses(&[r#""slow""#, "1"]),
        Field::optional("openai-responses/top-logprobs", "top_logprobs", Shape::Integer { min: 0, max: 20 })
            .takes(&["0", "20", "null"])
            .refuses(&["-1", "21", "2.5"]),
        Field::optional("openai-responses/context-management", "context_management", OBJECTS)
            .takes(&["[]", "null"])
            .refuses(&["{}"]),
        // Where OpenAI complains of these three among the others, nobody has measured.
        Field::optional("openai-responses/access-programs", "access_programs", ANY_OBJECT)
            .takes(&[r#"{"cyber": "standard"}"#])
            .refuses(&[r#""cyber""#]),
        Field::optional("openai-responses/background-options", "background_options", ANY_OBJECT)
            .takes(&[r#"{"completion_window": "soonest"}"#])
            .refuses(&["true"]),
        Field::optional("openai-responses/image", "image", ANY_OBJECT).takes(&["{}"]).refuses(&["true"]),
        // Told by what it names: see `state`.
        Field::optional("openai-responses/conversation", "conversation", Shape::Anything),
    ],
};

/// What each item must be is said by `item`.
const INPUT: Shape = Shape::Either {
    expected: "one of a string or array of input items",
    arms: &[
        Shape::TEXT,
        Shape::Array(Array {
            expected: "an array of input items",
            items: &Shape::Anything,
            min_length: 0,
            max_length: usize::MAX,
        }),
    ],
};

const OBJECTS: Shape = Shape::Array(Array {
    expected: "an array of objects",
    items: &Shape::Anything,
    min_length: 0,
    max_length: usize::MAX,
});

const INCLUDE: Shape = Shape::Array(Array {
    expected: "an array of strings",
    items: &Shape::one_of(&[
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
    ]),
    min_length: 0,
    max_length: usize::MAX,
});

const NUMBER: Shape = Shape::Decimal { min: f64::NEG_INFINITY, max: f64::INFINITY };

pub(super) const ANY_OBJECT: Shape = Shape::Object(&options::FREE);
