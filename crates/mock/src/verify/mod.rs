//! Checking what a mock was asked against what a test expects.
//!
//! [`Expectations`] say what must have come; [`verify`] holds them against the [`Evidence`] of a
//! namespace and returns a [`Report`], which reads well in a test's output.
//!
//! ```
//! use playhouse_mock::script::When;
//! use playhouse_mock::verify::{Evidence, Expectations, by_rules, verify};
//!
//! let expectations = Expectations::default().called(When::user("weather"), 2);
//! let nothing_came = Evidence::default();
//! let report = verify(&expectations, &nothing_came, &by_rules).unwrap();
//! assert!(!report.ok);
//! assert!(report.to_string().contains("expected: 2 calls"));
//! ```
//!
//! In reading order: `expectations` → `times` → `condition` → `evidence` → `check` → `nearest` →
//! `diff` → `report`.

mod check;
mod condition;
mod diff;
mod evidence;
mod expectations;
mod nearest;
mod report;
mod times;
mod wording;

pub use condition::{Compile, Condition, by_rules};
pub use diff::{DiffLine, DiffOp};
pub use evidence::{Evidence, RuleState};
pub use expectations::{CallExpectation, Expectations, InvalidExpectation};
pub use nearest::Nearest;
pub use report::{Failure, Report};
pub use times::Times;

/// Holds expectations against what happened.
///
/// # Errors
/// An expectation that makes no sense: an expression that cannot be used, bounds that exclude each
/// other.
pub fn verify(
    expectations: &Expectations,
    evidence: &Evidence,
    compile: &Compile<'_>,
) -> Result<Report, InvalidExpectation> {
    let compiled = expectations.compile(compile)?;
    let failures = check::all(&compiled, evidence, compile);
    Ok(Report::new(failures, &evidence.calls))
}
