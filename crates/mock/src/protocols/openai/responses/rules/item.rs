//! What the items of an input must be, and the contents of messages.

use serde_json::{Map, Value};

use super::parameters::REFERENCE;
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::wording;

/// Measured in August 2026 (gpt-5.6).
const MEASURED: &str =
    "https://github.com/kangminlee-maker/local-OAuth-CLI-API-adapter/blob/main/docs/conformance-matrix.md";
/// Word by word, with its code: reports of people whom OpenAI refused.
const IDS: &str = "https://github.com/continuedev/continue/issues/11494";
const LETTERS: &str = "https://github.com/langchain-ai/langchainjs/issues/11044";
const EMPTY_CALL_IDS: &str = "https://github.com/BigPizzaV3/CodexPlusPlus/issues/315";

pub(super) static ITEMS: Rule = Rule {
    id: "openai-responses/items",
    source: MEASURED,
    takes: &[
        r#"{"input": [{"role": "user", "content": "Hi"}, {"type": "message", "role": "developer", "content": []}]}"#,
        r#"{"input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"},
            {"type": "input_image", "image_url": "https://example.com/cat.png", "detail": "low"}]}]}"#,
        r#"{"input": [{"role": "assistant", "content": [{"type": "output_text", "text": "Hi"}], "phase": "final_answer"},
            {"role": "user", "content": "And?"}]}"#,
        r#"{"input": [{"type": "item_reference", "id": "msg_1"}]}"#,
    ],
    refuses: &[
        r#"{"input": ["Hi"]}"#,
        r#"{"input": [{"type": "letter", "content": "Hi"}]}"#,
        r#"{"input": [{"role": "tool", "content": "Hi"}]}"#,
        r#"{"input": [{"role": "user"}]}"#,
        r#"{"input": [{"role": "user", "content": "Hi", "name": "Ada"}]}"#,
        r#"{"input": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}"#,
        r#"{"input": [{"role": "user", "content": [{"type": "output_text", "text": "Hi"}]}]}"#,
        r#"{"input": [{"role": "user", "content": [{"type": "input_text"}]}]}"#,
        r#"{"input": [{"role": "user", "content": [{"type": "input_image", "image_url": {"url": "https://x.org/y"}}]}]}"#,
    ],
    find: |request| numbered(request).find_map(|(at, item)| fault_of(item, &format!("input[{at}]"))),
};

pub(super) static CALLS: Rule = Rule {
    id: "openai-responses/call-items",
    source: REFERENCE,
    takes: &[r#"{"input": [{"type": "function_call", "call_id": "call_1", "name": "now", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "noon"}]}"#],
    refuses: &[
        r#"{"input": [{"type": "function_call", "name": "now", "arguments": "{}"}]}"#,
        r#"{"input": [{"type": "function_call", "call_id": "call_1", "arguments": "{}"}]}"#,
        r#"{"input": [{"type": "function_call", "call_id": "call_1", "name": "now"}]}"#,
        r#"{"input": [{"type": "function_call_output", "output": "noon"}]}"#,
        r#"{"input": [{"type": "function_call_output", "call_id": "call_1"}]}"#,
        r#"{"input": [{"type": "function_call_output", "call_id": {"$words": 17}, "output": "noon"}]}"#,
    ],
    find: |request| numbered(request).find_map(|(at, item)| fault_of_call(item, &format!("input[{at}]"))),
};

pub(super) static CALL_IDS: Rule = Rule {
    id: "openai-responses/call-ids",
    source: EMPTY_CALL_IDS,
    takes: &[r#"{"input": [{"type": "function_call", "call_id": "call_1", "name": "now", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "noon"}]}"#],
    refuses: &[
        r#"{"input": [{"type": "function_call_output", "call_id": "", "output": "noon"}]}"#,
        r#"{"input": [{"type": "custom_tool_call", "call_id": "", "name": "sh", "input": "ls"}]}"#,
    ],
    find: |request| numbered(request).find_map(|(at, item)| empty_call_id(item, &format!("input[{at}]"))),
};

pub(super) static ID_LETTERS: Rule = Rule {
    id: "openai-responses/item-id-letters",
    source: LETTERS,
    takes: &[r#"{"input": [{"type": "message", "id": "msg_a-1", "role": "user", "content": "Hi"}]}"#],
    refuses: &[
        r#"{"input": [{"type": "message", "id": "", "role": "user", "content": "Hi"}]}"#,
        r#"{"input": [{"type": "message", "id": "msg_a:1", "role": "user", "content": "Hi"}]}"#,
    ],
    find: |request| numbered(request).find_map(|(at, item)| misspelt_id(item, at)),
};

pub(super) static NAMES: Rule = Rule {
    id: "openai-responses/item-ids",
    source: IDS,
    takes: &[r#"{"input": [{"type": "message", "id": "msg_1", "role": "user", "content": "Hi"}]}"#],
    refuses: &[
        r#"{"input": [{"type": "message", "id": "item_1", "role": "user", "content": "Hi"}]}"#,
        r#"{"input": [{"type": "function_call", "id": "call_1", "call_id": "call_1", "name": "now", "arguments": "{}"}]}"#,
        // As reported: <https://github.com/can1357/oh-my-pi/issues/977>.
        r#"{"input": [{"type": "custom_tool_call", "id": "fc_1", "call_id": "call_1", "name": "sh", "input": "ls"}]}"#,
        r#"{"input": [{"type": "reasoning", "id": "r1", "summary": []}]}"#,
    ],
    find: |request| numbered(request).find_map(|(at, item)| strange_id(item, at)),
};

/// The kinds of items that OpenAI lists.
const KINDS: [&str; 33] = [
    "additional_tools",
    "agent_message",
    "apply_patch_call",
    "apply_patch_call_output",
    "code_interpreter_call",
    "compaction",
    "compaction_trigger",
    "computer_call",
    "computer_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "file_search_call",
    "function_call",
    "function_call_output",
    "image_generation_call",
    "item_reference",
    "local_shell_call",
    "local_shell_call_output",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "mcp_list_tools",
    "message",
    "multi_agent_call",
    "multi_agent_call_output",
    "program",
    "program_output",
    "reasoning",
    "shell_call",
    "shell_call_output",
    "tool_search_call",
    "tool_search_output",
    "web_search_call",
];
const ROLES: [&str; 4] = ["assistant", "system", "developer", "user"];
const CONTENTS: [&str; 9] = [
    "input_text",
    "input_image",
    "input_audio",
    "output_text",
    "refusal",
    "input_file",
    "computer_screenshot",
    "summary_text",
    "encrypted_content",
];
const SAID_TO: [&str; 5] = ["input_text", "input_image", "input_file", "scoped_content", "input_audio"];
const SAID_BY: [&str; 2] = ["output_text", "refusal"];
const MEMBERS: [&str; 5] = ["type", "role", "content", "status", "id"];
const PHASES: [&str; 2] = ["commentary", "final_answer"];
const MAX_CALL_ID: usize = 64;

fn numbered<'a>(request: &Request<'a>) -> impl Iterator<Item = (usize, &'a Value)> {
    request.items("input").iter().enumerate()
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> &'a str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn fault_of(item: &Value, place: &str) -> Option<Complaint> {
    let Some(members) = item.as_object() else {
        return Some(wording::wrong_type(place.to_owned(), "an input item", item));
    };
    let kind = text(members, "type");
    if members.contains_key("type") && !KINDS.contains(&kind) {
        return Some(wording::invalid_value(place.to_owned(), kind, &KINDS));
    }
    // What the other kinds hold grows with the API.
    if !matches!(kind, "" | "message") {
        return None;
    }
    let role = text(members, "role");
    if !ROLES.contains(&role) {
        return Some(wording::invalid_value(place.to_owned(), role, &ROLES));
    }
    let Some(content) = members.get("content") else {
        return Some(wording::missing(format!("{place}.content")));
    };
    let is_assistant = role == "assistant";
    let is_known = |name: &str| MEMBERS.contains(&name) || (is_assistant && name == "phase");
    if let Some(name) = members.keys().find(|name| !is_known(name)) {
        return Some(wording::unknown(format!("{place}.{name}"), &[]));
    }
    let phase = text(members, "phase");
    if members.get("phase").is_some_and(|phase| !phase.is_null()) && !PHASES.contains(&phase) {
        return Some(wording::invalid_value(format!("{place}.phase"), phase, &PHASES));
    }
    let allowed: &[&str] = if is_assistant { &SAID_BY } else { &SAID_TO };
    let parts = content.as_array().into_iter().flatten().enumerate();
    parts
        .map(|(at, part)| (part, format!("{place}.content[{at}]")))
        .find_map(|(part, place)| fault_of_part(part, allowed, &place))
}

fn fault_of_part(part: &Value, allowed: &[&str], place: &str) -> Option<Complaint> {
    let Some(members) = part.as_object() else {
        return Some(wording::wrong_type(place.to_owned(), "a content block", part));
    };
    let kind = text(members, "type");
    if !CONTENTS.contains(&kind) {
        return Some(wording::invalid_value(format!("{place}.type"), kind, &CONTENTS));
    }
    if !allowed.contains(&kind) {
        return Some(wording::invalid_value(place.to_owned(), kind, allowed));
    }
    if kind == "input_text" && !members.contains_key("text") {
        return Some(wording::missing(format!("{place}.text")));
    }
    let url = members.get("image_url").filter(|url| kind == "input_image" && !url.is_null())?;
    (!url.is_string()).then(|| wording::wrong_type(format!("{place}.image_url"), "an image URL", url))
}

fn fault_of_call(item: &Value, place: &str) -> Option<Complaint> {
    let members = item.as_object()?;
    let needed: &[&str] = match text(members, "type") {
        "function_call" => &["call_id", "name", "arguments"],
        "custom_tool_call" => &["call_id", "name", "input"],
        "function_call_output" | "custom_tool_call_output" => &["call_id", "output"],
        _ => return None,
    };
    if let Some(name) = needed.iter().find(|name| !members.contains_key(**name)) {
        return Some(wording::missing(format!("{place}.{name}")));
    }
    let length = text(members, "call_id").chars().count();
    (length > MAX_CALL_ID)
        .then(|| wording::too_long(format!("{place}.call_id"), "string", MAX_CALL_ID, length))
}

fn empty_call_id(item: &Value, place: &str) -> Option<Complaint> {
    let is_empty = item.get("call_id").and_then(Value::as_str) == Some("");
    is_empty.then(|| wording::empty(format!("{place}.call_id"), "string"))
}

fn misspelt_id(item: &Value, at: usize) -> Option<Complaint> {
    let is_known = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let id = item.get("id")?.as_str()?;
    let is_misspelt = id.is_empty() || !id.chars().all(is_known);
    let place = format!("input[{at}].id");
    let message = format!(
        "Invalid '{place}': '{id}'. Expected an ID that contains letters, numbers, underscores, or dashes, but this value contained additional characters."
    );
    is_misspelt.then(|| Complaint::new(message).at(place).code("invalid_value"))
}

fn strange_id(item: &Value, at: usize) -> Option<Complaint> {
    let members = item.as_object()?;
    let beginning = match text(members, "type") {
        "" | "message" => "msg",
        "function_call" => "fc",
        "custom_tool_call" => "ctc",
        "reasoning" => "rs",
        _ => return None,
    };
    let id = members.get("id")?.as_str().filter(|id| !id.starts_with(beginning))?;
    let place = format!("input[{at}].id");
    let message = format!("Invalid '{place}': '{id}'. Expected an ID that begins with '{beginning}'.");
    Some(Complaint::new(message).at(place).code("invalid_value"))
}
