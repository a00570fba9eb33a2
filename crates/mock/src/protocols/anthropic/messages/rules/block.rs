//! Messages, and the blocks that they are made of.

use super::options::{CACHE_CONTROL, FREE};
use super::source;
use crate::protocols::anthropic::strict::{MEASURED, REFERENCE, wording};
use crate::protocols::strict::shape::{Array, Field, NAME, Object, Shape, Tagged};

/// A list of these.
macro_rules! list_of {
    ($items:expr) => {
        Shape::Array(Array {
            expected: wording::NO_ARRAY,
            items: $items,
            min_length: 0,
            max_length: usize::MAX,
        })
    };
}

pub(super) const MESSAGES: Shape = list_of!(&Shape::Object(&MESSAGE));

/// Which roles there are is looked at apart, see `conversation`.
static MESSAGE: Object = Object {
    source: MEASURED,
    closed: Some("anthropic-messages/message-members"),
    least: r#"{"role": "user", "content": "Hi"}"#,
    within: r#"{"messages": ["$"]}"#,
    fields: &[
        Field::required("anthropic-messages/role", "role", Shape::Anything),
        Field::required("anthropic-messages/content", "content", CONTENT)
            .takes(&[r#""Hi""#, r#"[{"type": "text", "text": "Hi"}]"#])
            .refuses(&["null", "7", "{}", "[7]"]),
        // Of system messages, in trial.
        Field::optional("anthropic-messages/clear-at", "clear_at", Shape::Anything),
        Field::optional("anthropic-messages/message-effort", "output_config", Shape::Anything),
    ],
};

/// A text, or blocks; where it is neither, only the latter are spoken of.
const CONTENT: Shape =
    Shape::Either { expected: wording::NO_ARRAY, arms: &[Shape::TEXT, list_of!(&Shape::Tagged(&BLOCK))] };

static BLOCK: Tagged = Tagged {
    rule: "anthropic-messages/block-type",
    tag: "type",
    kinds: &[
        ("bash_code_execution_tool_result", &OWN_RESULT),
        ("code_execution_tool_result", &OWN_RESULT),
        ("compaction", &OPEN),
        ("container_upload", &OPEN),
        ("document", &DOCUMENT),
        ("fallback", &OPEN),
        ("image", &IMAGE),
        ("mcp_tool_result", &OPEN),
        ("mcp_tool_use", &OPEN),
        ("redacted_thinking", &REDACTED),
        ("search_result", &SEARCH_RESULT),
        ("server_tool_use", &SERVER_TOOL_USE),
        ("text", &TEXT),
        ("text_editor_code_execution_tool_result", &OWN_RESULT),
        ("thinking", &THINKING),
        ("tool_addition", &OPEN),
        ("tool_removal", &OPEN),
        ("tool_result", &TOOL_RESULT),
        ("tool_search_tool_result", &OWN_RESULT),
        ("tool_use", &TOOL_USE),
        ("web_fetch_tool_result", &OWN_RESULT),
        ("web_search_tool_result", &OWN_RESULT),
    ],
    unknown_kind: None,
    default: None,
};

const WITHIN: &str = r#"{"messages": [{"role": "user", "content": ["$"]}]}"#;
const WITHIN_ANSWER: &str = r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": ["$", {"type": "text", "text": "Hello"}]}]}"#;

/// A block of which little is known, or that is in trial.
static OPEN: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "container_upload", "file_id": "file_1"}"#,
    within: WITHIN,
    fields: &[],
};

/// What a tool that Anthropic runs came to.
static OWN_RESULT: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}"#,
    within: WITHIN_ANSWER,
    fields: &[Field::required("anthropic-messages/own-result-of", "tool_use_id", Shape::TEXT)
        .takes(&[r#""srvtoolu_2""#])
        .refuses(&["7"])],
};

static TEXT: Object = Object {
    source: REFERENCE,
    closed: Some("anthropic-messages/text-members"),
    least: r#"{"type": "text", "text": "Hi"}"#,
    within: WITHIN,
    fields: &[
        Field::required("anthropic-messages/text-text", "text", Shape::TEXT)
            .takes(&[r#""Hello""#])
            .refuses(&["null", "7"]),
        Field::optional("anthropic-messages/text-cache-control", "cache_control", CACHE_CONTROL)
            .takes(&["null", r#"{"type": "ephemeral", "ttl": "1h"}"#])
            .refuses(&["true"]),
        Field::optional("anthropic-messages/text-citations", "citations", list_of!(&Shape::Anything))
            .takes(&["null", "[]"])
            .refuses(&["true"]),
    ],
};

static SYSTEM_TEXT: Object = Object {
    source: REFERENCE,
    closed: Some("anthropic-messages/system-members"),
    least: r#"{"type": "text", "text": "Be brief."}"#,
    within: r#"{"system": ["$"]}"#,
    fields: &[
        Field::required("anthropic-messages/system-type", "type", Shape::one_of(&["text"]))
            .takes(&[r#""text""#])
            .refuses(&[r#""image""#]),
        Field::required("anthropic-messages/system-text", "text", Shape::TEXT)
            .takes(&[r#""Be kind.""#])
            .refuses(&["null"]),
        Field::optional("anthropic-messages/system-cache-control", "cache_control", CACHE_CONTROL)
            .takes(&["null", r#"{"type": "ephemeral"}"#])
            .refuses(&["true"]),
        Field::optional("anthropic-messages/system-citations", "citations", Shape::Anything),
    ],
};

pub(super) const SYSTEM: Shape = Shape::Either {
    expected: wording::NO_ARRAY,
    arms: &[Shape::TEXT, list_of!(&Shape::Object(&SYSTEM_TEXT))],
};

static IMAGE: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/vision",
    closed: Some("anthropic-messages/image-members"),
    least: r#"{"type": "image", "source": {"type": "url", "url": "https://example.com/cat.png"}}"#,
    within: WITHIN,
    fields: &[
        Field::required("anthropic-messages/image-source", "source", Shape::Tagged(&source::OF_IMAGE))
            .takes(&[r#"{"type": "file", "file_id": "file_1"}"#])
            .refuses(&["null", r#""https://example.com/cat.png""#]),
        Field::optional("anthropic-messages/image-cache-control", "cache_control", CACHE_CONTROL)
            .takes(&["null"])
            .refuses(&["true"]),
        Field::optional("anthropic-messages/image-transformations", "transformations", Shape::Anything),
    ],
};

static DOCUMENT: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/pdf-support",
    closed: Some("anthropic-messages/document-members"),
    least: r#"{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hi"}}"#,
    within: WITHIN,
    fields: &[
        Field::required("anthropic-messages/document-source", "source", Shape::Tagged(&source::OF_DOCUMENT))
            .takes(&[r#"{"type": "url", "url": "https://example.com/a.pdf"}"#])
            .refuses(&["null", r#""Hi""#]),
        Field::optional("anthropic-messages/document-cache-control", "cache_control", CACHE_CONTROL)
            .takes(&["null"])
            .refuses(&["true"]),
        Field::optional("anthropic-messages/document-citations", "citations", FREE)
            .takes(&["null", r#"{"enabled": true}"#])
            .refuses(&["true"]),
        Field::optional("anthropic-messages/document-context", "context", Shape::TEXT)
            .takes(&["null", r#""A letter.""#])
            .refuses(&["7"]),
        Field::optional("anthropic-messages/document-title", "title", Shape::TEXT)
            .takes(&["null", r#""A""#])
            .refuses(&["7"]),
    ],
};

static SEARCH_RESULT: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/search-results",
    closed: Some("anthropic-messages/search-result-members"),
    least: r#"{"type": "search_result", "source": "https://example.com", "title": "A", "content": [{"type": "text", "text": "Hi"}]}"#,
    within: WITHIN,
    fields: &[
        Field::required(
            "anthropic-messages/search-result-content",
            "content",
            list_of!(&Shape::Object(&FOUND)),
        )
        .takes(&["[]"])
        .refuses(&["null", r#""Hi""#]),
        Field::required("anthropic-messages/search-result-source", "source", Shape::TEXT)
            .takes(&[r#""a""#])
            .refuses(&["7"]),
        Field::required("anthropic-messages/search-result-title", "title", Shape::TEXT)
            .takes(&[r#""B""#])
            .refuses(&["7"]),
        Field::optional("anthropic-messages/search-result-cache-control", "cache_control", CACHE_CONTROL)
            .takes(&["null"])
            .refuses(&["true"]),
        Field::optional("anthropic-messages/search-result-citations", "citations", FREE)
            .takes(&["{}"])
            .refuses(&["true"]),
    ],
};

/// What was found is text.
static FOUND: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/search-results",
    closed: None,
    least: r#"{"type": "text", "text": "Hi"}"#,
    within: r#"{"messages": [{"role": "user", "content": [{"type": "search_result", "source": "a", "title": "A", "content": ["$"]}]}]}"#,
    fields: &[Field::required("anthropic-messages/found-type", "type", Shape::one_of(&["text"]))
        .takes(&[r#""text""#])
        .refuses(&[r#""image""#])],
};

static THINKING: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/extended-thinking",
    closed: Some("anthropic-messages/thinking-members"),
    least: r#"{"type": "thinking", "thinking": "So.", "signature": "c2ln"}"#,
    within: WITHIN_ANSWER,
    fields: &[
        Field::required("anthropic-messages/thinking-signature", "signature", Shape::TEXT)
            .takes(&[r#""c2ln""#])
            .refuses(&["null"]),
        Field::required("anthropic-messages/thinking-thinking", "thinking", Shape::TEXT)
            .takes(&[r#""""#])
            .refuses(&["null"]),
    ],
};

static REDACTED: Object = Object {
    source: "https://platform.claude.com/docs/en/build-with-claude/extended-thinking",
    closed: Some("anthropic-messages/redacted-members"),
    least: r#"{"type": "redacted_thinking", "data": "c2ln"}"#,
    within: WITHIN_ANSWER,
    fields: &[Field::required("anthropic-messages/redacted-data", "data", Shape::TEXT)
        .takes(&[r#""ZGF0YQ==""#])
        .refuses(&["null"])],
};

const ID: Shape = Shape::matching(1, usize::MAX, NAME);

static TOOL_USE: Object = Object {
    source: "https://github.com/anthropics/claude-code/issues",
    closed: Some("anthropic-messages/tool-use-members"),
    least: r#"{"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}}"#,
    within: r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": ["$"]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1"}]}]}"#,
    fields: &[
        Field::required("anthropic-messages/tool-use-id", "id", ID).takes(&[r#""toolu_1""#]).refuses(&[
            r#""Bash:12""#,
            r#""""#,
            "7",
        ]),
        Field::required("anthropic-messages/tool-use-input", "input", FREE)
            .takes(&["{}", r#"{"city": "Oslo"}"#])
            .refuses(&["null", r#""{}""#, "[]"]),
        Field::required("anthropic-messages/tool-use-name", "name", Shape::text(1, 200))
            .takes(&[r#""now""#])
            .refuses(&[r#""""#, "7"]),
        Field::optional("anthropic-messages/tool-use-cache-control", "cache_control", CACHE_CONTROL)
            .takes(&["null"])
            .refuses(&["true"]),
        Field::optional("anthropic-messages/tool-use-caller", "caller", Shape::Anything),
        Field::optional("anthropic-messages/tool-use-toolset", "toolset_name", Shape::Anything),
    ],
};

static SERVER_TOOL_USE: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}"#,
    within: WITHIN_ANSWER,
    fields: &[
        Field::required("anthropic-messages/server-tool-use-id", "id", Shape::TEXT)
            .takes(&[r#""srvtoolu_2""#])
            .refuses(&["7"]),
        Field::required("anthropic-messages/server-tool-use-input", "input", FREE)
            .takes(&["{}"])
            .refuses(&["null"]),
        Field::required("anthropic-messages/server-tool-use-name", "name", Shape::TEXT)
            .takes(&[r#""web_search""#])
            .refuses(&["7"]),
    ],
};

static TOOL_RESULT: Object = Object {
    source: REFERENCE,
    closed: Some("anthropic-messages/tool-result-members"),
    least: r#"{"type": "tool_result", "tool_use_id": "toolu_1", "content": "12:00"}"#,
    within: r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}}]}, {"role": "user", "content": ["$"]}]}"#,
    fields: &[
        Field::required("anthropic-messages/tool-result-of", "tool_use_id", ID)
            .takes(&[r#""toolu_1""#])
            .refuses(&["null", "7", r#""Bash:12""#]),
        Field::optional("anthropic-messages/tool-result-content", "content", RESULT)
            .takes(&[r#""""#, "[]", r#"[{"type": "text", "text": "12:00"}]"#, "null"])
            .refuses(&["7", "{}", "[7]"]),
        Field::optional("anthropic-messages/tool-result-error", "is_error", Shape::Boolean)
            .takes(&["true", "null"])
            .refuses(&[r#""yes""#]),
        Field::optional("anthropic-messages/tool-result-cache-control", "cache_control", CACHE_CONTROL)
            .takes(&["null"])
            .refuses(&["true"]),
        Field::optional("anthropic-messages/tool-result-toolset", "toolset_name", Shape::Anything),
    ],
};

const RESULT: Shape = Shape::Either {
    expected: wording::NO_ARRAY,
    arms: &[Shape::TEXT, list_of!(&Shape::Tagged(&RESULT_BLOCK))],
};

/// Newer ones than those four are in trial, and listed where they are taken.
static RESULT_BLOCK: Tagged = Tagged {
    rule: "anthropic-messages/result-block-type",
    tag: "type",
    kinds: &[
        ("browser_state", &OPEN_RESULT),
        ("document", &DOCUMENT),
        ("image", &IMAGE),
        ("search_result", &SEARCH_RESULT),
        ("text", &TEXT),
        ("tool_reference", &OPEN_RESULT),
    ],
    unknown_kind: None,
    default: None,
};

static OPEN_RESULT: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"type": "tool_reference", "tool_name": "now"}"#,
    within: r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": ["$"]}]}]}"#,
    fields: &[],
};
