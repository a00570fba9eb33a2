//! Texts without which a regular expression cannot match.

use std::collections::BTreeSet;

use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind};

use crate::matching::fold::fold;

/// A class of more letters than this ends a literal: a letter in both cases has at most three.
const MAX_LETTERS: usize = 3;
/// More literals than this for one expression tell too little.
const MAX_LITERALS: usize = 64;
/// Only so many begins of runs are looked at.
const MAX_RUNS: usize = 16;
/// The rest of longer literals is left out.
const MAX_BYTES: usize = 40;

/// Texts in lower case of which one is in every text, in lower case, that the expression matches;
/// none where nothing can be said.
///
/// `order #(\d+)` needs `order #`, and `(?i)yes|no` needs `yes` or `no`. An expression is looked at
/// from its begin and from behind every part that may be anything, and what is longest is taken.
pub(super) fn required_literals(hir: &Hir) -> Vec<String> {
    best(hir).map(|literals| literals.into_iter().collect()).unwrap_or_default()
}

type Literals = BTreeSet<String>;

fn best(hir: &Hir) -> Option<Literals> {
    let inner = match hir.kind() {
        HirKind::Concat(parts) => longest(runs(parts).chain(parts.iter().map(best))),
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Alternation(branches) => any_of(branches),
        _ => None,
    };
    longest([prefixes(hir), inner].into_iter())
}

/// What each run of parts that follow a part without literals begins with.
fn runs(parts: &[Hir]) -> impl Iterator<Item = Option<Literals>> {
    let begins = (1..parts.len()).filter(|at| prefixes(&parts[at - 1]).is_none()).take(MAX_RUNS);
    begins.map(|at| prefixes(&Hir::concat(parts[at..].to_vec())))
}

/// One literal of every branch.
fn any_of(branches: &[Hir]) -> Option<Literals> {
    let each: Option<Vec<Literals>> = branches.iter().map(best).collect();
    let all: Literals = each?.into_iter().flatten().collect();
    (all.len() <= MAX_LITERALS).then_some(all)
}

fn prefixes(hir: &Hir) -> Option<Literals> {
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_class(MAX_LETTERS).limit_total(MAX_LITERALS);
    extractor.limit_literal_len(MAX_BYTES);
    folded(&extractor.extract(hir))
}

fn folded(found: &Seq) -> Option<Literals> {
    let literals = found.literals()?.iter().map(|literal| whole_letters(literal.as_bytes()));
    let literals: Literals = literals.map(fold).collect();
    let tell_nothing = literals.is_empty() || literals.contains("");
    (!tell_nothing).then_some(literals)
}

/// The text up to where a literal was cut inside of a letter.
fn whole_letters(literal: &[u8]) -> &str {
    let valid = literal.utf8_chunks().next();
    valid.map_or("", |chunk| chunk.valid())
}

/// Those whose shortest literal is the longest; of several, the first.
fn longest(choices: impl Iterator<Item = Option<Literals>>) -> Option<Literals> {
    let shortest = |literals: &Literals| literals.iter().map(String::len).min();
    choices.flatten().reduce(|best, next| if shortest(&next) > shortest(&best) { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::required_literals;

    #[test]
    fn what_an_expression_cannot_do_without_is_found() {
        let cases: &[(&str, &[&str])] = &[
            ("weather", &["weather"]),
            (r"\bweather in (\w+)", &["weather in "]),
            (r"(\w+) weather", &[" weather"]),
            (r"^.*order #(\d+).*please$", &["order #"]),
            ("(?i)Weather", &["weathe"]),
            ("yes|no", &["no", "yes"]),
            (r"(?:sunny|rainy) in \w+", &["rainy in ", "sunny in "]),
            (r"(?:a|b)\d+\s+(?:degrees)", &["degrees"]),
            ("(ab)+", &["ab"]),
            ("(ab)*c", &["ab", "c"]),
            (r"\d+", &[]),
            ("(ab)*", &[]),
            ("", &[]),
            ("yes|.*", &[]),
            ("Grüße", &["grüße"]),
        ];
        for (expression, expected) in cases {
            let hir = regex_syntax::parse(expression).unwrap();
            assert_eq!(required_literals(&hir), *expected, "{expression}");
        }
    }

    #[test]
    fn a_literal_is_never_cut_inside_of_a_letter() {
        let hir = regex_syntax::parse(&"ü".repeat(50)).unwrap();
        assert_eq!(required_literals(&hir), ["ü".repeat(20)]);
        let hir = regex_syntax::parse(&format!("x{}", "ü".repeat(50))).unwrap();
        assert_eq!(required_literals(&hir), [format!("x{}", "ü".repeat(19))]);
    }
}
