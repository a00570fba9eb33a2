//! What the model is told of the form.

use playhouse_llm::ToolSpec;

/// What ends a reply that calls a tool.
pub(super) const STOP: &str = "\nObservation:";

/// The form and the tools.
pub(super) fn instructions(tools: &[ToolSpec]) -> String {
    if tools.is_empty() {
        return format!("Think before you answer. Write:\n{ANSWER_FORM}");
    }
    let listed: String = tools.iter().map(describe).collect();
    format!(
        "You can call tools before you answer:\n{listed}\n\
         To call one, write this, and stop after it:\n{ACTION_FORM}\n\
         You are then told what came of it:\nObservation: the result\n\n\
         Call tools as often as needed. When you know the answer, write:\n{ANSWER_FORM}"
    )
}

/// What the model is told of a result.
pub(super) fn observation(text: &str) -> String {
    format!("Observation: {text}")
}

/// What the model is told when it did not keep to the form.
pub(super) fn correction(problem: &str, tools: &[ToolSpec]) -> String {
    if tools.is_empty() {
        return format!("your reply could not be used: {problem}. Write:\n{ANSWER_FORM}");
    }
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    format!(
        "your reply could not be used: {problem}. To call a tool ({}), write:\n{ACTION_FORM}\n\
         To answer, write:\n{ANSWER_FORM}",
        names.join(", ")
    )
}

const ACTION_FORM: &str = "Thought: what you want to know, and why\n\
    Action: the name of one tool\n\
    Action Input: its input, one JSON object\n";

const ANSWER_FORM: &str = "Thought: I know the answer\n\
    Answer: the answer for the user\n";

fn describe(tool: &ToolSpec) -> String {
    let description = tool.description.as_deref().unwrap_or("(not described)");
    let schema = tool.parameters.as_ref().map_or_else(|| "{}".to_owned(), ToString::to_string);
    format!("- {}: {description}\n  input, as JSON Schema: {schema}\n", tool.name)
}
