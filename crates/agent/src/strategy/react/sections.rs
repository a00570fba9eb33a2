//! A reply cut into its sections.

use super::label::{Label, label};

/// A section: what begins it, and what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section<'a> {
    pub(super) label: Label,
    /// What stands in it, up to the next label.
    pub(super) text: &'a str,
    /// What stands from here to the end, later labels included.
    pub(super) rest: &'a str,
}

/// The part of a reply before its first observation: observations are ours to make, not the model's.
pub(super) fn before_observation(reply: &str) -> &str {
    let observed = |line: &str| matches!(label(line), Some((Label::Observation, _)));
    let end = lines(reply).find(|(_, line)| observed(line)).map(|(start, _)| start);
    &reply[..end.unwrap_or(reply.len())]
}

/// The sections of a reply; text before the first label is a thought.
pub(super) fn sections(reply: &str) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    let mut open = (Label::Thought, 0);
    for (start, line) in lines(reply) {
        if let Some((label, said)) = label(line) {
            sections.push(section(reply, open, start));
            open = (label, start + line.len() - said.len());
        }
    }
    sections.push(section(reply, open, reply.len()));
    sections
}

fn section(reply: &str, (label, start): (Label, usize), end: usize) -> Section<'_> {
    Section { label, text: reply[start..end].trim(), rest: reply[start..].trim() }
}

/// The lines with where they begin, without what ends them.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line.trim_end_matches(['\n', '\r']))
    })
}
