//! A condition in words.

use std::fmt::Display;

use crate::script::{MessageMatch, TextMatch, ToolResultMatch, When};

/// What a call must be like, in words (`model like "gpt-4o*" and user contains "weather"`).
pub(super) fn in_words(when: &When) -> String {
    let conditions: Vec<String> = general(when).into_iter().chain(spoken(when)).chain(beside(when)).collect();
    match conditions.is_empty() {
        true => "any call".to_owned(),
        false => conditions.join(" and "),
    }
}

fn general(when: &When) -> Vec<String> {
    let protocol = when.protocol.as_ref().map(|protocol| format!("protocol {protocol}"));
    let model = when.model.as_ref().map(|model| format!("model like {model:?}"));
    let stream = when.stream.map(|stream| if stream { "a stream" } else { "no stream" }.to_owned());
    [protocol, model, stream].into_iter().flatten().collect()
}

fn spoken(when: &When) -> Vec<String> {
    let system = when.system.as_ref().map(|system| format!("system {}", text(system)));
    let user = when.user.as_ref().map(|user| format!("user {}", text(user)));
    let message = when.message.as_ref().map(self::message);
    let turn = when.turn.map(|turn| format!("turn {turn}"));
    let result = when.tool_result.as_ref().map(tool_result);
    [system, user, message, turn, result].into_iter().flatten().collect()
}

fn beside(when: &When) -> Vec<String> {
    let tools = when.tools.iter().map(|tools| format!("tools {}", listed(&tools.0)));
    let json = when.json.iter().map(|(path, value)| format!("{path} is {value}"));
    let header = when.header.iter().map(|(name, value)| format!("header {name} {}", text(value)));
    let predicate = when.predicate.iter().map(|_| "the test's closure says yes".to_owned());
    tools.chain(json).chain(header).chain(predicate).collect()
}

/// What a text must be like, in words (`contains "weather"`).
pub(super) fn text(text: &TextMatch) -> String {
    let contains = text.contains.as_ref().map(|texts| format!("contains {}", listed(&texts.0)));
    let is = text.is.as_ref().map(|text| format!("is {text:?}"));
    let matches = text.matches.as_ref().map(|regex| format!("matches /{regex}/"));
    let conditions: Vec<String> = [contains, is, matches].into_iter().flatten().collect();
    let case = if text.ignore_case { " in any case" } else { "" };
    match conditions.is_empty() {
        true => "is anything".to_owned(),
        false => format!("{}{case}", conditions.join(" and ")),
    }
}

fn message(message: &MessageMatch) -> String {
    let role = message.role.map_or("some message".to_owned(), |role| {
        format!("some {} message", crate::journal::conversation::role_name(role))
    });
    match &message.text {
        Some(wanted) => format!("{role} {}", text(wanted)),
        None => role,
    }
}

/// What a tool must have answered, in words.
pub(super) fn tool_result(result: &ToolResultMatch) -> String {
    let name = result.name.as_ref().map_or("some tool".to_owned(), |name| format!("tool {name}"));
    match &result.content {
        Some(content) => format!("a result of {name} that {}", text(content)),
        None => format!("a result of {name}"),
    }
}

fn listed(texts: &[String]) -> String {
    let quoted = texts.iter().map(|text| format!("{text:?}"));
    join(quoted)
}

fn join(items: impl Iterator<Item = impl Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(json: &str) -> String {
        in_words(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn conditions_read_as_words() {
        assert_eq!(words("{}"), "any call");
        assert_eq!(words(r#"{"user": "weather"}"#), "user contains \"weather\"");
        assert_eq!(
            words(
                r#"{"model": "gpt-4o*", "stream": true, "user": {"matches": "in (\\w+)", "ignore_case": true}}"#
            ),
            "model like \"gpt-4o*\" and a stream and user matches /in (\\w+)/ in any case"
        );
        assert_eq!(
            words(
                r#"{"message": {"role": "tool", "text": {"is": "21"}}, "tools": ["a", "b"], "json": {"$.n": 2}}"#
            ),
            "some tool message is \"21\" and tools \"a\" and \"b\" and $.n is 2"
        );
        assert_eq!(
            words(r#"{"tool_result": {"name": "get_weather", "content": "sun"}, "header": {"x-a": "b"}}"#),
            "a result of tool get_weather that contains \"sun\" and header x-a contains \"b\""
        );
    }
}
