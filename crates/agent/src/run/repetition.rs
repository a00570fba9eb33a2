//! Calls that are made again and again.

use std::collections::HashMap;

use playhouse_llm::ToolCall;
use serde_json::Value;

/// Counts calls of the same tool with the same arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct Repetition {
    counts: HashMap<(String, String), u32>,
}

impl Repetition {
    /// Counts these calls; gives the first that has been made more often than allowed.
    pub(super) fn count<'a>(&mut self, calls: &'a [ToolCall], max: u32) -> Option<&'a ToolCall> {
        let mut excess = None;
        for call in calls {
            let count = self.counts.entry((call.name.clone(), in_one_form(&call.arguments))).or_default();
            *count += 1;
            if *count > max {
                excess = excess.or(Some(call));
            }
        }
        excess
    }
}

/// The arguments without what makes no difference; text that is no JSON stays as it is.
fn in_one_form(arguments: &str) -> String {
    let sorted = |value: Value| {
        let mut value = value;
        value.sort_all_objects();
        value.to_string()
    };
    serde_json::from_str(arguments).map_or_else(|_| arguments.trim().to_owned(), sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &str) -> ToolCall {
        ToolCall { name: "add".to_owned(), arguments: arguments.to_owned(), ..ToolCall::default() }
    }

    #[test]
    fn the_same_arguments_are_the_same_however_they_are_written() {
        let mut repetition = Repetition::default();
        assert!(repetition.count(&[call(r#"{"a": 1, "b": 2}"#)], 1).is_none());
        assert!(repetition.count(&[call(r#"{"a": 1, "b": 3}"#)], 1).is_none());
        let again = [call(r#"{"b":2,"a":1}"#)];
        assert_eq!(repetition.count(&again, 1), Some(&again[0]));
    }
}
