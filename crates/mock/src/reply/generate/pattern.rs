//! Strings that a regular expression matches.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use crate::pace::draw::Draw;

/// Parts of patterns that are followed for one string, repeated ones each time: enough for a string
/// of any sensible length.
const MAX_STEPS: u32 = 1 << 17;

/// Reads a pattern; one that looks ahead or behind is not understood.
pub(super) fn parse(pattern: &str) -> Result<Hir, String> {
    let parsed = regex_syntax::parse(pattern);
    parsed.map_err(|error| error.to_string().lines().last().unwrap_or_default().trim().to_owned())
}

/// A string that the pattern matches; what may be repeated is repeated the more, the larger `stretch` is.
pub(super) fn matching(pattern: &Hir, stretch: u32, draw: &mut Draw) -> String {
    let mut matching = Matching { stretch, draw, steps_left: MAX_STEPS, text: String::new() };
    matching.append(pattern);
    matching.text
}

/// A string on its way.
struct Matching<'draw> {
    stretch: u32,
    draw: &'draw mut Draw,
    steps_left: u32,
    text: String,
}

impl Matching<'_> {
    fn append(&mut self, part: &Hir) {
        self.steps_left = self.steps_left.saturating_sub(1);
        match part.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.push_str(&String::from_utf8_lossy(&literal.0)),
            HirKind::Class(class) => self.text.extend(drawn_character(class, self.draw)),
            HirKind::Repetition(repetition) => self.repeat(repetition),
            HirKind::Capture(capture) => self.append(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.append(part)),
            HirKind::Alternation(parts) => {
                let chosen = self.draw.below(parts.len() as u64) as usize;
                self.append(&parts[chosen]);
            }
        }
    }

    fn repeat(&mut self, repetition: &Repetition) {
        let mut times = times(repetition, self.stretch, self.draw);
        while times > 0 && self.steps_left > 0 {
            self.append(&repetition.sub);
            times -= 1;
        }
    }
}

/// At first what a pattern asks for at least, if that is anything; then up to twice as many each try.
fn times(repetition: &Repetition, stretch: u32, draw: &mut Draw) -> u32 {
    let more = match stretch {
        0 => u32::from(repetition.min == 0),
        _ => draw.below(1 + (1 << stretch)) as u32,
    };
    repetition.min.saturating_add(more).min(repetition.max.unwrap_or(u32::MAX))
}

/// A character of the class, one that can be read if there is any.
fn drawn_character(class: &Class, draw: &mut Draw) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let readable = class.iter().filter_map(|range| {
        let (start, end) = (range.start().max('!'), range.end().min('~'));
        (start <= end).then_some((start, end))
    });
    let readable: Vec<(char, char)> = readable.collect();
    let (start, end) = match readable.as_slice() {
        [] => class.iter().next().map(|range| (range.start(), range.start()))?,
        ranges => ranges[draw.below(ranges.len() as u64) as usize],
    };
    char::from_u32(start as u32 + draw.below(u64::from(end as u32 - start as u32) + 1) as u32)
}
