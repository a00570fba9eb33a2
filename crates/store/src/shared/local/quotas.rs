//! Quotas within this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::time::Instant;

use super::lock;
use crate::shared::counter::{Counter, amount, decide, states};
use crate::shared::quotas::TakenFrom;
use crate::shared::{Claim, Decision, LimitState, MAX_AMOUNT, Quotas, Reservation, SharedLimits, Window};

/// [`Quotas`] counted in this process only.
#[derive(Debug)]
pub struct LocalQuotas {
    began: Instant,
    most: usize,
    counters: Mutex<HashMap<CounterId, Counter>>,
}

/// A scope, a limit, and where its period begins (`None` for a rolling one).
type CounterId = (Arc<str>, Arc<str>, Option<i64>);

impl LocalQuotas {
    /// Nothing is taken yet.
    pub fn new(limits: &SharedLimits) -> Self {
        Self { began: Instant::now(), most: limits.counters.max(1), counters: Mutex::default() }
    }

    fn now_s(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// The counters of claims as they stand now; `None` for a period that has no beginning.
    fn standing(
        &self,
        counters: &HashMap<CounterId, Counter>,
        scope: &Arc<str>,
        claims: &[Claim],
    ) -> Vec<Option<Counter>> {
        let now_s = self.now_s();
        let of = |claim: &Claim| Counter::standing(counters.get(&id(scope, claim)), claim, now_s);
        claims.iter().map(of).collect()
    }

    /// Takes more, or gives back, whatever there is. A period without a counter is left without: it begins
    /// with what the store says.
    pub(in crate::shared) fn take_here(&self, scope: &Arc<str>, claim: &Claim, more: i64) {
        let mut counters = lock(&self.counters);
        let id = id(scope, claim);
        let known = counters.get(&id);
        if let Some(counter) = Counter::standing(known, claim, self.now_s()) {
            counters.insert(id, counter.taking(claim, more));
        }
    }

    /// Forgets all counters.
    pub(in crate::shared) fn forget(&self) {
        lock(&self.counters).clear();
    }

    /// Makes room, so that no number of scopes fills the memory: first what says nothing any more, then
    /// whatever comes; a period's counter is asked for again.
    fn make_room(&self, counters: &mut HashMap<CounterId, Counter>, more: usize, now_us: i64) {
        if counters.len() + more <= self.most {
            return;
        }
        let now_s = self.now_s();
        counters.retain(|_, counter| counter.says_something(now_s, now_us));
        let excess = (counters.len() + more).saturating_sub(self.most);
        let gone: Vec<CounterId> = counters.keys().take(excess).cloned().collect();
        for id in &gone {
            counters.remove(id);
        }
    }
}

fn id(scope: &Arc<str>, claim: &Claim) -> CounterId {
    let start = match claim.window {
        Window::Rolling(_) => None,
        Window::Period(period) => Some(period.start_us),
    };
    (scope.clone(), claim.limit.clone(), start)
}

#[async_trait]
impl Quotas for LocalQuotas {
    async fn reserve(&self, scope: &str, claims: &[Claim], now_us: i64) -> Decision {
        let scope: Arc<str> = scope.into();
        let mut counters = lock(&self.counters);
        let standing = self.standing(&counters, &scope, claims);
        let mut standing = match decide(standing, claims, now_us) {
            Ok(standing) => standing,
            Err(refusal) => return refusal,
        };
        self.make_room(&mut counters, claims.len(), now_us);
        for (counter, claim) in standing.iter_mut().zip(claims) {
            *counter = counter.taking(claim, amount(claim).cast_signed());
            counters.insert(id(&scope, claim), *counter);
        }
        let states = states(&standing, claims, now_us);
        Decision::Granted(Reservation {
            scope,
            claims: claims.to_vec(),
            states,
            taken_from: TakenFrom::Local,
        })
    }

    async fn settle(&self, reservation: Reservation, used: &[u64]) {
        for (claim, used) in reservation.claims.iter().zip(used) {
            let more = (*used).min(MAX_AMOUNT).cast_signed() - amount(claim).cast_signed();
            self.take_here(&reservation.scope, claim, more);
        }
    }

    async fn seed(&self, scope: &str, claim: &Claim, spent: u64) {
        let Window::Period(period) = claim.window else { return };
        let mut counters = lock(&self.counters);
        self.make_room(&mut counters, 1, period.start_us);
        let seeded = Counter::Period { taken: spent.min(MAX_AMOUNT), end_us: period.end_us };
        counters.entry(id(&scope.into(), claim)).or_insert(seeded);
    }

    async fn peek(&self, scope: &str, claims: &[Claim], now_us: i64) -> Vec<Option<LimitState>> {
        let counters = lock(&self.counters);
        let standing = self.standing(&counters, &scope.into(), claims);
        let state = |(counter, claim): (Option<Counter>, &Claim)| Some(counter?.state(claim, now_us));
        standing.into_iter().zip(claims).map(state).collect()
    }
}
