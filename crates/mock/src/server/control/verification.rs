//! `/namespaces/{ns}/verify`: expectations held against the journal.

use std::time::Duration;

use playhouse_llm::{Error, Malformed};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Control;
use super::calls::MAX_WAIT_MS;
use super::request::{ControlRequest, bounded};
use super::response::{Answered, json};
use crate::journal::Journal;
use crate::verify::{Evidence, Expectations, InvalidExpectation, Report, by_rules, verify as hold};

/// Between two looks at a journal that changes all the time.
const PAUSE: Duration = Duration::from_millis(5);

/// How long to wait.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct VerifyParams {
    /// How long the expectations have to come true.
    wait_ms: u64,
}

/// A report, and the same as a person reads it.
#[derive(Debug, Serialize)]
struct Verified {
    #[serde(flatten)]
    report: Report,
    text: String,
}

/// Holds expectations against the journal, again after every change until they hold or the time is
/// over.
pub(super) async fn verify(control: &dyn Control, namespace: &str, request: &ControlRequest<'_>) -> Answered {
    let params: VerifyParams = request.query()?;
    let wait = Duration::from_millis(bounded("wait_ms", params.wait_ms, 0, MAX_WAIT_MS)?);
    let expectations: Expectations = request.json()?;
    let journal = control.journal(namespace)?;
    let report = until_met(control, namespace, &journal, &expectations, Instant::now() + wait).await;
    let report =
        report.map_err(|invalid| Error::invalid_request(Malformed::at(invalid.place, invalid.message)))?;
    json(&Verified { text: report.to_string(), report })
}

async fn until_met(
    control: &dyn Control,
    namespace: &str,
    journal: &Journal,
    expectations: &Expectations,
    deadline: Instant,
) -> Result<Report, InvalidExpectation> {
    loop {
        let calls = journal.snapshot();
        let seen = calls.revision;
        let evidence = Evidence { calls, rules: control.rules(namespace) };
        let report = hold(expectations, &evidence, &by_rules)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if report.ok || left.is_zero() {
            return Ok(report);
        }
        // In vain or not: the next look is the last one if the time is over.
        let _ = journal.wait_until(|journal| journal.revision() != seen, left).await;
        tokio::time::sleep(PAUSE.min(deadline.saturating_duration_since(Instant::now()))).await;
    }
}
