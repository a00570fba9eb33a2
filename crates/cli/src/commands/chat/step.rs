//! What an agent does, in one line each.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// Longer lines are cut: they only say what goes on.
const MAX_CHARS: usize = 160;

/// Something that an agent did.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Step {
    /// It thought aloud.
    Thought { thought: String },
    /// It calls a tool.
    ToolCall { tool: String, arguments: Value },
    /// A tool has answered.
    ToolResult { output: String, error: Option<String> },
    /// Something that a newer server tells of.
    #[serde(other)]
    Other,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, said) = match self {
            Self::Thought { thought } => ("…", thought.clone()),
            Self::ToolCall { tool, arguments } => ("→", format!("{tool} {arguments}")),
            Self::ToolResult { error: Some(error), .. } => ("✗", error.clone()),
            Self::ToolResult { output, .. } => ("←", output.clone()),
            Self::Other => return Ok(()),
        };
        write!(formatter, "{mark} {}", in_one_line(&said))
    }
}

fn in_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line: String = words.join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_CHARS) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> String {
        serde_json::from_str::<Step>(json).unwrap().to_string()
    }

    #[test]
    fn each_step_is_a_line() {
        assert_eq!(line(r#"{"type": "thought", "step": 1, "thought": "I add\nthem."}"#), "… I add them.");
        let call =
            r#"{"type": "tool_call", "step": 1, "call_id": "c", "tool": "add", "arguments": {"a": 1}}"#;
        assert_eq!(line(call), r#"→ add {"a":1}"#);
        assert_eq!(line(r#"{"type": "tool_result", "output": "3", "error": null}"#), "← 3");
        assert_eq!(line(r#"{"type": "tool_result", "output": "", "error": "no"}"#), "✗ no");
        assert_eq!(line(r#"{"type": "something_new", "x": 1}"#), "");
    }

    #[test]
    fn long_lines_are_cut() {
        let said = format!(r#"{{"type": "thought", "thought": "{}"}}"#, "ä".repeat(500));
        assert_eq!(line(&said).chars().count(), MAX_CHARS + 3);
    }
}
