//! Understanding a reply.

use playhouse_llm::{Extra, Message, ToolCall, ToolSpec};
use serde_json::Value;

use super::label::Label;
use super::sections::{Section, before_observation, sections};
use super::{Reading, input};
use crate::strategy::Wish;

/// Understands a reply of this step; whichever comes first, action or answer, is what is meant.
pub(super) fn read(reply: &str, step: u32, tools: &[ToolSpec]) -> Reading {
    let reply = before_observation(input::unfenced(without_thinking(reply)).trim()).trim();
    if let Some((thought, wish)) = as_json(reply, step, tools) {
        return Reading { said: Message::assistant(reply), thought, wish };
    }
    let sections = sections(reply);
    let wish = wish(&sections, step, tools);
    let end = action_end(reply, &sections, &wish);
    Reading { said: Message::assistant(&reply[..end]), thought: thought(&sections), wish }
}

/// The reply without what a reasoning model puts before it.
pub(super) fn without_thinking(reply: &str) -> &str {
    match reply.trim_start().strip_prefix("<think>") {
        Some(thinking) => thinking.split_once("</think>").map_or("", |(_, said)| said),
        None => reply,
    }
}

fn wish(sections: &[Section<'_>], step: u32, tools: &[ToolSpec]) -> Wish {
    for (place, section) in sections.iter().enumerate() {
        match section.label {
            Label::Answer => return answer(Some(without_open_fence(section.rest))),
            Label::Action if !is_none(section.text) => {
                let written = sections[place + 1..].first().filter(|next| next.label == Label::Input);
                return action(section.text, written.map(|next| next.text), step, tools);
            }
            _ => {}
        }
    }
    Wish::Unclear("it has neither an 'Action:' line nor an 'Answer:' line".to_owned())
}

/// Where the action ends that was understood; what a model goes on to say was not asked for.
fn action_end(reply: &str, sections: &[Section<'_>], wish: &Wish) -> usize {
    let Wish::Call(_) = wish else { return reply.len() };
    let first = sections.iter().position(|section| section.label == Label::Action && !is_none(section.text));
    let Some(first) = first else { return reply.len() };
    let has_input = sections.get(first + 1).is_some_and(|next| next.label == Label::Input);
    let last = &sections[first + usize::from(has_input)];
    let start = last.text.as_ptr() as usize - reply.as_ptr() as usize;
    start + last.text.len()
}

fn thought(sections: &[Section<'_>]) -> Option<String> {
    let thoughts = sections.iter().take_while(|section| section.label == Label::Thought);
    let thoughts: Vec<&str> = thoughts.map(|section| section.text).filter(|text| !text.is_empty()).collect();
    Some(thoughts.join("\n")).filter(|thought| !thought.is_empty())
}

/// Models say so when they want no tool.
pub(super) fn is_none(action: &str) -> bool {
    let line = action.trim().lines().next().unwrap_or_default();
    let action = line.trim_matches(|mark: char| !mark.is_alphanumeric());
    ["", "none", "n/a", "no action", "no action needed"].iter().any(|none| action.eq_ignore_ascii_case(none))
}

fn action(named: &str, written: Option<&str>, step: u32, tools: &[ToolSpec]) -> Wish {
    let line = named.lines().next().unwrap_or_default().trim();
    let (name, inline) = name_and_input(line);
    let name = tool_name(name, tools);
    if ["final answer", "answer"].iter().any(|answer| name.eq_ignore_ascii_case(answer)) {
        return answer(written.or(inline));
    }
    let spec = tools.iter().find(|tool| tool.name == name);
    // Some forget the label and write the input below the action.
    let below = Some(named[line.len()..].trim()).filter(|below| !below.is_empty());
    match input::read(written.or(inline).or(below).unwrap_or_default(), spec) {
        Ok(input) => Wish::Call(vec![call(&name, &input, step)]),
        Err(problem) => Wish::Unclear(problem),
    }
}

/// The text without the end of a code fence that began before it.
fn without_open_fence(text: &str) -> &str {
    let is_open = text.matches("```").count() % 2 == 1;
    text.strip_suffix("```").filter(|_| is_open).map_or(text, str::trim_end)
}

fn answer(text: Option<&str>) -> Wish {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => Wish::Answer(text.to_owned()),
        None => Wish::Unclear("the Answer is empty".to_owned()),
    }
}

/// `calculator[2 + 2]` and `calculator({"expression": "2 + 2"})` hold their input.
fn name_and_input(line: &str) -> (&str, Option<&str>) {
    let Some(open) = line.find(['(', '[']) else { return (line, None) };
    let close = if line[open..].starts_with('(') { ')' } else { ']' };
    match line.rfind(close) {
        Some(end) if end > open => (&line[..open], Some(&line[open + 1..end])),
        _ => (line, None),
    }
}

/// The tool that is meant; a name that means none stays as it is, and the model is told so.
fn tool_name(written: &str, tools: &[ToolSpec]) -> String {
    let bare = written.trim_matches(|mark: char| mark.is_whitespace() || "*`'\"_.:<>".contains(mark));
    let named = |name: &str| tools.iter().find(|tool| tool.name.eq_ignore_ascii_case(name));
    let within = || bare.split(|mark: char| !is_name_char(mark)).find_map(named);
    named(bare).or_else(within).map_or_else(|| bare.to_owned(), |tool| tool.name.clone())
}

fn is_name_char(mark: char) -> bool {
    mark.is_ascii_alphanumeric() || mark == '_' || mark == '-'
}

fn call(name: &str, input: &Value, step: u32) -> ToolCall {
    ToolCall {
        id: format!("call_{step}"),
        name: name.to_owned(),
        arguments: input.to_string(),
        extra: Extra::new(),
    }
}

/// Some models write the whole step as one object: `{"action": …, "action_input": …}`.
fn as_json(reply: &str, step: u32, tools: &[ToolSpec]) -> Option<(Option<String>, Wish)> {
    if !reply.starts_with('{') {
        return None;
    }
    let step_object: Value = serde_json::from_str(reply).ok()?;
    let text = |keys: &[&str]| keys.iter().find_map(|key| step_object.get(key)?.as_str());
    let thought = text(&["thought", "Thought"]).map(str::to_owned);
    if let Some(said) = text(&["answer", "final_answer", "Answer"]) {
        return Some((thought, Wish::Answer(said.to_owned())));
    }
    let name = text(&["action", "tool", "Action"])?;
    let input = ["action_input", "tool_input", "input", "Action Input"];
    let input = input.iter().find_map(|key| step_object.get(key)).map(written_input);
    Some((thought, action(name, input.as_deref(), step, tools)))
}

fn written_input(input: &Value) -> String {
    input.as_str().map_or_else(|| input.to_string(), str::to_owned)
}
