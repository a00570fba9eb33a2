//! Quotas within this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::bucket::Bucket;
use super::lock;
use crate::shared::quotas::TakenFrom;
use crate::shared::{
    Claim, Decision, Exceeded, LimitState, MAX_AMOUNT, Period, Quotas, Reservation, SharedLimits, Window,
};

/// [`Quotas`] counted in this process only.
#[derive(Debug)]
pub struct LocalQuotas {
    began: Instant,
    most: usize,
    counters: Mutex<HashMap<CounterId, Counter>>,
}

/// A scope, a limit, and where its period begins (`None` for a rolling one).
type CounterId = (Arc<str>, Arc<str>, Option<i64>);

/// What is taken of a limit.
#[derive(Clone, Copy, Debug)]
enum Counter {
    Rolling { bucket: Bucket, full_s: f64 },
    Period { taken: u64, end_us: i64 },
}

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

    /// Makes room, so that no number of scopes fills the memory: first what says nothing any more, then
    /// whatever comes; a period's counter is asked for again.
    fn make_room(&self, counters: &mut HashMap<CounterId, Counter>, more: usize, now_us: i64) {
        if counters.len() + more <= self.most {
            return;
        }
        let now_s = self.now_s();
        counters.retain(|_, counter| match counter {
            Counter::Rolling { full_s, .. } => *full_s > now_s,
            Counter::Period { end_us, .. } => *end_us > now_us,
        });
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

impl Counter {
    /// How a claim's counter stands.
    fn standing(known: Option<&Self>, claim: &Claim, now_s: f64) -> Option<Self> {
        match (known, claim.window) {
            (Some(Self::Rolling { bucket, .. }), Window::Rolling(window)) => {
                Some(Self::rolling(bucket.at(now_s, capacity(claim), window), claim, window))
            }
            (_, Window::Rolling(window)) => {
                Some(Self::rolling(Bucket::default().at(now_s, capacity(claim), window), claim, window))
            }
            (Some(counter @ Self::Period { .. }), Window::Period(_)) => Some(*counter),
            (_, Window::Period(_)) => None,
        }
    }

    fn rolling(bucket: Bucket, claim: &Claim, window: Duration) -> Self {
        let full_s = bucket.full_s(capacity(claim), window);
        Self::Rolling { bucket, full_s }
    }

    /// The same after an amount more (or less) is taken.
    fn taking(self, claim: &Claim, amount: i64) -> Self {
        match (self, claim.window) {
            (Self::Rolling { mut bucket, .. }, Window::Rolling(window)) => {
                bucket.take(amount as f64);
                Self::rolling(bucket, claim, window)
            }
            (Self::Period { taken, end_us }, _) => {
                Self::Period { taken: taken.saturating_add_signed(amount).min(MAX_AMOUNT), end_us }
            }
            (other, _) => other,
        }
    }

    fn state(&self, claim: &Claim, now_us: i64) -> LimitState {
        let limit = capacity(claim);
        let (remaining, reset_after) = match (self, claim.window) {
            (Self::Rolling { bucket, .. }, Window::Rolling(window)) => {
                (bucket.remaining(limit), bucket.wait_for(limit, limit, window))
            }
            (Self::Period { taken, .. }, Window::Period(period)) => {
                (limit.saturating_sub(*taken), left_of(period, now_us))
            }
            _ => (limit, Duration::ZERO),
        };
        LimitState { limit, remaining, reset_after }
    }

    /// How long the claim has to wait; `None` when it waits for ever.
    fn wait(&self, claim: &Claim, now_us: i64) -> Option<Duration> {
        let (amount, capacity) = (amount(claim), capacity(claim));
        match (self, claim.window) {
            _ if amount > capacity => None,
            (Self::Rolling { bucket, .. }, Window::Rolling(window)) => {
                Some(bucket.wait_for(amount, capacity, window))
            }
            (Self::Period { taken, .. }, Window::Period(period)) if taken + amount > capacity => {
                Some(left_of(period, now_us))
            }
            _ => Some(Duration::ZERO),
        }
    }
}

fn capacity(claim: &Claim) -> u64 {
    claim.capacity.min(MAX_AMOUNT)
}

fn amount(claim: &Claim) -> u64 {
    claim.amount.min(MAX_AMOUNT)
}

/// How much of a period is left: something, while it counts.
fn left_of(period: Period, now_us: i64) -> Duration {
    Duration::from_micros(period.end_us.saturating_sub(now_us).max(1).unsigned_abs())
}

/// The claim that waits longest, if any has to.
fn longest_wait(standing: &[Counter], claims: &[Claim], now_us: i64) -> Option<(usize, Option<Duration>)> {
    let waits = standing.iter().zip(claims).map(|(counter, claim)| counter.wait(claim, now_us));
    let waiting = waits.enumerate().filter(|(_, wait)| *wait != Some(Duration::ZERO));
    waiting.max_by_key(|(_, wait)| wait.unwrap_or(Duration::MAX))
}

#[async_trait]
impl Quotas for LocalQuotas {
    async fn reserve(&self, scope: &str, claims: &[Claim], now_us: i64) -> Decision {
        let scope: Arc<str> = scope.into();
        let mut counters = lock(&self.counters);
        let standing = self.standing(&counters, &scope, claims);
        let missing: Vec<usize> = standing
            .iter()
            .enumerate()
            .filter(|(_, counter)| counter.is_none())
            .map(|(place, _)| place)
            .collect();
        if !missing.is_empty() {
            return Decision::NeedsSeed(missing);
        }
        let mut standing: Vec<Counter> = standing.into_iter().flatten().collect();
        let states = |standing: &[Counter]| -> Vec<LimitState> {
            standing.iter().zip(claims).map(|(counter, claim)| counter.state(claim, now_us)).collect()
        };
        if let Some((claim, retry_after)) = longest_wait(&standing, claims, now_us) {
            return Decision::Exceeded(Exceeded { claim, retry_after, states: states(&standing) });
        }
        self.make_room(&mut counters, claims.len(), now_us);
        for (counter, claim) in standing.iter_mut().zip(claims) {
            *counter = counter.taking(claim, amount(claim).cast_signed());
            counters.insert(id(&scope, claim), *counter);
        }
        let states = states(&standing);
        Decision::Granted(Reservation {
            scope,
            claims: claims.to_vec(),
            states,
            taken_from: TakenFrom::Local,
        })
    }

    async fn settle(&self, reservation: Reservation, used: &[u64]) {
        let mut counters = lock(&self.counters);
        let now_s = self.now_s();
        for (claim, used) in reservation.claims.iter().zip(used) {
            let id = id(&reservation.scope, claim);
            let known = counters.get(&id);
            // One that is gone is full again, or begins anew with what the store says.
            if let Some(counter) = known.and_then(|known| Counter::standing(Some(known), claim, now_s)) {
                let more = (*used).min(MAX_AMOUNT).cast_signed() - amount(claim).cast_signed();
                counters.insert(id, counter.taking(claim, more));
            }
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
