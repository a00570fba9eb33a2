//! The parameters of a chat request, in the order in which OpenAI complains of them.
//!
//! The order is as measured with requests of two faults each (August 2026, gpt-5.6); it is not that
//! of the documentation, nor alphabetical.

use super::{content, format, message, options, tool};
use crate::protocols::openai::strict::shape::{Array, Field, Map, NAME, Object, OneOf, Shape};

pub(super) const REFERENCE: &str = "https://platform.openai.com/docs/api-reference/chat/create";

/// A chat request without its model, which is looked at before everything else.
pub(super) static PARAMETERS: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}"#,
    within: "{}",
    fields: &[
        Field::required("openai-chat/messages", "messages", message::MESSAGES)
            .takes(&[r#"[{"role": "user", "content": ""}]"#])
            .refuses(&["[]", r#""Hi""#, r#"["Hi"]"#, "null"]),
        Field::optional("openai-chat/functions", "functions", tool::FUNCTIONS)
            .takes(&[r#"[{"name": "now"}]"#, "null"])
            .refuses(&["[]", r#""now""#, "[7]"]),
        Field::optional("openai-chat/function-call", "function_call", tool::FUNCTION_CHOICE)
            .takes(&[r#""none""#, r#""auto""#, r#"{"name": "now"}"#])
            .beside(r#"{"functions": [{"name": "now"}]}"#)
            .refuses(&[r#""always""#, "7"]),
        Field::optional("openai-chat/tools", "tools", tool::TOOLS)
            .takes(&[r#"[{"type": "function", "function": {"name": "now"}}]"#, "null"])
            .refuses(&["[]", r#""now""#, "[7]", MANY_TOOLS]),
        Field::optional("openai-chat/tool-choice", "tool_choice", tool::TOOL_CHOICE)
            .takes(&[r#""none""#, r#""auto""#, r#""required""#])
            .beside(r#"{"tools": [{"type": "function", "function": {"name": "now"}}]}"#)
            .refuses(&[r#""always""#, "7"]),
        Field::optional("openai-chat/parallel-tool-calls", "parallel_tool_calls", Shape::Boolean)
            .takes(&["true", "false"])
            .beside(r#"{"tools": [{"type": "function", "function": {"name": "now"}}]}"#)
            .refuses(&["1"]),
        Field::optional("openai-chat/max-completion-tokens", "max_completion_tokens", Shape::COUNT)
            .takes(&["1", "16384", "8.0", "null"])
            .refuses(&["0", "-1", r#""8""#, "1.5"]),
        Field::optional("openai-chat/n", "n", Shape::Integer { min: 1, max: 128 })
            .takes(&["1", "128"])
            .refuses(&["0", "129", r#""2""#]),
        Field::optional("openai-chat/temperature", "temperature", Shape::Decimal { min: 0.0, max: 2.0 })
            .takes(&["0", "0.7", "2", "null"])
            .refuses(&["-0.1", "2.1", "99.0", r#""hot""#]),
        Field::optional("openai-chat/top-p", "top_p", Shape::Decimal { min: 0.0, max: 1.0 })
            .takes(&["0", "1", "0.9"])
            .refuses(&["-0.1", "1.1", r#""wide""#]),
        Field::optional("openai-chat/presence-penalty", "presence_penalty", PENALTY)
            .takes(&["-2", "0.5", "2"])
            .refuses(&["-2.1", "3"]),
        Field::optional("openai-chat/frequency-penalty", "frequency_penalty", PENALTY)
            .takes(&["-2", "0.5", "2"])
            .refuses(&["-3", "2.1"]),
        Field::optional("openai-chat/logprobs", "logprobs", Shape::Boolean)
            .takes(&["true", "false"])
            .refuses(&["5", r#""true""#]),
        Field::optional("openai-chat/top-logprobs", "top_logprobs", Shape::Integer { min: 0, max: i64::MAX })
            .takes(&["0", "20"])
            .beside(r#"{"logprobs": true}"#)
            .refuses(&["-1", "2.5"]),
        Field::optional("openai-chat/user", "user", Shape::TEXT).takes(&[r#""u-1""#]).refuses(&["7"]),
        Field::optional("openai-chat/seed", "seed", Shape::INTEGER)
            .takes(&["0", "-9223372036854775808"])
            .refuses(&["1.5", r#""0""#, "9223372036854775808000"]),
        Field::optional("openai-chat/moderation", "moderation", Shape::Object(&options::MODERATION))
            .takes(&[r#"{"model": "omni-moderation-latest"}"#])
            .refuses(&["true"]),
        Field::optional("openai-chat/safety-identifier", "safety_identifier", Shape::text(0, 128))
            .takes(&[r#""u-1""#])
            .refuses(&["7", r#"{"$words": 26}"#]),
        Field::optional(
            "openai-chat/prompt-cache-options",
            "prompt_cache_options",
            Shape::Object(&options::CACHE_OPTIONS),
        )
        .takes(&["{}"])
        .refuses(&[r#""30m""#]),
        Field::optional("openai-chat/prompt-cache-key", "prompt_cache_key", Shape::text(0, 64))
            .takes(&[r#""k-1""#])
            .refuses(&["7", r#"{"$words": 13}"#]),
        Field::optional("openai-chat/prompt-cache-retention", "prompt_cache_retention", CACHE_RETENTION)
            .takes(&[r#""in_memory""#, r#""24h""#])
            .refuses(&[r#"{"hours": 24}"#]),
        Field::optional("openai-chat/response-format", "response_format", Shape::Tagged(&format::FORMATS))
            .takes(&[r#"{"type": "text"}"#, "null"])
            .refuses(&[r#""json""#]),
        Field::optional("openai-chat/service-tier", "service_tier", SERVICE_TIER)
            .takes(&[r#""auto""#, r#""flex""#, r#""scale""#])
            .beside(r#"{"model": "o3"}"#)
            .refuses(&[r#""slow""#, "1"]),
        Field::optional("openai-chat/max-tokens", "max_tokens", Shape::COUNT)
            .takes(&["1", "16384"])
            .refuses(&["0", "-1", r#""8""#]),
        // Held against the model alone, whatever it is: see `reasoning`.
        Field::optional("openai-chat/reasoning-effort", "reasoning_effort", Shape::Anything),
        Field::optional("openai-chat/logit-bias", "logit_bias", Shape::Map(&LOGIT_BIAS))
            .takes(&[r#"{"50256": -100}"#, "{}"])
            .refuses(&[r#"{"50256": -101}"#, r#"{"50256": 101}"#, r#"{"50256": "never"}"#, "[]"]),
        Field::optional("openai-chat/stop", "stop", STOP)
            .takes(&[r#""\n""#, r#"["a", "b", "c", "d"]"#, "null"])
            .refuses(&[r#"["a", "b", "c", "d", "e"]"#, "7", "[7]"]),
        Field::optional("openai-chat/stream", "stream", Shape::Boolean)
            .takes(&["true", "false", "null"])
            .refuses(&[r#""yes""#]),
        Field::optional(
            "openai-chat/stream-options",
            "stream_options",
            Shape::Object(&options::STREAM_OPTIONS),
        )
        .takes(&["{}"])
        .beside(r#"{"stream": true}"#)
        .refuses(&["true"]),
        Field::optional("openai-chat/store", "store", Shape::Boolean).takes(&["true"]).refuses(&[r#""yes""#]),
        Field::optional("openai-chat/metadata", "metadata", Shape::Map(&METADATA))
            .takes(&[r#"{"job": "nightly"}"#, "{}"])
            .refuses(&[r#"{"job": 7}"#, r#""nightly""#, MUCH_METADATA, r#"{"job": {"$words": 103}}"#]),
        Field::optional("openai-chat/prediction", "prediction", Shape::Object(&content::PREDICTION))
            .takes(&[r#"{"type": "content", "content": "Hi"}"#])
            .refuses(&[r#""Hi""#]),
        Field::optional("openai-chat/verbosity", "verbosity", Shape::one_of(&["low", "medium", "high"]))
            .takes(&[r#""low""#, r#""high""#])
            .beside(r#"{"model": "gpt-5"}"#)
            .refuses(&[r#""chatty""#]),
        Field::optional("openai-chat/modalities", "modalities", MODALITIES)
            .takes(&[r#"["text"]"#])
            .refuses(&[r#"["smell"]"#, r#""text""#]),
        Field::optional("openai-chat/audio", "audio", Shape::Object(&options::AUDIO))
            .takes(&[r#"{"voice": "alloy", "format": "wav"}"#])
            .refuses(&["true"]),
        Field::optional(
            "openai-chat/web-search-options",
            "web_search_options",
            Shape::Object(&options::WEB_SEARCH),
        )
        .takes(&["{}"])
        .beside(r#"{"model": "gpt-4o-search-preview"}"#)
        .refuses(&["true"]),
    ],
};

const MANY_TOOLS: &str = r#"[{"$times": 129, "item": {"type": "function", "function": {"name": "now"}}}]"#;

const MUCH_METADATA: &str = r#"{"1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":"","10":"","11":"","12":"","13":"","14":"","15":"","16":"","17":""}"#;

const PENALTY: Shape = Shape::Decimal { min: -2.0, max: 2.0 };

/// Another text than these has a complaint of its own, see `caching`.
pub(crate) const CACHE_RETENTION: Shape =
    Shape::Either { expected: "one of 'in_memory' or '24h'", arms: &[Shape::TEXT] };

/// OpenAI lists one less than it documents.
pub(crate) const SERVICE_TIER: Shape =
    Shape::OneOf(OneOf { listed: &["auto", "default", "fast", "flex", "priority"], silent: &["scale"] });

const STOP: Shape = Shape::Either {
    expected: "one of a string or array of strings",
    arms: &[
        Shape::TEXT,
        Shape::Array(Array {
            expected: "an array of strings",
            items: &Shape::TEXT,
            min_length: 0,
            max_length: 4,
        }),
    ],
};

const MODALITIES: Shape = Shape::Array(Array {
    expected: "an array of strings",
    items: &Shape::one_of(&["text", "audio"]),
    min_length: 1,
    max_length: usize::MAX,
});

pub(crate) static METADATA: Map =
    Map { expected: "a metadata object", values: Shape::text(0, 512), max_members: 16, max_name_length: 64 };

static LOGIT_BIAS: Map = Map {
    expected: "an object",
    values: Shape::Decimal { min: -100.0, max: 100.0 },
    max_members: 1024,
    max_name_length: usize::MAX,
};

/// The names of functions, tools and formats: at most 64 plain letters.
pub(crate) const SHORT_NAME: Shape = Shape::matching(1, 64, NAME);
