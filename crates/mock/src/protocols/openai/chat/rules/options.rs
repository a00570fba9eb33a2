//! The parameters that are objects of options: streams, caching, moderation, sound, web search.

use super::parameters::REFERENCE;
use crate::protocols::openai::strict::shape::{Field, Object, Shape};

pub(super) static MODERATION: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"model": "omni-moderation-latest"}"#,
    within: r#"{"moderation": "$"}"#,
    fields: &[
        Field::required("openai-chat/moderation-model", "model", Shape::TEXT)
            .takes(&[r#""omni-moderation-latest""#])
            .refuses(&["7"]),
        Field::optional("openai-chat/moderation-policy", "policy", Shape::Object(&MODERATION_POLICY))
            .takes(&["{}", "null"])
            .refuses(&[r#""strict""#]),
    ],
};

static MODERATION_POLICY: Object = Object {
    source: REFERENCE,
    closed: None,
    least: "{}",
    within: r#"{"moderation": {"model": "omni-moderation-latest", "policy": "$"}}"#,
    fields: &[
        Field::optional("openai-chat/moderation-of-input", "input", Shape::Object(&MODERATED))
            .takes(&[r#"{"mode": "block"}"#, "null"])
            .refuses(&[r#""block""#]),
        Field::optional("openai-chat/moderation-of-output", "output", Shape::Object(&MODERATED))
            .takes(&[r#"{"mode": "score"}"#, "null"])
            .refuses(&[r#""score""#]),
    ],
};

static MODERATED: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"mode": "score"}"#,
    within: r#"{"moderation": {"model": "omni-moderation-latest", "policy": {"input": "$"}}}"#,
    fields: &[Field::required("openai-chat/moderation-mode", "mode", Shape::one_of(&["score", "block"]))
        .takes(&[r#""block""#])
        .refuses(&[r#""warn""#])],
};

pub(super) static CACHE_OPTIONS: Object = Object {
    source: REFERENCE,
    closed: Some("openai-chat/prompt-cache-options-members"),
    least: "{}",
    within: r#"{"prompt_cache_options": "$"}"#,
    fields: &[
        Field::optional("openai-chat/prompt-cache-mode", "mode", Shape::one_of(&["implicit", "explicit"]))
            .takes(&[r#""explicit""#])
            .refuses(&[r#""secret""#]),
        Field::optional("openai-chat/prompt-cache-ttl", "ttl", CACHE_TTL)
            .takes(&[r#""30m""#, r#""12h""#])
            .refuses(&["30", r#""5m""#]),
    ],
};

/// As the types of the client libraries have it in November 2026.
const CACHE_TTL: Shape = Shape::one_of(&["30m", "12h"]);

/// Where in a message a cached prompt may end.
pub(super) const CACHE_BREAKPOINT: Shape = Shape::Object(&BREAKPOINT);

static BREAKPOINT: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"mode": "explicit"}"#,
    within: r#"{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", "prompt_cache_breakpoint": "$"}]}]}"#,
    fields: &[
        Field::required("openai-chat/cache-breakpoint-mode", "mode", Shape::one_of(&["explicit"]))
            .takes(&[r#""explicit""#])
            .refuses(&[r#""implicit""#]),
        Field::optional("openai-chat/cache-breakpoint-ttl", "ttl", CACHE_TTL)
            .takes(&[r#""12h""#])
            .refuses(&[r#""1h""#]),
    ],
};

pub(super) static STREAM_OPTIONS: Object = Object {
    source: REFERENCE,
    closed: Some("openai-chat/stream-options-members"),
    least: "{}",
    within: r#"{"stream": true, "stream_options": "$"}"#,
    fields: &[
        Field::optional("openai-chat/include-usage", "include_usage", Shape::Boolean)
            .takes(&["true"])
            .refuses(&[r#""yes""#]),
        Field::optional("openai-chat/include-obfuscation", "include_obfuscation", Shape::Boolean)
            .takes(&["false"])
            .refuses(&["0"]),
    ],
};

pub(super) static AUDIO: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"voice": "alloy", "format": "wav"}"#,
    within: r#"{"model": "gpt-audio", "modalities": ["text", "audio"], "audio": "$"}"#,
    fields: &[
        Field::required("openai-chat/audio-format", "format", AUDIO_FORMAT)
            .takes(&[r#""mp3""#, r#""pcm16""#])
            .refuses(&[r#""tape""#]),
        Field::required("openai-chat/audio-voice", "voice", VOICE)
            .takes(&[r#""ash""#, r#"{"id": "voice_1"}"#])
            .refuses(&["7"]),
    ],
};

const AUDIO_FORMAT: Shape = Shape::one_of(&["wav", "aac", "mp3", "flac", "opus", "pcm16"]);

/// A name, which may be new, or a voice of one's own.
const VOICE: Shape = Shape::Either {
    expected: "one of a string or object",
    arms: &[Shape::TEXT, Shape::Object(&VOICE_OF_ONES_OWN)],
};

static VOICE_OF_ONES_OWN: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"id": "voice_1"}"#,
    within: r#"{"model": "gpt-audio", "modalities": ["text", "audio"], "audio": {"format": "wav", "voice": "$"}}"#,
    fields: &[Field::required("openai-chat/voice-id", "id", Shape::TEXT)
        .takes(&[r#""voice_2""#])
        .refuses(&["7"])],
};

pub(super) static WEB_SEARCH: Object = Object {
    source: REFERENCE,
    closed: None,
    least: "{}",
    within: r#"{"model": "gpt-4o-search-preview", "web_search_options": "$"}"#,
    fields: &[
        Field::optional("openai-chat/search-context-size", "search_context_size", SEARCH_CONTEXT_SIZE)
            .takes(&[r#""low""#])
            .refuses(&[r#""huge""#]),
        Field::optional("openai-chat/search-user-location", "user_location", Shape::Object(&LOCATION))
            .takes(&[r#"{"type": "approximate", "approximate": {"city": "Oslo"}}"#])
            .refuses(&[r#""Oslo""#]),
    ],
};

const SEARCH_CONTEXT_SIZE: Shape = Shape::one_of(&["low", "medium", "high"]);

static LOCATION: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "approximate", "approximate": {}}"#,
    within: r#"{"model": "gpt-4o-search-preview", "web_search_options": {"user_location": "$"}}"#,
    fields: &[
        Field::required("openai-chat/search-location-type", "type", Shape::one_of(&["approximate"]))
            .takes(&[r#""approximate""#])
            .refuses(&[r#""exact""#]),
        Field::required("openai-chat/search-location", "approximate", Shape::Object(&PLACE))
            .takes(&[r#"{"country": "NO"}"#])
            .refuses(&[r#""Oslo""#]),
    ],
};

static PLACE: Object = Object {
    source: REFERENCE,
    closed: None,
    least: "{}",
    within: r#"{"model": "gpt-4o-search-preview", "web_search_options": {"user_location": {"type": "approximate", "approximate": "$"}}}"#,
    fields: &[
        Field::optional("openai-chat/search-city", "city", Shape::TEXT).takes(&[r#""Oslo""#]).refuses(&["7"]),
        Field::optional("openai-chat/search-country", "country", Shape::TEXT)
            .takes(&[r#""NO""#])
            .refuses(&["7"]),
        Field::optional("openai-chat/search-region", "region", Shape::TEXT)
            .takes(&[r#""Oslo""#])
            .refuses(&["7"]),
        Field::optional("openai-chat/search-timezone", "timezone", Shape::TEXT)
            .takes(&[r#""Europe/Oslo""#])
            .refuses(&["7"]),
    ],
};
