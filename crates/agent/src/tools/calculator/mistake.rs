//! What is wrong with an expression, in words for a model.

use super::bounds::MAX_DIGITS;

/// Characters shown of what stands before a mistake; models cannot count characters well.
const SHOWN_CHARS: usize = 20;

/// What went wrong, without the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    what: String,
    hint: Option<String>,
}

/// What went wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    failure: Failure,
    at: usize,
}

impl Failure {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    /// The same failure with what to do about it.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The failure at the character of this index.
    pub(super) fn at(self, at: usize) -> Mistake {
        Mistake { failure: self, at }
    }

    pub(super) fn too_large() -> Self {
        Self::new("the result is too large").hint(format!(
            "numbers of up to {MAX_DIGITS} digits are calculated, and up to 1.8e308 where they are not exact"
        ))
    }

    pub(super) fn too_small() -> Self {
        Self::new("the result is too close to zero to be told from it")
    }

    pub(super) fn not_real() -> Self {
        Self::new("the result is not a real number")
    }

    pub(super) fn division_by_zero() -> Self {
        Self::new("division by zero")
    }

    pub(super) fn too_much_work() -> Self {
        Self::new("the numbers are too long to be calculated exactly")
            .hint("round them, or use fewer of them")
    }
}

impl Mistake {
    /// The mistake in this expression: what, where, what to do.
    pub(super) fn told(&self, expression: &str) -> String {
        let Failure { what, hint } = &self.failure;
        let place = format!("at character {}", self.at + 1);
        let before = before(expression, self.at);
        let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{what} {place}{before}{hint}")
    }
}

fn before(expression: &str, at: usize) -> String {
    let skipped = at.saturating_sub(SHOWN_CHARS);
    let shown: String = expression.chars().take(at).skip(skipped).collect();
    if shown.trim().is_empty() {
        return String::new();
    }
    let cut = if skipped > 0 { "…" } else { "" };
    format!(", after '{cut}{shown}'")
}
