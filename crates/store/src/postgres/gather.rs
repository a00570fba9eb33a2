//! Operations that arrive together go to the server together.
//!
//! A statement for many rows costs the server little more than one for a single row: what is dear is to begin
//! a statement, to end it, and to flush its commit. So an operation that arrives while others of its kind are
//! on their way waits for the next flight and shares it. Where there is little to do nobody waits: a flight
//! leaves at once. Batches grow by themselves with the load, and with the distance to the server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many flights of one kind are on their way at a time: while the server flushes one, it works on another.
const FLIGHTS: usize = 2;
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
}

/// What came of an operation at the gate.
pub(super) enum Boarding<P> {
    /// This flight takes it; somebody has to carry it.
    Flight(Flight<P>),
    /// A flight that is on its way already takes it next.
    Next,
    /// Too many wait. Nothing was done.
    Full,
}

/// Carries batch after batch for as long as operations wait.
pub(super) struct Flight<P> {
    gate: Arc<Gate<P>>,
    landed: bool,
}

impl<P: Passenger> Gate<P> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { waiting: VecDeque::new(), flights: 0 }) }
    }

    /// Lets an operation wait for its flight.
    pub(super) fn board(self: &Arc<Self>, passenger: P) -> Boarding<P> {
        let mut state = self.state();
        if state.waiting.len() >= MOST_WAITING {
            return Boarding::Full;
        }
        state.waiting.push_back(passenger);
        if state.flights >= FLIGHTS {
            return Boarding::Next;
        }
        state.flights += 1;
        Boarding::Flight(Flight { gate: Arc::clone(self), landed: false })
    }
}

impl<P> Gate<P> {
    fn state(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Passenger> State<P> {
    /// The first that can go together; those that clash with one of them stay where they are.
    fn take(&mut self) -> Vec<P> {
        let (mut batch, mut bytes, mut stay) = (Vec::<P>::new(), 0, VecDeque::new());
        while let Some(next) = self.waiting.pop_front() {
            if batch.iter().chain(&stay).any(|earlier| next.clashes_with(earlier)) {
                stay.push_back(next);
            } else if !batch.is_empty() && bytes + next.bytes() > LARGEST_BYTES {
                self.waiting.push_front(next);
                break;
            } else {
                bytes += next.bytes();
                batch.push(next);
            }
            if batch.len() + stay.len() >= LARGEST_BATCH {
                break;
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
        let mut state = self.gate.state();
        let batch = state.take();
        if batch.is_empty() {
            state.flights -= 1;
            self.landed = true;
            return None;
        }
        Some(batch)
    }
}

impl<P> Drop for Flight<P> {
    /// A flight that is given up takes those that wait with it: they are told so, and do not wait for ever.
    fn drop(&mut self) {
        if self.landed {
            return;
        }
        let mut state = self.gate.state();
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

    fn flight(gate: &Arc<Gate<Named>>, passenger: Named) -> Flight<Named> {
        match gate.board(passenger) {
            Boarding::Flight(flight) => flight,
            Boarding::Next | Boarding::Full => panic!("there is no flight"),
        }
    }

    fn wait(gate: &Arc<Gate<Named>>, passengers: impl IntoIterator<Item = Named>) {
        for passenger in passengers {
            assert!(matches!(gate.board(passenger), Boarding::Next));
        }
    }

    fn busy_gate() -> (Arc<Gate<Named>>, Vec<Flight<Named>>) {
        let gate = Arc::new(Gate::new());
        let mut flights: Vec<_> = (0..FLIGHTS).map(|_| flight(&gate, ("first", 1))).collect();
        assert_eq!(flights[0].next(), Some(vec![("first", 1)]));
        assert_eq!(flights[1].next(), Some(vec![("first", 1)]));
        (gate, flights)
    }

    #[test]
    fn what_arrives_meanwhile_goes_together() {
        let (gate, mut flights) = busy_gate();
        wait(&gate, [("a", 1), ("b", 1), ("c", 1)]);
        assert_eq!(flights[1].next(), Some(vec![("a", 1), ("b", 1), ("c", 1)]));
        assert_eq!(flights[0].next(), None);
        assert_eq!(flights[1].next(), None);
        assert_eq!(flight(&gate, ("d", 1)).next(), Some(vec![("d", 1)]));
    }

    #[test]
    fn what_clashes_goes_one_after_the_other_in_order() {
        let (gate, mut flights) = busy_gate();
        wait(&gate, [("a", 1), ("a", 2), ("b", 1), ("a", 3), ("b", 2)]);
        assert_eq!(flights[0].next(), Some(vec![("a", 1), ("b", 1)]));
        assert_eq!(flights[0].next(), Some(vec![("a", 2), ("b", 2)]));
        assert_eq!(flights[0].next(), Some(vec![("a", 3)]));
        assert_eq!(flights[0].next(), None);
    }

    #[test]
    fn a_batch_is_bounded() {
        let (gate, mut flights) = busy_gate();
        wait(&gate, [("a", 1), ("b", LARGEST_BYTES + 1), ("c", 1)]);
        assert_eq!(flights[0].next(), Some(vec![("a", 1)]));
        assert_eq!(flights[0].next(), Some(vec![("b", LARGEST_BYTES + 1)]));
        assert_eq!(flights[0].next(), Some(vec![("c", 1)]));
        wait(&gate, (0..=LARGEST_BATCH).map(|n| (&*n.to_string().leak(), 1)));
        assert_eq!(flights[0].next().unwrap().len(), LARGEST_BATCH);
        assert_eq!(flights[0].next().unwrap().len(), 1);
    }

    #[test]
    fn nobody_waits_for_flights_that_were_given_up() {
        let (gate, flights) = busy_gate();
        wait(&gate, [("a", 1)]);
        drop(flights);
        assert_eq!(flight(&gate, ("b", 1)).next(), Some(vec![("b", 1)]));
    }

    #[test]
    fn a_crowd_is_turned_away() {
        let (gate, _flights) = busy_gate();
        wait(&gate, (0..MOST_WAITING).map(|_| ("a", 1)));
        assert!(matches!(gate.board(("a", 1)), Boarding::Full));
    }
}
