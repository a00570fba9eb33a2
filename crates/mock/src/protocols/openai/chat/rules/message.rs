//! The messages of a conversation, by role.
//!
//! Members that OpenAI has no name for are taken: clients send back what they were answered.

use super::content::{CONTENT, DEVELOPER_CONTENT, WHOLE};
use super::parameters::{REFERENCE, SHORT_NAME};
use crate::protocols::openai::strict::shape::{Array, Field, Object, PARTICIPANT, Shape, Tagged};

pub(super) const MESSAGES: Shape = Shape::Array(Array {
    expected: "an array of objects",
    items: &Shape::Tagged(&MESSAGE),
    min_length: 1,
    max_length: usize::MAX,
});

static MESSAGE: Tagged = Tagged {
    rule: "openai-chat/message-role",
    tag: "role",
    kinds: &[
        ("system", &SYSTEM),
        ("assistant", &ASSISTANT),
        ("user", &USER),
        ("function", &FUNCTION),
        ("tool", &TOOL),
        ("developer", &DEVELOPER),
    ],
    unknown_kind: None,
    default: None,
};

static SYSTEM: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"role": "system", "content": "Be brief."}"#,
    within: r#"{"messages": ["$"]}"#,
    fields: &[
        // That it is there is looked at last of all, see `conversation`.
        Field::optional("openai-chat/system-content", "content", CONTENT)
            .takes(&[r#""Be brief.""#, r#"[{"type": "text", "text": "Be brief."}]"#])
            .refuses(&["7"]),
        Field::optional("openai-chat/system-name", "name", PARTICIPANT_NAME)
            .takes(&[r#""boss""#])
            .refuses(&[r#""the boss""#, "7"]),
    ],
};

/// A schema of its own, in which the content is required as others are.
static DEVELOPER: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"role": "developer", "content": "Be brief."}"#,
    within: r#"{"messages": ["$"]}"#,
    fields: &[
        Field::required("openai-chat/developer-content", "content", DEVELOPER_CONTENT)
            .takes(&[r#""Be brief.""#, r#"[{"type": "text", "text": "Be brief."}]"#])
            .refuses(&["7", "null"]),
        Field::optional("openai-chat/developer-name", "name", PARTICIPANT_NAME)
            .takes(&[r#""boss""#])
            .refuses(&[r#""the boss""#]),
    ],
};

static USER: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"role": "user", "content": "Hi"}"#,
    within: r#"{"messages": ["$"]}"#,
    fields: &[
        Field::optional("openai-chat/user-content", "content", CONTENT)
            .takes(&[r#""""#, "[]", r#"[{"type": "text", "text": "Hi"}]"#])
            .refuses(&["7", r#"{"text": "Hi"}"#]),
        Field::optional("openai-chat/user-name", "name", PARTICIPANT_NAME)
            .takes(&[r#""Ann.Lee@home""#])
            .refuses(&[r#""Ann Lee""#, r#""<Ann>""#]),
    ],
};

static ASSISTANT: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"role": "assistant", "content": "Hello"}"#,
    within: r#"{"messages": ["$"]}"#,
    fields: &[
        Field::optional("openai-chat/assistant-content", "content", CONTENT)
            .takes(&[r#""Hello""#, r#"[{"type": "text", "text": "Hello"}]"#])
            .refuses(&["7"]),
        Field::optional("openai-chat/assistant-name", "name", PARTICIPANT_NAME)
            .takes(&[r#""bot""#])
            .refuses(&[r#""a bot""#]),
        Field::optional("openai-chat/assistant-refusal", "refusal", Shape::TEXT)
            .takes(&[r#""No.""#, "null"])
            .refuses(&["true"]),
        Field::optional("openai-chat/assistant-tool-calls", "tool_calls", CALLS)
            .takes(&["null"])
            .refuses(&["[]", r#""now""#]),
        Field::optional(
            "openai-chat/assistant-function-call",
            "function_call",
            Shape::Object(&CALLED_FUNCTION),
        )
        .takes(&[r#"{"name": "now", "arguments": "{}"}"#, "null"])
        .refuses(&[r#""now""#]),
        Field::optional("openai-chat/assistant-audio", "audio", Shape::Object(&SAID_AUDIO))
            .takes(&[r#"{"id": "audio_1"}"#, "null"])
            .refuses(&[r#""audio_1""#]),
    ],
};

static TOOL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"role": "tool", "tool_call_id": "call_1", "content": "12:00"}"#,
    within: r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}]}, "$"]}"#,
    fields: &[
        Field::optional("openai-chat/tool-content", "content", CONTENT)
            .takes(&[r#""12:00""#, r#"[{"type": "text", "text": "12:00"}]"#])
            .refuses(&["12"]),
        // That it is there is looked at with the order of messages, see `conversation`.
        Field::optional("openai-chat/tool-call-id", "tool_call_id", CALL_ID)
            .takes(&[r#""call_1""#])
            .refuses(&["1", r#""call_012345678901234567890123456789012345x""#]),
    ],
};

static FUNCTION: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"role": "function", "name": "now", "content": "12:00"}"#,
    within: r#"{"messages": [{"role": "user", "content": "Hi"}, "$"]}"#,
    fields: &[
        Field::optional("openai-chat/function-content", "content", WHOLE)
            .takes(&[r#""12:00""#])
            .refuses(&["12"]),
        Field::optional("openai-chat/function-message-name", "name", Shape::TEXT)
            .takes(&[r#""now""#])
            .refuses(&["7"]),
    ],
};

const CALLS: Shape = Shape::Array(Array {
    expected: "an array of objects",
    items: &Shape::Tagged(&CALL),
    min_length: 1,
    max_length: 128,
});

static CALL: Tagged = Tagged {
    rule: "openai-chat/call-type",
    tag: "type",
    kinds: &[("function", &FUNCTION_CALL), ("custom", &CUSTOM_CALL)],
    unknown_kind: None,
    default: None,
};

static FUNCTION_CALL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}"#,
    within: ANSWERED_CALL,
    fields: &[
        Field::required("openai-chat/call-id", "id", CALL_ID)
            .takes(&[r#""call_1""#])
            .refuses(&["1", r#""call_012345678901234567890123456789012345x""#]),
        Field::required("openai-chat/call-function", "function", Shape::Object(&CALLED_FUNCTION_OF_TOOL))
            .takes(&[r#"{"name": "now", "arguments": ""}"#])
            .refuses(&[r#""now""#]),
    ],
};

static CUSTOM_CALL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"id": "call_1", "type": "custom", "custom": {"name": "shell", "input": "ls"}}"#,
    within: ANSWERED_CALL,
    fields: &[
        Field::required("openai-chat/custom-call-id", "id", CALL_ID).takes(&[r#""call_1""#]).refuses(&["1"]),
        Field::required("openai-chat/call-custom", "custom", Shape::Object(&CALLED_CUSTOM))
            .takes(&[r#"{"name": "shell", "input": ""}"#])
            .refuses(&[r#""shell""#]),
    ],
};

const ANSWERED_CALL: &str = r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": ["$"]}, {"role": "tool", "tool_call_id": "call_1", "content": "12:00"}]}"#;

static CALLED_FUNCTION_OF_TOOL: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"name": "now", "arguments": "{}"}"#,
    within: r#"{"messages": [{"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": "$"}]}, {"role": "tool", "tool_call_id": "call_1", "content": "12:00"}]}"#,
    fields: &[
        Field::required("openai-chat/called-name", "name", SHORT_NAME)
            .takes(&[r#""get_time-2""#])
            .refuses(&[r#""get time""#, r#""""#]),
        // What the model wrote need not be JSON.
        Field::required("openai-chat/called-arguments", "arguments", Shape::TEXT)
            .takes(&[r#""""#, r#""{""#])
            .refuses(&["{}", "null"]),
    ],
};

static CALLED_FUNCTION: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"name": "now", "arguments": "{}"}"#,
    within: r#"{"messages": [{"role": "assistant", "function_call": "$"}]}"#,
    fields: &[
        Field::required("openai-chat/called-function-name", "name", Shape::TEXT)
            .takes(&[r#""now""#])
            .refuses(&["7"]),
        Field::required("openai-chat/called-function-arguments", "arguments", Shape::TEXT)
            .takes(&[r#""""#])
            .refuses(&["{}"]),
    ],
};

static CALLED_CUSTOM: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"name": "shell", "input": "ls"}"#,
    within: r#"{"messages": [{"role": "assistant", "tool_calls": [{"id": "call_1", "type": "custom", "custom": "$"}]}, {"role": "tool", "tool_call_id": "call_1", "content": "a.txt"}]}"#,
    fields: &[
        Field::required("openai-chat/called-custom-name", "name", SHORT_NAME)
            .takes(&[r#""shell""#])
            .refuses(&["7"]),
        Field::required("openai-chat/called-custom-input", "input", Shape::TEXT)
            .takes(&[r#""""#])
            .refuses(&["{}"]),
    ],
};

static SAID_AUDIO: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"id": "audio_1"}"#,
    within: r#"{"messages": [{"role": "assistant", "audio": "$"}]}"#,
    fields: &[Field::required("openai-chat/said-audio-id", "id", Shape::TEXT)
        .takes(&[r#""audio_2""#])
        .refuses(&["7"])],
};

const PARTICIPANT_NAME: Shape = Shape::matching(0, 64, PARTICIPANT);

const CALL_ID: Shape = Shape::text(0, 40);
