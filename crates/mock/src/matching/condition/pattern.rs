//! A regular expression, compiled when it is first needed.

use std::sync::OnceLock;

use regex_automata::meta::{self, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

/// Bytes that a compiled expression may take at most.
const MAX_BYTES: usize = 10 << 20;
/// Expressions that would weigh more are compiled at once, to know whether they can be.
const LIGHT: usize = 20_000;

/// A regular expression.
///
/// Thousands of them are read in the time that compiling a few takes, and most are never needed:
/// the index rules them out. So they are read at once, and compiled on first use.
#[derive(Clone, Debug)]
pub(in crate::matching) struct Pattern {
    pub(in crate::matching) written: String,
    ignore_case: bool,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Reads an expression, and gives its structure too.
    pub(super) fn parse(written: &str, ignore_case: bool) -> Result<(Self, Hir), String> {
        let parsed = ParserBuilder::new().case_insensitive(ignore_case).build().parse(written);
        let hir = parsed.map_err(|error| refusal(written, &reason(&error)))?;
        let pattern = Self { written: written.to_owned(), ignore_case, compiled: OnceLock::new() };
        if weight(&hir) > LIGHT && pattern.regex().is_none() {
            return Err(refusal(written, "it is too large: repeat less, or smaller classes"));
        }
        Ok((pattern, hir))
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// The groups of its first match, which have their names.
    pub(super) fn captures(&self, text: &str) -> Option<Captures> {
        let regex = self.regex()?;
        let mut captures = regex.create_captures();
        regex.captures(text, &mut captures);
        captures.is_match().then_some(captures)
    }

    /// Whether it is the same expression; there may be other ways to write it.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.written == other.written && self.ignore_case == other.ignore_case
    }

    /// None where it is too large; reading it has refused that.
    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.written, self.ignore_case)).as_ref()
    }
}

/// Leaves out the engine for one pass: it takes half of the time to compile and most of the memory,
/// and gains nothing where a few texts are looked at.
fn compile(written: &str, ignore_case: bool) -> Option<Regex> {
    let engines = meta::Config::new().onepass(false).nfa_size_limit(Some(MAX_BYTES));
    let syntax = syntax::Config::new().case_insensitive(ignore_case);
    meta::Builder::new().configure(engines).syntax(syntax).build(written).ok()
}

fn refusal(written: &str, reason: &str) -> String {
    format!("'{written}' is no regular expression: {reason}; for a text as it is, use `contains`")
}

fn reason(error: &regex_syntax::Error) -> String {
    let (reason, span) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span()),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span()),
        _ => return error.to_string(),
    };
    format!("{reason} (line {}, column {})", span.start.line, span.start.column)
}

/// About how many states the compiled expression has.
fn weight(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => class.ranges().len(),
        HirKind::Class(regex_syntax::hir::Class::Bytes(_)) => 1,
        HirKind::Capture(capture) => weight(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(weight).fold(0, usize::saturating_add)
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            weight(&repetition.sub).saturating_mul(times as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_pattern_is_not_compiled_before_it_is_needed() {
        let (pattern, _) = Pattern::parse(r"order #(\d+)", false).unwrap();
        assert!(pattern.compiled.get().is_none());
        assert!(pattern.is_match("order #7"));
        assert!(pattern.compiled.get().is_some());
    }

    #[test]
    fn case_may_be_ignored() {
        assert!(Pattern::parse("weather", true).unwrap().0.is_match("WEATHER"));
        assert!(!Pattern::parse("weather", false).unwrap().0.is_match("WEATHER"));
    }

    #[test]
    fn a_pattern_that_cannot_be_compiled_is_refused_before_it_is_needed() {
        let refused = Pattern::parse(r"(\w{200}){200}", false).unwrap_err();
        assert!(refused.contains("too large"), "{refused}");
    }
}
