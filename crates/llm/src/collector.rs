//! Putting a streamed answer together.

use crate::{Choice, ChoiceDelta, Chunk, Extra, Message, Part, PartDelta, Reply, Role, Shape, ToolCall};

/// Gathers the chunks of a streamed answer into a [`Reply`].
///
/// ```
/// use playhouse_llm::{Chunk, Collector, FinishReason};
///
/// let mut collector = Collector::default();
/// for chunk in [Chunk::start(), Chunk::text("Hel"), Chunk::text("lo"), Chunk::finish(FinishReason::Stop)] {
///     collector.absorb(&chunk);
/// }
/// assert_eq!(collector.into_reply().content(), "Hello");
/// ```
#[derive(Debug, Default)]
pub struct Collector {
    reply: Reply,
    /// Which part of which choice an open tool call's fragments belong to.
    open_calls: Vec<OpenCall>,
}

#[derive(Debug)]
struct OpenCall {
    choice: u32,
    index: u32,
    part: usize,
}

impl Collector {
    /// Takes one chunk in.
    pub fn absorb(&mut self, chunk: &Chunk) {
        set_once(&mut self.reply.id, chunk.id.as_deref());
        set_once(&mut self.reply.model, chunk.model.as_deref());
        self.reply.created = self.reply.created.or(chunk.created);
        if let Some(later) = &chunk.usage {
            self.reply.usage.get_or_insert_default().update(later);
        }
        chunk.choices.iter().for_each(|delta| self.absorb_choice(delta));
    }

    /// Takes a whole answer in, in place of anything gathered before.
    pub fn replace(&mut self, reply: Reply) {
        self.reply = reply;
    }

    /// What has been gathered so far.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// What has been gathered.
    pub fn into_reply(self) -> Reply {
        self.reply
    }

    fn absorb_choice(&mut self, delta: &ChoiceDelta) {
        let at = self.choice_position(delta.index);
        let choice = &mut self.reply.choices[at];
        for part in &delta.parts {
            match part {
                PartDelta::Text(more) => append_text(&mut choice.message.parts, more),
                PartDelta::Refusal(more) => append_refusal(&mut choice.message.parts, more),
                PartDelta::Reasoning { text, field } => {
                    append_reasoning(&mut choice.message.parts, text, field);
                }
                PartDelta::Seal { field, extra } => append_seal(&mut choice.message.parts, field, extra),
                PartDelta::Other { value } => {
                    choice.message.parts.push(Part::Other { value: value.clone() });
                }
                PartDelta::ToolCall { .. } => {
                    append_tool_call(&mut self.open_calls, &mut choice.message.parts, delta.index, part);
                }
            }
        }
        if delta.finish.is_some() {
            choice.finish.clone_from(&delta.finish);
        }
    }

    fn choice_position(&mut self, index: u32) -> usize {
        let choices = &mut self.reply.choices;
        choices.iter().position(|choice| choice.index == index).unwrap_or_else(|| {
            choices.push(empty_choice(index));
            choices.len() - 1
        })
    }
}

fn empty_choice(index: u32) -> Choice {
    let message =
        Message { role: Role::Assistant, parts: Vec::new(), shape: Shape::Plain, extra: Extra::new() };
    Choice { index, message, finish: None, extra: Extra::new() }
}

fn set_once(field: &mut String, value: Option<&str>) {
    if field.is_empty() {
        field.push_str(value.unwrap_or_default());
    }
}

fn append_text(parts: &mut Vec<Part>, more: &str) {
    match parts.last_mut() {
        Some(Part::Text { text, .. }) => text.push_str(more),
        _ if more.is_empty() => {}
        _ => parts.push(Part::text(more)),
    }
}

fn append_refusal(parts: &mut Vec<Part>, more: &str) {
    match parts.last_mut() {
        Some(Part::Refusal { text }) => text.push_str(more),
        _ if more.is_empty() => {}
        _ => parts.push(Part::Refusal { text: more.to_owned() }),
    }
}

fn append_reasoning(parts: &mut Vec<Part>, more: &str, field: &str) {
    match parts.last_mut() {
        // What is sealed is whole; what follows is another piece of reasoning.
        Some(Part::Reasoning { text, extra, .. }) if extra.is_empty() => text.push_str(more),
        _ if more.is_empty() => {}
        _ => parts.push(reasoning(more, field, Extra::new())),
    }
}

fn append_seal(parts: &mut Vec<Part>, sealed: &str, seal: &Extra) {
    match parts.last_mut() {
        Some(Part::Reasoning { field, extra, .. }) if field == sealed && extra.is_empty() => {
            extra.clone_from(seal);
        }
        _ => parts.push(reasoning("", sealed, seal.clone())),
    }
}

fn reasoning(text: &str, field: &str, extra: Extra) -> Part {
    Part::Reasoning { text: text.to_owned(), field: field.to_owned(), extra }
}

/// A fragment joins its index's open call; a new id, or another name, at an index opens another call
/// there, because some vendors number every call 0.
fn append_tool_call(open: &mut Vec<OpenCall>, parts: &mut Vec<Part>, choice: u32, delta: &PartDelta) {
    let PartDelta::ToolCall { index, id, name, arguments, extra } = delta else { return };
    let found = open.iter().rev().find(|call| call.choice == choice && call.index == *index);
    let joined =
        found.map(|call| call.part).filter(|part| continues(parts, *part, id.as_deref(), name.as_deref()));
    let part = joined.unwrap_or_else(|| {
        parts.push(Part::ToolCall(ToolCall { extra: extra.clone(), ..ToolCall::default() }));
        open.push(OpenCall { choice, index: *index, part: parts.len() - 1 });
        parts.len() - 1
    });
    if let Some(Part::ToolCall(call)) = parts.get_mut(part) {
        set_once(&mut call.id, id.as_deref());
        set_once(&mut call.name, name.as_deref());
        call.arguments.push_str(arguments.as_deref().unwrap_or_default());
    }
}

fn continues(parts: &[Part], at: usize, id: Option<&str>, name: Option<&str>) -> bool {
    let Some(Part::ToolCall(call)) = parts.get(at) else { return false };
    let id = id.unwrap_or_default();
    // Some vendors repeat the name with every fragment; then the id says that it is the same call.
    let names_another = !name.unwrap_or_default().is_empty() && !call.name.is_empty() && id.is_empty();
    (id.is_empty() || call.id.is_empty() || call.id == id) && !names_another
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(fragments: &[(u32, &str, &str, &str)]) -> Vec<(String, String)> {
        let mut collector = Collector::default();
        for (index, id, name, arguments) in fragments {
            let part = PartDelta::ToolCall {
                index: *index,
                id: Some((*id).to_owned()),
                name: Some((*name).to_owned()),
                arguments: Some((*arguments).to_owned()),
                extra: Extra::new(),
            };
            let choices = vec![ChoiceDelta { parts: vec![part], ..ChoiceDelta::default() }];
            collector.absorb(&Chunk { choices, ..Chunk::default() });
        }
        let reply = collector.into_reply();
        let calls = reply.choices[0].message.tool_calls();
        calls.map(|call| (call.name.clone(), call.arguments.clone())).collect()
    }

    #[test]
    fn fragments_join_by_index() {
        let joined =
            calls(&[(0, "c1", "add", "{"), (1, "c2", "sub", "["), (0, "", "", "}"), (1, "", "", "]")]);
        assert_eq!(joined, [("add".into(), "{}".into()), ("sub".into(), "[]".into())]);
    }

    #[test]
    fn calls_that_share_an_index_are_told_apart() {
        let by_id = calls(&[(0, "c1", "add", "{}"), (0, "c2", "add", "[]")]);
        assert_eq!(by_id, [("add".into(), "{}".into()), ("add".into(), "[]".into())]);
        let by_name = calls(&[(0, "", "add", "{}"), (0, "", "sub", "[]")]);
        assert_eq!(by_name, [("add".into(), "{}".into()), ("sub".into(), "[]".into())]);
    }

    #[test]
    fn a_repeated_id_is_the_same_call() {
        let joined = calls(&[(0, "c1", "add", "{"), (0, "c1", "add", "}")]);
        assert_eq!(joined, [("add".into(), "{}".into())]);
    }
}
