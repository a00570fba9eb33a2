//! Quotas: amounts that are reserved before they are used, and settled after.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

/// The largest amount and capacity: larger ones are taken for it. (Scripts in Redis count in doubles, and
/// this is what they count exactly. In nano-dollars it is nine million dollars.)
pub const MAX_AMOUNT: u64 = (1 << 53) - 1;

/// Limits and budgets: a claim on several is granted whole or not at all, and no number of callers at once
/// takes more than there is.
///
/// A *scope* is what the limits belong to, as an API key's id; the limits of one scope are decided together.
/// One that belongs to another scope (to all keys, say) needs a reservation of its own; give back the first
/// with [`settle`](Quotas::settle) when the second is refused.
///
/// ```
/// use playhouse_store::shared::{Claim, Decision, Period, Shared, SharedLimits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let quotas = Shared::in_process(&SharedLimits::default()).quotas;
/// let today = Period { start_us: 1_700_000_000_000_000, end_us: 1_700_086_400_000_000 };
/// let claims = [Claim::per_minute("tokens", 10_000, 500), Claim::in_period("day", today, 1_000, 80)];
///
/// // A budget's counter begins with what the store says was spent.
/// let now_us = 1_700_000_000_500_000;
/// assert_eq!(quotas.reserve("key-7", &claims, now_us).await, Decision::NeedsSeed(vec![1]));
/// quotas.seed("key-7", &claims[1], 900).await;
///
/// let Decision::Granted(reservation) = quotas.reserve("key-7", &claims, now_us).await else { panic!() };
/// assert_eq!(reservation.states[1].remaining, 20);
/// quotas.settle(reservation, &[310, 50]).await; // the call cost less than it might have
///
/// let states = quotas.peek("key-7", &claims, now_us).await;
/// assert_eq!(states[1].as_ref().unwrap().remaining, 50);
/// # }
/// ```
#[async_trait]
pub trait Quotas: Send + Sync {
    /// Takes every claim's amount from its limit, or nothing from any. Each limit is claimed once.
    ///
    /// `now_us` (Unix microseconds) tells what is left of periods; rolling limits go by a clock of their own.
    async fn reserve(&self, scope: &str, claims: &[Claim], now_us: i64) -> Decision;

    /// Replaces what was reserved by what was used: in the order of the claims, with nothing given back for
    /// those that are not named. Amounts of 0 release the reservation.
    ///
    /// A reservation that is never settled, as when the process is killed, stays taken: a rolling limit fills
    /// up again by itself, a period's counts as spent until the period ends. So a budget is never overdrawn
    /// by what nobody could settle.
    async fn settle(&self, reservation: Reservation, used: &[u64]);

    /// Says how much of a period's limit was taken before, if nobody has said it yet. Asked for by
    /// [`Decision::NeedsSeed`]; reserve again then, and expect to be asked again (a few times at most).
    async fn seed(&self, scope: &str, claim: &Claim, spent: u64);

    /// How the claims' limits stand, in their order, whatever the claims' amounts. `None` for a period whose
    /// counter has no beginning yet.
    async fn peek(&self, scope: &str, claims: &[Claim], now_us: i64) -> Vec<Option<LimitState>>;
}

/// A wish for an amount of one limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The limit's name within its scope.
    pub limit: Arc<str>,
    /// When what was taken comes back.
    pub window: Window,
    /// How much there is of it in all.
    pub capacity: u64,
    /// How much is wanted.
    pub amount: u64,
}

impl Claim {
    /// A claim on a limit that fills up evenly, from nothing to its capacity within a minute.
    pub fn per_minute(limit: impl Into<Arc<str>>, capacity: u64, amount: u64) -> Self {
        Self { limit: limit.into(), window: Window::Rolling(Duration::from_mins(1)), capacity, amount }
    }

    /// A claim on a budget.
    pub fn in_period(limit: impl Into<Arc<str>>, period: Period, capacity: u64, amount: u64) -> Self {
        Self { limit: limit.into(), window: Window::Period(period), capacity, amount }
    }
}

/// When what was taken comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Evenly, all of it within this time (a token bucket).
    Rolling(Duration),
    /// At once, when the next period begins.
    Period(Period),
}

/// A stretch of the calendar, in Unix microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// When it begins. A limit's periods are told apart by it.
    pub start_us: i64,
    /// When it is over: the first moment after it.
    pub end_us: i64,
}

/// What became of a wish to reserve.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// All of it was taken.
    Granted(Reservation),
    /// Nothing was taken: at least one limit has too little left.
    Exceeded(Exceeded),
    /// Nothing was taken: the counters of these claims (by their place) have no beginning yet. Say what was
    /// spent with [`Quotas::seed`], and reserve again.
    NeedsSeed(Vec<usize>),
}

/// What was taken, until it is settled.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "what was reserved stays taken until it is settled"]
pub struct Reservation {
    /// What the limits belong to.
    pub scope: Arc<str>,
    /// What was taken of each.
    pub claims: Vec<Claim>,
    /// How each limit stands since, in the order of the claims.
    pub states: Vec<LimitState>,
    /// Who counts it.
    pub(super) taken_from: TakenFrom,
}

/// Who counts a reservation, and so has to hear how it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakenFrom {
    /// This process.
    Local,
    /// Redis, for all replicas.
    Redis,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Exceeded {
    /// The place of the claim that has to wait longest.
    pub claim: usize,
    /// When it may be granted, if nobody else claims; `None` when its amount is more than the capacity.
    pub retry_after: Option<Duration>,
    /// How each limit stands, in the order of the claims.
    pub states: Vec<LimitState>,
}

/// How a limit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitState {
    /// Its capacity.
    pub limit: u64,
    /// How much can be taken of it now.
    pub remaining: u64,
    /// When all of it can be taken, if nobody claims.
    pub reset_after: Duration,
}
