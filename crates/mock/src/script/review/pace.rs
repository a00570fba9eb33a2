//! Waits.

use super::{Complaints, Field};
use crate::script::{PaceSpec, Wait};

/// No client waits longer; an hour.
const MAX_WAIT_MS: f64 = 3_600_000.0;

pub(super) fn review(pace: &PaceSpec, at: Field<'_>, complaints: &mut Complaints) {
    if pace.profile.as_deref() == Some("") {
        complaints.add(at.key("profile"), "is empty", "name a profile, or leave it out");
    }
    for (name, wait) in [("first_token_ms", &pace.first_token_ms), ("token_ms", &pace.token_ms)] {
        if let Some(wait) = wait {
            review_wait(wait, at.key(name), complaints);
        }
    }
}

fn review_wait(wait: &Wait, at: Field<'_>, complaints: &mut Complaints) {
    for (name, ms) in [("mean", wait.mean), ("stddev", wait.stddev)] {
        review_ms(ms, at.key(name), complaints);
    }
}

/// Looks at a number of milliseconds.
pub(super) fn review_ms(ms: f64, at: Field<'_>, complaints: &mut Complaints) {
    if !(0.0..=MAX_WAIT_MS).contains(&ms) {
        complaints.add(at, format!("cannot be {ms}"), format!("use 0 to {MAX_WAIT_MS} milliseconds"));
    }
}
