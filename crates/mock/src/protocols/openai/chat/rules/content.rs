//! What messages are made of: text, images, sound, files.

use super::options::CACHE_BREAKPOINT;
use super::parameters::REFERENCE;
use crate::protocols::openai::strict::shape::{Array, Field, Object, OneOf, Shape, Tagged};

/// A text, or parts of one.
pub(super) const CONTENT: Shape = Shape::Either { expected: EXPECTED, arms: &[WHOLE, PARTS] };

/// A content that is one text: ten megabytes at most, as refusals of September 2026 say.
pub(super) const WHOLE: Shape = Shape::text(0, 10_485_760);

const EXPECTED: &str = "one of a string or array of objects";

const PARTS: Shape = Shape::Array(Array {
    expected: "an array of objects",
    items: &Shape::Tagged(&PART),
    min_length: 0,
    max_length: usize::MAX,
});

static PART: Tagged = Tagged {
    rule: "openai-chat/part-type",
    tag: "type",
    kinds: &[
        ("text", &TEXT),
        ("image_url", &IMAGE),
        ("input_audio", &SOUND),
        ("refusal", &REFUSAL),
        ("audio", &AUDIO),
        ("file", &FILE),
    ],
    unknown_kind: None,
    default: None,
};

/// What developers say has a schema of its own, whose texts take no members that it does not know:
/// `cache_control`, for one, is refused there and nowhere else.
pub(super) const DEVELOPER_CONTENT: Shape = Shape::Either {
    expected: EXPECTED,
    arms: &[
        WHOLE,
        Shape::Array(Array {
            expected: "an array of objects",
            items: &Shape::Tagged(&DEVELOPER_PART),
            min_length: 0,
            max_length: usize::MAX,
        }),
    ],
};

static DEVELOPER_PART: Tagged = Tagged {
    rule: "openai-chat/developer-part-type",
    tag: "type",
    kinds: &[
        ("text", &DEVELOPER_TEXT),
        ("image_url", &IMAGE),
        ("input_audio", &SOUND),
        ("refusal", &REFUSAL),
        ("audio", &AUDIO),
        ("file", &FILE),
    ],
    unknown_kind: None,
    default: None,
};

static DEVELOPER_TEXT: Object = Object {
    source: REFERENCE,
    closed: Some("openai-chat/developer-part-members"),
    least: r#"{"type": "text", "text": "Be brief."}"#,
    within: r#"{"messages": [{"role": "developer", "content": ["$"]}]}"#,
    fields: &[
        Field::required("openai-chat/developer-part-text", "text", Shape::TEXT)
            .takes(&[r#""Be brief.""#])
            .refuses(&["7", "null"]),
        Field::optional("openai-chat/developer-part-breakpoint", "prompt_cache_breakpoint", CACHE_BREAKPOINT)
            .takes(&[r#"{"mode": "explicit"}"#])
            .refuses(&["true"]),
    ],
};

static TEXT: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "text", "text": "Hi"}"#,
    within: r#"{"messages": [{"role": "user", "content": ["$"]}]}"#,
    fields: &[
        Field::required("openai-chat/part-text", "text", Shape::TEXT)
            .takes(&[r#""""#])
            .refuses(&["7", "null"]),
        Field::optional("openai-chat/part-text-breakpoint", "prompt_cache_breakpoint", CACHE_BREAKPOINT)
            .takes(&[r#"{"mode": "explicit", "ttl": "30m"}"#])
            .refuses(&["true"]),
    ],
};

static IMAGE: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}"#,
    within: r#"{"messages": [{"role": "user", "content": ["$"]}]}"#,
    fields: &[
        Field::required("openai-chat/part-image", "image_url", Shape::Object(&IMAGE_URL))
            .takes(&[r#"{"url": "https://example.com/cat.png"}"#])
            .refuses(&[r#""https://example.com/cat.png""#]),
        Field::optional("openai-chat/part-image-breakpoint", "prompt_cache_breakpoint", CACHE_BREAKPOINT)
            .takes(&[r#"{"mode": "explicit"}"#])
            .refuses(&["true"]),
    ],
};

static IMAGE_URL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"url": "https://example.com/cat.png"}"#,
    within: r#"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "$"}]}]}"#,
    fields: &[
        Field::required("openai-chat/part-image-url", "url", Shape::TEXT)
            .takes(&[r#""https://example.com/cat.png""#])
            .refuses(&["7", "null"]),
        Field::optional("openai-chat/part-image-detail", "detail", DETAIL)
            .takes(&[r#""auto""#, r#""low""#, r#""high""#, r#""original""#])
            .refuses(&[r#""fine""#]),
    ],
};

const DETAIL: Shape = Shape::OneOf(OneOf { listed: &["auto", "low", "high"], silent: &["original"] });

static SOUND: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}"#,
    within: r#"{"model": "gpt-audio", "messages": [{"role": "user", "content": ["$"]}]}"#,
    fields: &[Field::required("openai-chat/part-sound", "input_audio", Shape::Object(&SOUND_DATA))
        .takes(&[r#"{"data": "UklGRg==", "format": "mp3"}"#])
        .refuses(&[r#""UklGRg==""#])],
};

static SOUND_DATA: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"data": "UklGRg==", "format": "wav"}"#,
    within: r#"{"model": "gpt-audio", "messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": "$"}]}]}"#,
    fields: &[
        Field::required("openai-chat/part-sound-data", "data", Shape::TEXT)
            .takes(&[r#""UklGRg==""#])
            .refuses(&["7"]),
        Field::required("openai-chat/part-sound-format", "format", Shape::one_of(&["wav", "mp3"]))
            .takes(&[r#""mp3""#])
            .refuses(&[r#""ogg""#]),
    ],
};

static REFUSAL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "refusal", "refusal": "No."}"#,
    within: r#"{"messages": [{"role": "assistant", "content": ["$"]}]}"#,
    fields: &[Field::required("openai-chat/part-refusal", "refusal", Shape::TEXT)
        .takes(&[r#""No.""#])
        .refuses(&["true"])],
};

/// Not documented; listed among the types there are.
static AUDIO: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "audio", "audio": {"id": "audio_1"}}"#,
    within: r#"{"messages": [{"role": "assistant", "content": ["$"]}]}"#,
    fields: &[],
};

static FILE: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "file", "file": {"file_id": "file-1"}}"#,
    within: r#"{"messages": [{"role": "user", "content": ["$"]}]}"#,
    fields: &[Field::required("openai-chat/part-file", "file", Shape::Object(&FILE_DATA))
        .takes(&[r#"{"file_id": "file-1"}"#])
        .refuses(&[r#""file-1""#])],
};

static FILE_DATA: Object = Object {
    source: REFERENCE,
    closed: Some("openai-chat/part-file-members"),
    least: r#"{"file_id": "file-1"}"#,
    within: r#"{"messages": [{"role": "user", "content": [{"type": "file", "file": "$"}]}]}"#,
    fields: &[
        Field::optional("openai-chat/part-file-id", "file_id", Shape::TEXT)
            .takes(&[r#""file-1""#])
            .refuses(&["1"]),
        Field::optional("openai-chat/part-file-data", "file_data", Shape::TEXT)
            .takes(&[r#""data:application/pdf;base64,JVBERi0xLjQK""#])
            .refuses(&["1"]),
        Field::optional("openai-chat/part-file-name", "filename", Shape::TEXT)
            .takes(&[r#""a.pdf""#])
            .refuses(&["1"]),
    ],
};

/// What a predicted output says.
pub(super) static PREDICTION: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "content", "content": "Hi"}"#,
    within: r#"{"prediction": "$"}"#,
    fields: &[
        Field::required("openai-chat/prediction-type", "type", Shape::one_of(&["content"]))
            .takes(&[r#""content""#])
            .refuses(&[r#""guess""#]),
        Field::required("openai-chat/prediction-content", "content", CONTENT)
            .takes(&[r#""Hi""#, r#"[{"type": "text", "text": "Hi"}]"#])
            .refuses(&["7"]),
    ],
};
