//! What came of a tool call.

use serde::{Deserialize, Serialize};

/// What came of a tool call, for the model and for those who watch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    /// Whether the tool did what it was asked.
    pub success: bool,
    /// What it answered; empty where it failed.
    pub output: String,
    /// Why it failed; `None` where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl ToolResult {
    /// The result of a call that went well.
    pub fn ok(output: impl Into<String>) -> Self {
        Self { success: true, output: output.into(), error: None }
    }

    /// The result of a call that failed.
    pub fn failure(error: impl Into<String>) -> Self {
        Self { success: false, output: String::new(), error: Some(error.into()) }
    }

    /// The text that a model is shown.
    ///
    /// ```
    /// use playhouse_agent::ToolResult;
    ///
    /// assert_eq!(ToolResult::ok("50").text(), "50");
    /// assert_eq!(ToolResult::failure("no such city").text(), "Error: no such city");
    /// ```
    pub fn text(&self) -> String {
        match &self.error {
            Some(error) => format!("Error: {error}"),
            None => self.output.clone(),
        }
    }

    /// The same result with its texts cut to this many bytes, and a note where something was cut.
    #[must_use]
    pub fn within(self, max_bytes: usize) -> Self {
        Self {
            output: cut(self.output, max_bytes),
            error: self.error.map(|error| cut(error, max_bytes)),
            ..self
        }
    }
}

fn cut(mut text: String, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return text;
    }
    let whole = text.len();
    text.truncate(text.floor_char_boundary(max_bytes));
    let kept = text.len();
    text.push_str(&format!("\n[cut: the first {kept} of {whole} bytes]"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_says_so() {
        let cut = ToolResult::ok("aäöü").within(4);
        assert_eq!(cut, ToolResult::ok("aä\n[cut: the first 3 of 7 bytes]"));
        let cut = ToolResult::failure("0123456789").within(5);
        assert_eq!(cut.error.as_deref(), Some("01234\n[cut: the first 5 of 10 bytes]"));
    }

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(ToolResult::ok("aäöü").within(7), ToolResult::ok("aäöü"));
    }
}
