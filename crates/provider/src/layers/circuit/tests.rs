//! The circuit by itself, in a time that is made up.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn policy() -> BreakerPolicy {
    BreakerPolicy { consecutive_failures: 3, min_attempts: 10, ..BreakerPolicy::default() }
}

/// A circuit, and a clock that is turned by hand.
struct Bench {
    circuit: Circuit,
    now: Instant,
}

impl Bench {
    fn new(policy: BreakerPolicy) -> Self {
        let now = Instant::now();
        Self { circuit: Circuit::new(policy, now), now }
    }

    fn state(&self) -> CircuitState {
        self.circuit.state(self.now)
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    fn ask_thrice(&mut self, settled: Settled) {
        for _ in 0..3 {
            self.ask(settled);
        }
    }

    fn ask(&mut self, settled: Settled) -> Option<CircuitState> {
        let leave = self.circuit.admit(self.now).unwrap();
        self.circuit.settle(leave, settled, self.now)
    }
}

const FAILED: Settled = Settled::Failed(Toll::Failure, None);

#[test]
fn failures_in_a_row_open_it_and_a_probe_closes_it() {
    let mut bench = Bench::new(policy());
    assert_eq!((bench.ask(FAILED), bench.ask(FAILED)), (None, None));
    assert_eq!(bench.ask(FAILED), Some(CircuitState::Open));
    bench.wait(4 * SECOND);
    assert_eq!(bench.circuit.admit(bench.now).unwrap_err(), Closure::Open(6 * SECOND));
    bench.wait(6 * SECOND);
    assert_eq!(bench.state(), CircuitState::HalfOpen);
    assert_eq!(bench.ask(Settled::Answered), Some(CircuitState::Closed));
    assert_eq!(bench.ask(FAILED), None);
}

#[test]
fn a_success_between_ends_the_row() {
    let mut bench = Bench::new(policy());
    for _ in 0..4 {
        bench.ask(FAILED);
        bench.ask(FAILED);
        bench.ask(Settled::Answered);
        bench.wait(31 * SECOND);
    }
    assert_eq!(bench.state(), CircuitState::Closed);
}

#[test]
fn failures_far_apart_are_no_row() {
    let mut bench = Bench::new(policy());
    for _ in 0..6 {
        bench.ask(FAILED);
        bench.wait(31 * SECOND);
    }
    assert_eq!(bench.state(), CircuitState::Closed);
}

#[test]
fn a_share_of_failures_opens_it_once_there_are_enough_attempts() {
    let mut bench = Bench::new(BreakerPolicy { consecutive_failures: 0, ..policy() });
    for _ in 0..4 {
        bench.ask(FAILED);
        bench.ask(Settled::Answered);
    }
    assert_eq!(bench.state(), CircuitState::Closed);
    bench.ask(FAILED);
    assert_eq!(bench.ask(FAILED), Some(CircuitState::Open));
}

#[test]
fn what_is_older_than_the_window_does_not_count() {
    let mut bench = Bench::new(BreakerPolicy { consecutive_failures: 0, ..policy() });
    (0..9).for_each(|_| assert_eq!(bench.ask(FAILED), None));
    bench.wait(31 * SECOND);
    (0..9).for_each(|_| assert_eq!(bench.ask(FAILED), None));
    assert_eq!(bench.ask(FAILED), Some(CircuitState::Open));
}

#[test]
fn only_so_many_probes_run_at_once_and_one_that_fails_opens_it_again() {
    let mut bench = Bench::new(BreakerPolicy { probes: 2, ..policy() });
    bench.ask_thrice(FAILED);
    bench.wait(10 * SECOND);
    let (one, other) = (bench.circuit.admit(bench.now).unwrap(), bench.circuit.admit(bench.now).unwrap());
    assert!(!bench.circuit.is_passable(bench.now));
    assert!(bench.circuit.admit(bench.now).is_err());
    assert_eq!(bench.circuit.settle(one, FAILED, bench.now), Some(CircuitState::Open));
    // The other was begun before: what becomes of it is no news any more.
    assert_eq!(bench.circuit.settle(other, Settled::Answered, bench.now), None);
    assert_eq!(bench.state(), CircuitState::Open);
}

#[test]
fn a_probe_that_is_given_up_makes_room_for_another() {
    let mut bench = Bench::new(policy());
    bench.ask_thrice(FAILED);
    bench.wait(10 * SECOND);
    assert_eq!(bench.ask(Settled::Unknown), None);
    assert_eq!(bench.state(), CircuitState::HalfOpen);
    assert_eq!(bench.ask(Settled::Refused), Some(CircuitState::Closed));
}

#[test]
fn what_was_asked_before_it_opened_does_not_count_after() {
    let mut bench = Bench::new(policy());
    let late = bench.circuit.admit(bench.now).unwrap();
    bench.ask_thrice(FAILED);
    bench.wait(10 * SECOND);
    bench.ask(Settled::Answered);
    bench.ask(FAILED);
    bench.ask(FAILED);
    assert_eq!(bench.circuit.settle(late, FAILED, bench.now), None);
    assert_eq!(bench.state(), CircuitState::Closed);
}

#[test]
fn a_pause_that_was_asked_for_is_kept_within_a_bound() {
    let mut bench = Bench::new(policy());
    let asked = Settled::Failed(Toll::RateLimit, Some(5 * SECOND));
    assert_eq!(bench.ask(asked), Some(CircuitState::Paused));
    assert_eq!(bench.circuit.admit(bench.now).unwrap_err(), Closure::Paused(5 * SECOND));
    bench.wait(5 * SECOND);
    assert_eq!(bench.state(), CircuitState::Closed);
    bench.ask(Settled::Failed(Toll::RateLimit, Some(3600 * SECOND)));
    assert_eq!(bench.circuit.admit(bench.now).unwrap_err(), Closure::Paused(60 * SECOND));
}

#[test]
fn what_too_many_requests_are_is_configured() {
    for (rate_limited, state) in
        [(RateLimited::Failure, CircuitState::Open), (RateLimited::Ignore, CircuitState::Closed)]
    {
        let mut bench = Bench::new(BreakerPolicy { rate_limited, ..policy() });
        bench.ask_thrice(Settled::Failed(Toll::RateLimit, Some(SECOND)));
        assert_eq!(bench.state(), state, "{rate_limited:?}");
    }
}

#[test]
fn one_that_opens_stays_open_as_long_as_the_upstream_asked() {
    let mut bench = Bench::new(policy());
    bench.ask_thrice(Settled::Failed(Toll::Failure, Some(40 * SECOND)));
    assert_eq!(bench.circuit.admit(bench.now).unwrap_err(), Closure::Open(40 * SECOND));
}
