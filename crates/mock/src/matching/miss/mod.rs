//! Saying why no rule matched: which one came nearest, and what differed.

mod difference;
mod excerpt;
mod likeness;
mod nearest;
mod texts;

use self::difference::difference;
use self::excerpt::quoted;
use super::RuleSet;
use super::index::Bits;
use super::limit::Reached;
use super::progress::Progress;
use super::view::View;
use crate::call::Asked;
use crate::script::CallMatch;
use crate::verdict::Miss;

/// Why none of the rules matched a request, of which these are all that the index gave.
pub(super) fn explain(set: &RuleSet, view: &View<'_>, candidates: &Bits, progress: &Progress) -> Miss {
    let miss = Miss {
        protocol: view.call.facts.protocol,
        asked: asked(view),
        rules: set.rules.len(),
        ..Miss::default()
    };
    let Some(at) = nearest::nearest(set, view, candidates) else { return miss };
    // Where the nearest is for the protocol, the others need not be looked at.
    let is_foreign = !set.rules[at].speaks(view) && !set.rules.iter().any(|rule| rule.speaks(view));
    let differences = differences(set, at, view, progress);
    Miss { is_foreign, nearest: Some(set.name(at)), place: Some(at), differences, ..miss }
}

fn differences(set: &RuleSet, at: usize, view: &View<'_>, progress: &Progress) -> Vec<String> {
    let rule = &set.rules[at];
    let failing = nearest::failing(rule, view);
    let mut lines: Vec<_> = failing.iter().map(|condition| difference(condition, view)).collect();
    let progress = progress.rule(set.number, at);
    // Which call it would be is known only of a request that was counted.
    let call = failing.is_empty().then(|| rule.limit.misses_call(progress)).flatten();
    let reached = call.into_iter().chain(rule.limit.exhausted(progress));
    lines.extend(reached.map(|reached| end(reached, progress.met)));
    lines
}

fn end(reached: Reached, met: u32) -> String {
    match reached {
        Reached::Call(call) => {
            format!("call: this would be request {met} of those; the rule answers only {}", which(call))
        }
        Reached::Times(1) => "times: the rule answers one request only, and has answered it".to_owned(),
        Reached::Times(times) => {
            format!("times: the rule answers {times} requests only, and has answered them")
        }
        Reached::SequenceEnd(count) => {
            format!("sequence: all {count} of its replies are given, and after them it fails (`then: fail`)")
        }
    }
}

fn which(call: CallMatch) -> String {
    let from = ordinal(call.from);
    match call.to {
        Some(to) if to == call.from => format!("the {from}"),
        Some(to) => format!("the {from} to the {}", ordinal(to)),
        None => format!("those from the {from} on"),
    }
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// What was asked, in a line: so that a person knows at once which request it is about.
fn asked(view: &View<'_>) -> String {
    let facts = &view.call.facts;
    let model = match &*facts.model {
        "" => "no model".to_owned(),
        model => format!("model {}", quoted(model)),
    };
    let stream = if facts.stream { ", streamed" } else { "" };
    format!("{}, {model}{stream}{}", facts.protocol, said(view))
}

fn said(view: &View<'_>) -> String {
    match (&view.call.facts.asked, view.user_name(), &*view.user.written) {
        (Asked::Models(_) | Asked::Kept(_), _, _) => String::new(),
        (_, name, "") => format!(", no {} with text", name.trim_start_matches("last ")),
        (_, name, text) => format!(", {name} {}", quoted(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn numbers_have_their_endings() {
        let written: Vec<_> = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal).into();
        assert_eq!(written, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]);
    }
}
