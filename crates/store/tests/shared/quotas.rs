//! Quotas.

use std::time::Duration;

use futures_util::future::join_all;
use playhouse_store::shared::{
    Claim, Decision, Exceeded, LimitState, Period, Reservation, Shared, SharedLimits, Window,
};

use super::both;

const NOW_US: i64 = 1_700_000_000_000_000;
const KEY: &str = "key-7";

/// A period that has an hour left; the calendar of the test is not that of the server.
fn period() -> Period {
    Period { start_us: NOW_US - 3_600_000_000, end_us: NOW_US + 3_600_000_000 }
}

/// A rolling limit that fills up so slowly that a test does not see it.
fn slow(limit: &str, capacity: u64, amount: u64) -> Claim {
    let window = Window::Rolling(Duration::from_hours(24 * 365));
    Claim { limit: limit.into(), window, capacity, amount }
}

pub(super) fn budget(capacity: u64, amount: u64) -> Claim {
    Claim::in_period("day", period(), capacity, amount)
}

pub(super) fn granted(decision: Decision) -> Reservation {
    match decision {
        Decision::Granted(reservation) => reservation,
        other => panic!("not granted: {other:?}"),
    }
}

fn exceeded(decision: Decision) -> Exceeded {
    match decision {
        Decision::Exceeded(exceeded) => exceeded,
        other => panic!("not refused: {other:?}"),
    }
}

fn remaining(states: &[LimitState]) -> Vec<u64> {
    states.iter().map(|state| state.remaining).collect()
}

pub(super) async fn left(shared: &Shared, claim: Claim) -> Option<u64> {
    shared.quotas.peek(KEY, &[claim], NOW_US).await.pop().flatten().map(|state| state.remaining)
}

#[tokio::test]
async fn an_amount_is_taken_until_nothing_is_left() {
    both(SharedLimits::default(), |replicas| async move {
        let claims = [slow("tokens", 100, 40)];
        let first = granted(replicas.one.quotas.reserve(KEY, &claims, NOW_US).await);
        assert_eq!((first.states[0].limit, first.states[0].remaining), (100, 60));
        let _ = granted(replicas.other.quotas.reserve(KEY, &claims, NOW_US).await);
        let refusal = exceeded(replicas.one.quotas.reserve(KEY, &claims, NOW_US).await);
        assert_eq!((refusal.claim, remaining(&refusal.states)), (0, vec![20]));
        let wait = refusal.retry_after.unwrap();
        assert!(wait > Duration::ZERO && wait <= Duration::from_hours(24 * 365) / 5, "{wait:?}");
        let _ = granted(replicas.one.quotas.reserve("key-8", &claims, NOW_US).await);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_taken_when_any_limit_refuses() {
    both(SharedLimits::default(), |replicas| async move {
        let claims = |tokens| [slow("requests", 10, 1), slow("tokens", 100, tokens)];
        let refusal = exceeded(replicas.one.quotas.reserve(KEY, &claims(101), NOW_US).await);
        assert_eq!((refusal.claim, refusal.retry_after), (1, None), "it never fits");
        let _ = granted(replicas.one.quotas.reserve(KEY, &claims(80), NOW_US).await);
        let refusal = exceeded(replicas.one.quotas.reserve(KEY, &claims(80), NOW_US).await);
        assert_eq!((refusal.claim, remaining(&refusal.states)), (1, vec![9, 20]));
    })
    .await;
}

#[tokio::test]
async fn what_was_not_used_is_given_back_and_what_was_used_more_is_taken() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.quotas.seed(KEY, &budget(1_000, 0), 0).await;
        let claims = [slow("tokens", 100, 50), budget(1_000, 400)];
        let reservation = granted(replicas.one.quotas.reserve(KEY, &claims, NOW_US).await);
        replicas.other.quotas.settle(reservation, &[20, 700]).await;
        assert_eq!(left(&replicas.one, slow("tokens", 100, 0)).await, Some(80));
        assert_eq!(left(&replicas.one, budget(1_000, 0)).await, Some(300));
        let reservation = granted(replicas.one.quotas.reserve(KEY, &claims[..1], NOW_US).await);
        replicas.one.quotas.settle(reservation, &[0]).await;
        assert_eq!(left(&replicas.one, slow("tokens", 100, 0)).await, Some(80));
    })
    .await;
}

#[tokio::test]
async fn what_was_used_beyond_the_capacity_is_owed() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.quotas.seed(KEY, &budget(1_000, 0), 0).await;
        let claims = [slow("tokens", 100, 50), budget(1_000, 400)];
        let reservation = granted(replicas.one.quotas.reserve(KEY, &claims, NOW_US).await);
        replicas.one.quotas.settle(reservation, &[500, 5_000]).await;
        assert_eq!(left(&replicas.one, slow("tokens", 100, 0)).await, Some(0));
        let refusal = exceeded(replicas.one.quotas.reserve(KEY, &[budget(5_100, 101)], NOW_US).await);
        assert_eq!(remaining(&refusal.states), [100]);
    })
    .await;
}

#[tokio::test]
async fn a_budget_begins_with_what_was_spent_before() {
    both(SharedLimits::default(), |replicas| async move {
        let claims = [slow("tokens", 100, 1), budget(1_000, 100)];
        let decision = replicas.one.quotas.reserve(KEY, &claims, NOW_US).await;
        assert_eq!(decision, Decision::NeedsSeed(vec![1]));
        assert_eq!(left(&replicas.one, budget(1_000, 0)).await, None);
        replicas.one.quotas.seed(KEY, &claims[1], 850).await;
        replicas.other.quotas.seed(KEY, &claims[1], 10).await;
        let reservation = granted(replicas.other.quotas.reserve(KEY, &claims, NOW_US).await);
        assert_eq!(remaining(&reservation.states), [99, 50]);
        let refusal = exceeded(replicas.other.quotas.reserve(KEY, &claims, NOW_US).await);
        assert_eq!((refusal.claim, refusal.retry_after), (1, Some(Duration::from_hours(1))));
    })
    .await;
}

#[tokio::test]
async fn a_budget_begins_anew_with_its_period() {
    both(SharedLimits::default(), |replicas| async move {
        let next = Period { start_us: period().end_us, end_us: period().end_us + 3_600_000_000 };
        replicas.one.quotas.seed(KEY, &budget(100, 0), 100).await;
        exceeded(replicas.one.quotas.reserve(KEY, &[budget(100, 1)], NOW_US).await);
        let claims = [Claim::in_period("day", next, 100, 1)];
        let decision = replicas.one.quotas.reserve(KEY, &claims, next.start_us).await;
        assert_eq!(decision, Decision::NeedsSeed(vec![0]));
    })
    .await;
}

#[tokio::test]
async fn a_thousand_at_once_take_no_more_than_there_is() {
    both(SharedLimits::default(), |replicas| async move {
        replicas.one.quotas.seed(KEY, &budget(1_000_000, 0), 0).await;
        let claims = [slow("tokens", 5_000, 10), budget(1_000_000, 3_000)];
        let replicas = [&replicas.one, &replicas.other];
        let reserve = |place: usize| replicas[place % 2].quotas.reserve(KEY, &claims, NOW_US);
        let decisions = join_all((0..1_000).map(reserve)).await;
        let taken = decisions.iter().filter(|decision| matches!(decision, Decision::Granted(_))).count();
        assert_eq!(taken, 333, "the budget has room for so many");
        assert_eq!(left(replicas[0], budget(1_000_000, 0)).await, Some(1_000));
        assert_eq!(left(replicas[0], slow("tokens", 5_000, 0)).await, Some(1_670));
    })
    .await;
}

#[tokio::test]
async fn a_rolling_limit_fills_up_again() {
    both(SharedLimits::default(), |replicas| async move {
        let window = Window::Rolling(Duration::from_millis(50));
        let claims = [Claim { limit: "requests".into(), window, capacity: 10, amount: 10 }];
        let _ = granted(replicas.one.quotas.reserve(KEY, &claims, NOW_US).await);
        let again = async {
            while !matches!(replicas.other.quotas.reserve(KEY, &claims, NOW_US).await, Decision::Granted(_)) {
            }
        };
        super::in_time(again).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_minute_gives_back_all_of_it() {
    let quotas = Shared::in_process(&SharedLimits::default()).quotas;
    let claims = [Claim::per_minute("requests", 60, 60)];
    let _ = granted(quotas.reserve(KEY, &claims, NOW_US).await);
    let one = [Claim::per_minute("requests", 60, 1)];
    let refusal = exceeded(quotas.reserve(KEY, &one, NOW_US).await);
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(1)));
    assert_eq!(refusal.states[0].reset_after, Duration::from_mins(1));
    tokio::time::advance(Duration::from_secs(1)).await;
    let _ = granted(quotas.reserve(KEY, &one, NOW_US).await);
    tokio::time::advance(Duration::from_mins(1)).await;
    let _ = granted(quotas.reserve(KEY, &claims, NOW_US).await);
}

#[tokio::test]
async fn no_number_of_keys_fills_the_memory() {
    let limits = SharedLimits { counters: 10, ..SharedLimits::default() };
    let quotas = Shared::in_process(&limits).quotas;
    for key in 0..100 {
        quotas.seed(&format!("key-{key}"), &budget(10, 1), 0).await;
    }
    let known = join_all((0..100).map(|key| {
        let quotas = quotas.clone();
        async move { quotas.peek(&format!("key-{key}"), &[budget(10, 1)], NOW_US).await[0].is_some() }
    }));
    assert_eq!(known.await.into_iter().filter(|known| *known).count(), 10);
}
