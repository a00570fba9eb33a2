//! What was taken of limits, or given back, while Redis could not be told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::shared::local::lock;
use crate::shared::{Claim, Window};

/// Debts, summed up by limit. Rolling limits are not owed: they fill up by themselves.
#[derive(Debug)]
pub(super) struct Owed {
    most: usize,
    debts: Mutex<HashMap<Id, Debt>>,
}

/// A scope, a limit, and where its period begins.
type Id = (Arc<str>, Arc<str>, i64);

/// How much more is taken of a limit than Redis knows.
#[derive(Clone, Debug)]
pub(super) struct Debt {
    pub(super) scope: Arc<str>,
    pub(super) claim: Claim,
    pub(super) more: i64,
}

impl Owed {
    pub(super) fn new(most: usize) -> Self {
        Self { most, debts: Mutex::default() }
    }

    /// Adds to what is owed; beyond the bound the debt is let go.
    pub(super) fn add(&self, scope: &Arc<str>, claim: &Claim, more: i64) {
        let Window::Period(period) = claim.window else { return };
        let id = (scope.clone(), claim.limit.clone(), period.start_us);
        let mut debts = lock(&self.debts);
        if debts.len() >= self.most && !debts.contains_key(&id) {
            return;
        }
        let new = || Debt { scope: scope.clone(), claim: claim.clone(), more: 0 };
        let debt = debts.entry(id).or_insert_with(new);
        debt.more = debt.more.saturating_add(more);
    }

    /// One debt, which is not owed any more.
    pub(super) fn take(&self) -> Option<Debt> {
        let mut debts = lock(&self.debts);
        loop {
            let id = debts.keys().next().cloned()?;
            let debt = debts.remove(&id)?;
            if debt.more != 0 {
                return Some(debt);
            }
        }
    }
}
