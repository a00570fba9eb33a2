//! What a tool answered, as text for a model.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents, ServerResult};
use serde_json::Value;

use crate::tool::ToolError;

/// The text of an answer.
///
/// Texts are joined; where there is none the structured content stands as JSON. What is no text is
/// named in a line: a model cannot read its bytes.
///
/// # Errors
/// The text, if the tool says that it failed; or that it needs what an agent cannot give.
pub(super) fn read(answer: ServerResult) -> Result<String, ToolError> {
    match answer {
        ServerResult::CallToolResult(answer) => of_result(answer),
        ServerResult::InputRequiredResult(_) => {
            Err(ToolError::new("the tool asks for the input of a person, which is not to be had here"))
        }
        ServerResult::CreateTaskResult(_) | ServerResult::GetTaskResult(_) => {
            Err(ToolError::new("the tool runs as a task in the background, which is not supported here"))
        }
        other => of_json(serde_json::to_value(other).unwrap_or_default()),
    }
}

fn of_result(answer: CallToolResult) -> Result<String, ToolError> {
    let lines = answer.content.into_iter().map(line).collect();
    finish(lines, answer.structured_content, answer.is_error == Some(true))
}

/// An answer that is not quite as the protocol wants it: what is understood of it counts.
fn of_json(mut answer: Value) -> Result<String, ToolError> {
    if !answer.is_object() {
        return Err(ToolError::new("the tool's answer is not what the protocol wants"));
    }
    let blocks = match answer.get_mut("content").map(Value::take) {
        Some(Value::Array(blocks)) => blocks,
        _ => Vec::new(),
    };
    let lines = blocks.into_iter().map(line_of_json).collect();
    let is_error = answer.get("isError") == Some(&Value::Bool(true));
    finish(lines, answer.get_mut("structuredContent").map(Value::take), is_error)
}

fn finish(lines: Vec<String>, structured: Option<Value>, is_error: bool) -> Result<String, ToolError> {
    let text = match structured {
        Some(structured) if lines.is_empty() => structured.to_string(),
        _ => join(lines),
    };
    match is_error {
        false => Ok(text),
        true if text.is_empty() => Err(ToolError::new("the tool failed and does not say why")),
        true => Err(ToolError::new(text)),
    }
}

/// One text is most often all there is; it is not copied.
fn join(mut lines: Vec<String>) -> String {
    if lines.len() == 1 { lines.remove(0) } else { lines.join("\n") }
}

fn line(block: ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text,
        ContentBlock::Image(image) => bytes("an image", &image.mime_type, &image.data),
        ContentBlock::Audio(audio) => bytes("audio", &audio.mime_type, &audio.data),
        ContentBlock::Resource(resource) => resource_line(resource.resource),
        ContentBlock::ResourceLink(link) => match link.description {
            Some(description) => format!("[a resource: {} ({description}) at {}]", link.name, link.uri),
            None => format!("[a resource: {} at {}]", link.name, link.uri),
        },
        _ => "[content of a kind that cannot be shown]".to_owned(),
    }
}

/// A resource of text is text; of another one a model is told what it is.
fn resource_line(resource: ResourceContents) -> String {
    match resource {
        ResourceContents::TextResourceContents { uri, text, .. } => format!("[the resource {uri}:]\n{text}"),
        ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
            bytes(&format!("the resource {uri}"), mime_type.as_deref().unwrap_or("unknown"), &blob)
        }
        _ => "[a resource of a kind that cannot be shown]".to_owned(),
    }
}

/// What base64 holds, by name and size.
fn bytes(what: &str, mime_type: &str, base64: &str) -> String {
    let padding = base64.bytes().rev().take(2).filter(|byte| *byte == b'=').count();
    let size = (base64.len() / 4 * 3).saturating_sub(padding);
    format!("[{what} of the type {mime_type}, {size} bytes, which cannot be shown]")
}

fn line_of_json(block: Value) -> String {
    match serde_json::from_value::<ContentBlock>(block.clone()) {
        Ok(block) => line(block),
        Err(_) => match (block.get("type").and_then(Value::as_str), block.get("text")) {
            (Some("text"), Some(Value::String(text))) => text.clone(),
            (Some(kind), _) => format!("[content of the kind '{kind}', which cannot be shown]"),
            (None, _) => "[content of a kind that cannot be shown]".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(answer: Value) -> Result<String, String> {
        let answer: ServerResult = serde_json::from_value(answer).unwrap();
        read(answer).map_err(|error| error.to_string())
    }

    #[test]
    fn texts_are_joined() {
        let answer = json!({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]});
        assert_eq!(text(answer).unwrap(), "a\nb");
    }

    #[test]
    fn structured_content_stands_where_there_is_no_text() {
        let structured = json!({"content": [], "structuredContent": {"b": 1, "a": [2]}});
        assert_eq!(text(structured).unwrap(), r#"{"b":1,"a":[2]}"#);
        let both = json!({"content": [{"type": "text", "text": "said"}], "structuredContent": {"a": 1}});
        assert_eq!(text(both).unwrap(), "said");
    }

    #[test]
    fn what_is_no_text_is_named_and_not_shown() {
        let answer = json!({"content": [
            {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"},
            {"type": "audio", "data": "aGVsbG8h", "mimeType": "audio/wav"},
            {"type": "resource", "resource": {"uri": "file:///a", "mimeType": "application/gzip", "blob": "aGk="}},
            {"type": "resource_link", "uri": "file:///b", "name": "b", "description": "the second"},
        ]});
        assert_eq!(
            text(answer).unwrap(),
            "[an image of the type image/png, 5 bytes, which cannot be shown]\n\
             [audio of the type audio/wav, 6 bytes, which cannot be shown]\n\
             [the resource file:///a of the type application/gzip, 2 bytes, which cannot be shown]\n\
             [a resource: b (the second) at file:///b]"
        );
    }

    #[test]
    fn a_resource_of_text_is_shown() {
        let resource = json!({"uri": "file:///a.txt", "mimeType": "text/plain", "text": "inside"});
        let answer = json!({"content": [{"type": "resource", "resource": resource}]});
        assert_eq!(text(answer).unwrap(), "[the resource file:///a.txt:]\ninside");
    }

    #[test]
    fn a_failure_is_an_error_with_its_text() {
        let failed = |content: Value| text(json!({"content": content, "isError": true})).unwrap_err();
        assert_eq!(failed(json!([{"type": "text", "text": "no such city"}])), "no such city");
        assert_eq!(failed(json!([])), "the tool failed and does not say why");
    }

    #[test]
    fn content_of_an_unknown_kind_spoils_no_other() {
        let answer = json!({"content": [
            {"type": "hologram", "data": "x"},
            {"type": "text", "text": "said", "annotations": {"audience": "nobody known"}},
            {"no": "type"},
        ]});
        assert_eq!(
            text(answer).unwrap(),
            "[content of the kind 'hologram', which cannot be shown]\nsaid\n\
             [content of a kind that cannot be shown]"
        );
    }

    #[test]
    fn nothing_at_all_is_an_empty_answer_and_nonsense_an_error() {
        assert_eq!(text(json!({})).unwrap(), "");
        assert!(text(json!("nonsense")).unwrap_err().contains("not what the protocol wants"));
        assert!(text(json!([1, 2])).is_err());
    }
}
