//! What a test expects of the calls of its namespace.

use serde::Deserialize;

use super::condition::{Compile, Condition};
use super::times::Times;
use super::wording::in_words;
use crate::script::When;

/// What must have come, and what must not.
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// use playhouse_mock::verify::Expectations;
///
/// let expectations: Expectations = serde_json::from_str(
///     r#"{"calls": [{"when": {"user": "weather"}, "times": 2}], "script_consumed": true}"#,
/// )?;
/// assert!(expectations.no_misses, "unless it is said otherwise");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expectations {
    /// Calls, and how often each must have come.
    pub calls: Vec<CallExpectation>,
    /// Calls that must have come in this order; others may have come between them.
    pub in_order: Vec<When>,
    /// Whether every rule of the script must have given all of its answers.
    pub script_consumed: bool,
    /// Whether every call must have matched a rule. This is expected unless it is said otherwise.
    pub no_misses: bool,
    /// Whether the vendor must have had nothing to complain of.
    pub no_violations: bool,
    /// How many calls must have come in all.
    pub total: Option<Times>,
}

/// A call, and how often it must have come.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallExpectation {
    /// What the call must be like, as in a script.
    pub when: When,
    /// How often; at least once where it is not said.
    #[serde(default)]
    pub times: Times,
}

/// An expectation that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct InvalidExpectation {
    /// Where it is (`calls[0].when.user.matches`).
    pub place: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Default for Expectations {
    fn default() -> Self {
        Self {
            calls: Vec::new(),
            in_order: Vec::new(),
            script_consumed: false,
            no_misses: true,
            no_violations: false,
            total: None,
        }
    }
}

impl Expectations {
    /// The same expectations, and calls like this so often.
    #[must_use]
    pub fn called(mut self, when: When, times: impl Into<Times>) -> Self {
        self.calls.push(CallExpectation { when, times: times.into() });
        self
    }

    /// The same expectations, and never a call like this.
    #[must_use]
    pub fn never_called(self, when: When) -> Self {
        self.called(when, Times::NEVER)
    }

    /// The same expectations, and calls like these in this order.
    #[must_use]
    pub fn in_order(self, whens: impl IntoIterator<Item = When>) -> Self {
        Self { in_order: whens.into_iter().collect(), ..self }
    }

    /// The same expectations, and so many calls in all.
    #[must_use]
    pub fn total(self, times: impl Into<Times>) -> Self {
        Self { total: Some(times.into()), ..self }
    }

    /// The same expectations, and a script that has given all of its answers.
    #[must_use]
    pub fn script_consumed(self) -> Self {
        Self { script_consumed: true, ..self }
    }

    /// Makes conditions that can be held against calls.
    pub(super) fn compile(&self, compile: &Compile<'_>) -> Result<Compiled<'_>, InvalidExpectation> {
        let calls = self.calls.iter().enumerate().map(|(at, call)| {
            possible(call.times, format!("calls[{at}].times"))?;
            Wanted::new(&call.when, format!("calls[{at}].when"), compile)
        });
        let in_order = self.in_order.iter().enumerate();
        let in_order = in_order.map(|(at, when)| Wanted::new(when, format!("in_order[{at}]"), compile));
        self.total.map_or(Ok(()), |total| possible(total, "total".to_owned()))?;
        Ok(Compiled {
            calls: calls.collect::<Result<_, _>>()?,
            in_order: in_order.collect::<Result<_, _>>()?,
            said: self,
        })
    }
}

/// Expectations, ready to be held against calls.
pub(super) struct Compiled<'a> {
    pub(super) said: &'a Expectations,
    /// In the order of `said.calls`.
    pub(super) calls: Vec<Wanted<'a>>,
    /// In the order of `said.in_order`.
    pub(super) in_order: Vec<Wanted<'a>>,
}

/// What a call must be like, ready to be held against calls.
pub(super) struct Wanted<'a> {
    pub(super) when: &'a When,
    pub(super) condition: Condition,
}

impl<'a> Wanted<'a> {
    fn new(when: &'a When, place: String, compile: &Compile<'_>) -> Result<Self, InvalidExpectation> {
        if when.call.is_some() || when.state.is_some() {
            let message =
                "`call` and `state` are known to rules only; use `times` or `in_order` here".to_owned();
            return Err(InvalidExpectation { place, message });
        }
        match compile(when) {
            Ok(condition) => Ok(Self { when, condition }),
            Err((field, message)) => Err(InvalidExpectation { place: format!("{place}{field}"), message }),
        }
    }

    /// What it wants, in words.
    pub(super) fn in_words(&self) -> String {
        in_words(self.when)
    }
}

fn possible(times: Times, place: String) -> Result<(), InvalidExpectation> {
    if !times.is_impossible() {
        return Ok(());
    }
    let message = "no number is at least `at_least` and at most `at_most`: exchange them".to_owned();
    Err(InvalidExpectation { place, message })
}
