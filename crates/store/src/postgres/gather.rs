//! Operations that arrive together go to the server together.
//!
//! A statement for many rows costs the server little more than one for a single row: what is dear is to begin
//! a statement, to end it, and to flush its commit. So an operation that arrives while others of its kind are
//! on their way waits for the next flight and shares it. Where there is little to do nobody waits: a flight
//! leaves at once. Batches grow by themselves with the load, and with the distance to the server. What keeps one
//! flight, such as another program's lock, keeps those behind it for a moment only: then another one leaves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many flights of one kind are on their way at a time.
const FLIGHTS: usize = 4;
/// Another flight leaves while no more than these are on their way; beyond that, it pays to wait and go together.
const FEW: usize = 4;
/// Another flight leaves also when the last one has been away for so long.
const LONG: Duration = Duration::from_millis(10);
/// How many operations share a flight, and how large they may be together; a larger one flies alone.
const LARGEST_BATCH: usize = 64;
const LARGEST_BYTES: usize = 256 << 10;
/// How many operations may wait.
const MOST_WAITING: usize = 8_192;

/// An operation that can share a flight.
pub(super) trait Passenger: Send + 'static {
    /// How many bytes it brings, roughly.
    fn bytes(&self) -> usize;
    /// Whether it has to see what comes of the other one first.
    fn clashes_with(&self, other: &Self) -> bool;
}

/// Operations of one kind that wait for a flight.
pub(super) struct Gate<P> {
    state: Mutex<State<P>>,
}

struct State<P> {
    waiting: VecDeque<P>,
    flights: usize,
    /// Whether one of them has yet to take in those that wait.
    boarding: bool,
    /// How many operations are on their way.
    aboard: usize,
    /// When a flight left last.
    left_at: Option<Instant>,
}

/// What came of an operation at the gate.
pub(super) enum Boarding<P> {
    /// This flight takes it; somebody has to carry it.
    Flight(Flight<P>),
    /// Another flight takes it.
    Next,
    /// Too many wait. Nothing was done.
    Full,
}

/// Carries batch after batch for as long as operations wait.
pub(super) struct Flight<P> {
    gate: Arc<Gate<P>>,
    aboard: usize,
    landed: bool,
}

impl<P: Passenger> Gate<P> {
    pub(super) fn new() -> Self {
        let state = State { waiting: VecDeque::new(), flights: 0, boarding: false, aboard: 0, left_at: None };
        Self { state: Mutex::new(state) }
    }

    /// Lets an operation wait for its flight.
    pub(super) fn board(self: &Arc<Self>, passenger: P) -> Boarding<P> {
        self.board_at(passenger, Instant::now())
    }

    fn board_at(self: &Arc<Self>, passenger: P, now: Instant) -> Boarding<P> {
        let mut state = self.state();
        if state.waiting.len() >= MOST_WAITING {
            return Boarding::Full;
        }
        state.waiting.push_back(passenger);
        if state.boarding || state.flights >= FLIGHTS || !state.may_leave(now) {
            return Boarding::Next;
        }
        state.flights += 1;
        state.boarding = true;
        Boarding::Flight(Flight { gate: Arc::clone(self), aboard: 0, landed: false })
    }
}

impl<P> Gate<P> {
    fn state(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> State<P> {
    /// Whether a flight may leave beside those that are on their way.
    fn may_leave(&self, now: Instant) -> bool {
        let is_long = |left_at: Instant| now.saturating_duration_since(left_at) >= LONG;
        self.aboard < FEW || self.left_at.is_none_or(is_long)
    }
}

impl<P: Passenger> State<P> {
    /// The first that can go together; those that clash with one of them stay where they are.
    fn take(&mut self) -> Vec<P> {
        let (mut batch, mut bytes, mut stay) = (Vec::<P>::new(), 0, VecDeque::new());
        while batch.len() + stay.len() < LARGEST_BATCH {
            let Some(next) = self.waiting.pop_front() else { break };
            if batch.iter().chain(&stay).any(|earlier| next.clashes_with(earlier)) {
                stay.push_back(next);
            } else if !batch.is_empty() && bytes + next.bytes() > LARGEST_BYTES {
                self.waiting.push_front(next);
                break;
            } else {
                bytes += next.bytes();
                batch.push(next);
            }
        }
        while let Some(next) = stay.pop_back() {
            self.waiting.push_front(next);
        }
        batch
    }
}

impl<P: Passenger> Flight<P> {
    /// What goes together next; `None` ends the flight.
    pub(super) fn next(&mut self) -> Option<Vec<P>> {
        self.next_at(Instant::now())
    }

    fn next_at(&mut self, now: Instant) -> Option<Vec<P>> {
        let mut state = self.gate.state();
        state.aboard -= self.aboard;
        state.boarding = false;
        self.aboard = 0;
        // Those that are on their way take the rest when they are back.
        let batch = if state.may_leave(now) { state.take() } else { Vec::new() };
        if batch.is_empty() {
            state.flights -= 1;
            self.landed = true;
            return None;
        }
        self.aboard = batch.len();
        state.aboard += batch.len();
        state.left_at = Some(now);
        Some(batch)
    }
}

impl<P> Drop for Flight<P> {
    /// A last flight that is given up takes those that wait with it: they are told so, and do not wait for ever.
    fn drop(&mut self) {
        if self.landed {
            return;
        }
        let mut state = self.gate.state();
        state.aboard -= self.aboard;
        state.boarding = false;
        state.flights -= 1;
        if state.flights == 0 {
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            drop(waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name and how large it is.
    type Named = (&'static str, usize);

    impl Passenger for Named {
        fn bytes(&self) -> usize {
            self.1
        }

        fn clashes_with(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    fn flight(gate: &Arc<Gate<Named>>, passenger: Named, now: Instant) -> Flight<Named> {
        match gate.board_at(passenger, now) {
            Boarding::Flight(flight) => flight,
            Boarding::Next | Boarding::Full => panic!("there is no flight"),
        }
    }

    fn wait(gate: &Arc<Gate<Named>>, passengers: impl IntoIterator<Item = Named>, now: Instant) {
        for passenger in passengers {
            assert!(matches!(gate.board_at(passenger, now), Boarding::Next));
        }
    }

    fn many(count: usize) -> Vec<Named> {
        (0..count).map(|n| (&*n.to_string().leak(), 1)).collect()
    }

    /// A gate with as many on their way that nobody leaves beside them.
    fn busy_gate(now: Instant) -> (Arc<Gate<Named>>, Flight<Named>) {
        let gate = Arc::new(Gate::new());
        let mut first = flight(&gate, ("first", 1), now);
        wait(&gate, many(FEW), now);
        assert_eq!(first.next_at(now).unwrap().len(), FEW + 1);
        (gate, first)
    }

    #[test]
    fn what_arrives_meanwhile_goes_together() {
        let now = Instant::now();
        let (gate, mut first) = busy_gate(now);
        wait(&gate, [("a", 1), ("b", 1), ("c", 1)], now);
        assert_eq!(first.next_at(now), Some(vec![("a", 1), ("b", 1), ("c", 1)]));
        assert_eq!(first.next_at(now), None);
        assert_eq!(flight(&gate, ("d", 1), now).next_at(now), Some(vec![("d", 1)]));
    }

    #[test]
    fn while_few_are_on_their_way_nobody_waits() {
        let (gate, now) = (Arc::new(Gate::new()), Instant::now());
        let mut flights = Vec::new();
        for passenger in many(FLIGHTS) {
            let mut flight = flight(&gate, passenger, now);
            assert_eq!(flight.next_at(now), Some(vec![passenger]));
            flights.push(flight);
        }
        wait(&gate, [("a", 1)], now);
        assert_eq!(flights[1].next_at(now), Some(vec![("a", 1)]));
    }

    #[test]
    fn a_flight_that_is_kept_keeps_others_for_a_moment_only() {
        let now = Instant::now();
        let (gate, mut first) = busy_gate(now);
        wait(&gate, many(FEW), now);
        let later = now + LONG;
        let mut second = flight(&gate, ("a", 1), later);
        assert_eq!(second.next_at(later).unwrap().len(), FEW + 1);
        // What arrives now goes with whoever is back first.
        wait(&gate, [("b", 1)], later);
        assert_eq!(first.next_at(later), None);
        assert_eq!(second.next_at(later), Some(vec![("b", 1)]));
    }

    #[test]
    fn what_clashes_goes_one_after_the_other_in_order() {
        let now = Instant::now();
        let (gate, mut first) = busy_gate(now);
        wait(&gate, [("a", 1), ("a", 2), ("b", 1), ("a", 3), ("b", 2)], now);
        assert_eq!(first.next_at(now), Some(vec![("a", 1), ("b", 1)]));
        assert_eq!(first.next_at(now), Some(vec![("a", 2), ("b", 2)]));
        assert_eq!(first.next_at(now), Some(vec![("a", 3)]));
        assert_eq!(first.next_at(now), None);
    }

    #[test]
    fn a_batch_is_bounded() {
        let now = Instant::now();
        let (gate, mut first) = busy_gate(now);
        wait(&gate, [("a", 1), ("b", LARGEST_BYTES + 1), ("c", 1)], now);
        assert_eq!(first.next_at(now), Some(vec![("a", 1)]));
        assert_eq!(first.next_at(now), Some(vec![("b", LARGEST_BYTES + 1)]));
        assert_eq!(first.next_at(now), Some(vec![("c", 1)]));
        assert_eq!(first.next_at(now), None);
        let (gate, mut first) = busy_gate(now);
        wait(&gate, many(LARGEST_BATCH + 1), now);
        assert_eq!(first.next_at(now).unwrap().len(), LARGEST_BATCH);
        assert_eq!(first.next_at(now).unwrap().len(), 1);
    }

    #[test]
    fn nobody_waits_for_flights_that_were_given_up() {
        let now = Instant::now();
        let (gate, first) = busy_gate(now);
        wait(&gate, [("a", 1)], now);
        drop(first);
        assert_eq!(flight(&gate, ("b", 1), now).next_at(now), Some(vec![("b", 1)]));
    }

    #[test]
    fn a_crowd_is_turned_away() {
        let now = Instant::now();
        let (gate, _first) = busy_gate(now);
        wait(&gate, (0..MOST_WAITING).map(|_| ("a", 1)), now);
        assert!(matches!(gate.board_at(("a", 1), now), Boarding::Full));
    }
}
