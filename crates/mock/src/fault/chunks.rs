//! Faults that a vendor commits in well-formed bytes: done to the pieces before they are encoded.

use playhouse_llm::{Chunk, FinishReason, PartDelta};

/// Has the answer stop for its length in the middle of the last tool call's arguments; one without
/// tool calls stops in the middle of its text.
pub(crate) fn stop_for_length(chunks: &mut Vec<Chunk>) {
    let is_call = |chunk: &Chunk| parts(chunk).any(|part| matches!(part, PartDelta::ToolCall { .. }));
    let pieces: Vec<usize> = match chunks.iter().any(is_call) {
        true => places(chunks, is_call),
        false => places(chunks, Chunk::has_output),
    };
    match pieces.as_slice() {
        [] => {}
        [only] => halve(&mut chunks[*only]),
        [.., _, last] => halve_from(chunks, &pieces[pieces.len() / 2..], *last),
    }
    for choice in chunks.iter_mut().flat_map(|chunk| &mut chunk.choices) {
        if choice.finish.is_some() {
            choice.finish = Some(FinishReason::Length);
        }
    }
}

fn parts(chunk: &Chunk) -> impl Iterator<Item = &PartDelta> {
    chunk.choices.iter().flat_map(|choice| &choice.parts)
}

fn places(chunks: &[Chunk], is_wanted: impl Fn(&Chunk) -> bool) -> Vec<usize> {
    chunks.iter().enumerate().filter(|(_, chunk)| is_wanted(chunk)).map(|(place, _)| place).collect()
}

/// Removes the pieces at these places; where there are only two, the last is halved besides.
fn halve_from(chunks: &mut Vec<Chunk>, places: &[usize], last: usize) {
    if places.len() == 1 {
        halve(&mut chunks[last]);
        return;
    }
    for place in places.iter().rev() {
        // Another choice's finish may ride on the same chunk.
        match chunks[*place].choices.iter().any(|choice| choice.finish.is_some()) {
            true => chunks[*place].choices.iter_mut().for_each(|choice| choice.parts.clear()),
            false => drop(chunks.remove(*place)),
        }
    }
}

fn halve(chunk: &mut Chunk) {
    for part in chunk.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
        match part {
            PartDelta::ToolCall { arguments: Some(text), .. } | PartDelta::Text(text) => {
                let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
                text.truncate(middle);
            }
            _ => {}
        }
    }
}
