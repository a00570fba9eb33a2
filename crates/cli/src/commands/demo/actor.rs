//! Who plays the model in the demo: canned answers, and a tool call where there is something to calculate.

use std::time::Duration;

use playhouse_llm::{Choice, Extra, FinishReason, Message, Part, Prompt, Reply, Request, Role, ToolCall};
use playhouse_mock::Answer;
use serde_json::json;

/// The wait before each word of a streamed answer: fast, and still to be seen.
const PACE: Duration = Duration::from_millis(15);

/// The tool that it knows how to use.
const CALCULATOR: &str = "calculator";

/// Says what the user said last, and that nobody has thought about it; calculates where it can.
pub(super) fn answer(request: &Request) -> Answer {
    let prompt = match request.prompt() {
        Ok(prompt) => prompt,
        Err(error) => return Answer::failure(error),
    };
    let answer = act(prompt);
    if request.stream { answer.paced(PACE) } else { answer }
}

fn act(prompt: &Prompt) -> Answer {
    let said = prompt.last_user_text().unwrap_or_default();
    if !prompt.tools.iter().any(|tool| tool.name == CALCULATOR) {
        return Answer::text(format!("You said: {said}"));
    }
    match (result(prompt), expression(&said)) {
        (Some(result), _) => Answer::text(format!("The calculator says: {result}")),
        (None, Some(expression)) => calculate(expression),
        (None, None) => Answer::text("I can only calculate here. Ask me for 17 * 23."),
    }
}

/// What the tool answered, if it was the last to speak.
fn result(prompt: &Prompt) -> Option<String> {
    let last = prompt.messages.last().filter(|message| message.role == Role::Tool)?;
    Some(last.text())
}

/// The part of a sentence that can be calculated: from its first digit or bracket to its last.
fn expression(said: &str) -> Option<&str> {
    let start = said.find(|symbol: char| symbol.is_ascii_digit() || symbol == '(')?;
    let end = said.rfind(|symbol: char| symbol.is_ascii_digit() || symbol == ')')?;
    let expression = said.get(start..=end)?;
    let is_known = |symbol: char| symbol.is_ascii_digit() || " +-*/^().%".contains(symbol);
    let has_operator = expression.contains(|symbol: char| "+-*/^%".contains(symbol));
    (has_operator && expression.chars().all(is_known)).then_some(expression)
}

fn calculate(expression: &str) -> Answer {
    let call = ToolCall {
        id: "call_1".to_owned(),
        name: CALCULATOR.to_owned(),
        arguments: json!({"expression": expression}).to_string(),
        extra: Extra::new(),
    };
    let mut message = Message::assistant("");
    message.parts = vec![Part::ToolCall(call)];
    let choice = Choice { index: 0, message, finish: Some(FinishReason::ToolCalls), extra: Extra::new() };
    Answer::from(&Reply { choices: vec![choice], ..Reply::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_calculated_is_found_in_a_sentence() {
        let cases = [
            ("What is 17 * 23?", Some("17 * 23")),
            ("(1+2)*3 please", Some("(1+2)*3")),
            ("What is 2^10, and why?", Some("2^10")),
            ("I am 36 years old", None),
            ("Hello", None),
        ];
        for (said, meant) in cases {
            assert_eq!(expression(said), meant, "{said}");
        }
    }
}
