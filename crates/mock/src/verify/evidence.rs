//! What happened in a namespace.

use std::sync::Arc;

use super::expectations::Wanted;
use crate::call::Call;
use crate::journal::{Calls, Entry};

/// What happened in a namespace: its calls, and how far its script has come.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The calls.
    pub calls: Calls,
    /// The rules of its script, in order.
    pub rules: Vec<RuleState>,
}

/// How far a rule has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RuleState {
    /// Its name, or `rule 3` where it has none.
    pub name: Arc<str>,
    /// How many calls it answered.
    pub answered: u32,
    /// How many of its answers were never given: of its sequence, of its `times`, or the one it has.
    pub remaining: u32,
}

/// A call, ready to be held against conditions.
pub(super) struct Witness {
    pub(super) entry: Arc<Entry>,
    /// None where the request could not be read: no condition holds of it.
    pub(super) call: Option<Call>,
}

impl Witness {
    pub(super) fn new(entry: &Arc<Entry>) -> Self {
        Self { entry: entry.clone(), call: entry.call() }
    }

    /// What differs from what is wanted; none where nothing does.
    pub(super) fn differences(&self, wanted: &Wanted<'_>) -> Option<Vec<String>> {
        match &self.call {
            Some(call) => (wanted.condition)(call).err(),
            None => Some(vec!["the request could not be read".to_owned()]),
        }
    }

    pub(super) fn is_as(&self, wanted: &Wanted<'_>) -> bool {
        self.differences(wanted).is_none()
    }
}
