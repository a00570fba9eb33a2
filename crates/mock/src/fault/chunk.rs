//! What faults do to an answer before it is encoded.

use playhouse_llm::{ChoiceDelta, Chunk, FinishReason, PartDelta};

use crate::script::{FaultKind, FaultSpec};

/// Does what a fault does to the pieces of a chat answer; most kinds do nothing here.
///
/// - `length_in_tool_json`: the arguments of the first tool call end in their middle (after
///   `after_bytes`, if that is said, but always before their end), nothing follows, and the reason
///   is `length`. An answer without tool calls has its text cut the same way.
/// - `missing_finish`: no alternative says why it ended. In a whole answer the reason is `null`.
///
/// ```
/// use playhouse_llm::{Chunk, FinishReason};
/// use playhouse_mock::fault::chunk;
/// use playhouse_mock::script::FaultSpec;
///
/// let mut chunks = vec![Chunk::text("one "), Chunk::text("two "), Chunk::finish(FinishReason::Stop)];
/// chunk::apply(&"length_in_tool_json".parse::<FaultSpec>().unwrap(), &mut chunks);
/// assert_eq!(chunks, [Chunk::text("one "), Chunk::finish(FinishReason::Length)]);
/// ```
pub fn apply(spec: &FaultSpec, chunks: &mut Vec<Chunk>) {
    match spec.kind() {
        Some(FaultKind::LengthInToolJson) => stop_for_length(spec, chunks),
        Some(FaultKind::MissingFinish) => {
            deltas(chunks).for_each(|delta| delta.finish = None);
            drop_silent(chunks);
        }
        _ => {}
    }
}

fn stop_for_length(spec: &FaultSpec, chunks: &mut Vec<Chunk>) {
    let place = Place::of(chunks);
    let length: usize = deltas(chunks).flat_map(|delta| place.texts(delta)).map(|text| text.len()).sum();
    let kept = spec.after_bytes.map_or(length / 2, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    let mut left = kept.clamp(1, length.saturating_sub(1).max(1));
    let mut is_told = false;
    for delta in deltas(chunks).filter(|delta| delta.index == place.choice) {
        if left == 0 {
            delta.parts.clear();
        }
        place.texts(delta).for_each(|text| shorten(text, &mut left));
        if left == 0 {
            delta.parts.retain(says_something);
        }
        if delta.finish.is_some() {
            delta.finish = Some(FinishReason::Length);
            is_told = true;
        }
    }
    drop_silent(chunks);
    if !is_told {
        chunks.push(Chunk::finish(FinishReason::Length));
    }
}

/// What is cut: the arguments of the first tool call there is, else the first alternative's text.
#[derive(Clone, Copy)]
struct Place {
    choice: u32,
    call: Option<u32>,
}

impl Place {
    fn of(chunks: &[Chunk]) -> Self {
        let mut parts = chunks
            .iter()
            .flat_map(|chunk| &chunk.choices)
            .flat_map(|delta| delta.parts.iter().map(|part| (delta.index, part)));
        let call = parts.find_map(|(choice, part)| match part {
            PartDelta::ToolCall { index, .. } => Some(Self { choice, call: Some(*index) }),
            _ => None,
        });
        call.unwrap_or(Self { choice: 0, call: None })
    }

    /// The texts of a delta that are cut.
    fn texts(self, delta: &mut ChoiceDelta) -> impl Iterator<Item = &mut String> {
        let is_here = delta.index == self.choice;
        let texts = delta.parts.iter_mut().filter_map(move |part| match (part, self.call) {
            (PartDelta::ToolCall { index, arguments, .. }, Some(call)) if *index == call => {
                arguments.as_mut()
            }
            (PartDelta::Text(text), None) => Some(text),
            _ => None,
        });
        texts.filter(move |_| is_here)
    }
}

/// Keeps as much of a text as is left, whole characters only.
fn shorten(text: &mut String, left: &mut usize) {
    let kept = text.floor_char_boundary(*left);
    *left = if kept < text.len() { 0 } else { *left - kept };
    text.truncate(kept);
}

fn deltas(chunks: &mut [Chunk]) -> impl Iterator<Item = &mut ChoiceDelta> {
    chunks.iter_mut().flat_map(|chunk| &mut chunk.choices)
}

/// What was emptied is not sent.
fn drop_silent(chunks: &mut Vec<Chunk>) {
    chunks.retain(|chunk| {
        chunk.choices.is_empty() || chunk.usage.is_some() || chunk.choices.iter().any(is_loud)
    });
}

fn is_loud(delta: &ChoiceDelta) -> bool {
    let carries = !delta.extra.is_empty() || !delta.delta_extra.is_empty();
    carries || delta.role.is_some() || delta.finish.is_some() || !delta.parts.is_empty()
}

fn says_something(part: &PartDelta) -> bool {
    match part {
        PartDelta::Text(text) | PartDelta::Refusal(text) | PartDelta::Reasoning { text, .. } => {
            !text.is_empty()
        }
        PartDelta::ToolCall { id, arguments, .. } => {
            id.is_some() || arguments.as_ref().is_some_and(|arguments| !arguments.is_empty())
        }
        PartDelta::Other { .. } => true,
        PartDelta::Seal { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use playhouse_llm::{Collector, Extra, Reply, Usage};

    use super::*;

    fn fault(form: &str) -> FaultSpec {
        form.parse().unwrap()
    }

    fn call(index: u32, id: Option<&str>, arguments: &str) -> Chunk {
        let part = PartDelta::ToolCall {
            index,
            id: id.map(str::to_owned),
            name: id.map(|_| "book".to_owned()),
            arguments: Some(arguments.to_owned()),
            extra: Extra::new(),
        };
        Chunk {
            choices: vec![ChoiceDelta { parts: vec![part], ..ChoiceDelta::default() }],
            ..Chunk::default()
        }
    }

    fn two_calls() -> Vec<Chunk> {
        vec![
            Chunk::start(),
            call(0, Some("c1"), ""),
            call(0, None, r#"{"city": "#),
            call(0, None, r#""Ærø"}"#),
            call(1, Some("c2"), "{}"),
            Chunk::finish(FinishReason::ToolCalls),
            Chunk::usage(Usage::new(3, 4)),
        ]
    }

    fn collected(chunks: &[Chunk]) -> Reply {
        let mut collector = Collector::default();
        chunks.iter().for_each(|chunk| collector.absorb(chunk));
        collector.into_reply()
    }

    /// The arguments of each call, and the reason for the end.
    fn after(form: &str, mut chunks: Vec<Chunk>) -> (Vec<String>, Option<FinishReason>) {
        apply(&fault(form), &mut chunks);
        let reply = collected(&chunks);
        assert!(reply.usage.is_some(), "token counts stay");
        let calls = reply.choices[0].message.tool_calls().map(|call| call.arguments.clone());
        (calls.collect(), reply.finish().cloned())
    }

    #[test]
    fn a_length_stop_leaves_broken_arguments_and_nothing_after() {
        let stopped = after("length_in_tool_json", two_calls());
        assert_eq!(stopped, (vec![r#"{"city":"#.to_owned()], Some(FinishReason::Length)));
    }

    #[test]
    fn a_length_stop_is_where_it_is_wanted_but_always_inside() {
        let kept = |form| after(form, two_calls()).0.remove(0);
        assert_eq!(kept("length_in_tool_json:after_bytes=0"), "{");
        assert_eq!(kept("length_in_tool_json:after_bytes=13"), r#"{"city": "Ær"#);
        assert_eq!(kept("length_in_tool_json:after_bytes=14"), r#"{"city": "Ær"#, "no half characters");
        assert_eq!(kept("length_in_tool_json:after_bytes=999"), r#"{"city": "Ærø""#);
    }

    #[test]
    fn an_answer_without_an_end_gets_one() {
        let mut chunks = vec![Chunk::text("abcdef")];
        apply(&fault("length_in_tool_json"), &mut chunks);
        assert_eq!(chunks, [Chunk::text("abc"), Chunk::finish(FinishReason::Length)]);
        let mut nothing = Vec::new();
        apply(&fault("length_in_tool_json"), &mut nothing);
        assert_eq!(nothing, [Chunk::finish(FinishReason::Length)]);
    }

    #[test]
    fn a_missing_finish_leaves_the_rest() {
        let mut chunks = two_calls();
        apply(&fault("missing_finish"), &mut chunks);
        assert_eq!(chunks.len(), 6, "the chunk with the finish is gone");
        assert_eq!(collected(&chunks).finish(), None);
    }

    #[test]
    fn other_kinds_touch_nothing() {
        for kind in FaultKind::ALL {
            if matches!(kind, FaultKind::LengthInToolJson | FaultKind::MissingFinish) {
                continue;
            }
            let mut chunks = two_calls();
            apply(&fault(kind.as_str()), &mut chunks);
            assert_eq!(chunks, two_calls(), "{kind:?}");
        }
    }
}
