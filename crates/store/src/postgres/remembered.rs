//! What was said last in conversations that go on here, so that their next turn need not read it again.
//!
//! A turn that has ended stays as it is, and its id is never used again. So what a session's turns see up to one of
//! them is the same for ever, and the database only has to say, with the beginning of the next turn, that its last
//! one is the one that ended here. Where it is not, because another process took a turn, one failed, or the
//! session was deleted, the history is read. Nothing depends on this but speed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::HistoryWindow;
use crate::begun::ContextTurn;
use crate::draft::{NewTurn, TurnEnd};
use crate::ids::TurnId;
use crate::stored::Stored;
use crate::window::Room;

/// How much is remembered of conversations, and as much again of those with a turn under way, in bytes; up to twice
/// as much of each is in memory.
const MOST_BYTES: usize = 8 << 20;
/// What an entry takes beside its texts, roughly.
const ENTRY_BYTES: usize = 256;

/// An owner and the id of a session of theirs.
type Name = (Arc<str>, Arc<str>);

/// The memory.
pub(super) struct Remembered {
    state: Mutex<State>,
}

struct State {
    running: Generations<TurnId, Running>,
    /// Conversations whose last turn has ended here.
    ended: Generations<Name, Arc<Conversation>>,
}

/// A turn in context.
pub(super) struct PastTurn {
    pub(super) messages: u32,
    pub(super) tokens: u32,
    pub(super) said: ContextTurn,
}

/// A turn under way, and what it sees.
struct Running {
    name: Name,
    window: HistoryWindow,
    tokens: u32,
    question: Stored,
    /// Newest first.
    past: Vec<Arc<PastTurn>>,
}

/// What the turn after one sees.
pub(super) struct Conversation {
    pub(super) last: TurnId,
    window: HistoryWindow,
    /// Newest first.
    past: Vec<Arc<PastTurn>>,
}

impl Remembered {
    pub(super) fn new() -> Self {
        let state = State { running: Generations::new(), ended: Generations::new() };
        Self { state: Mutex::new(state) }
    }

    /// What is remembered of the session that a turn is to begin in.
    pub(super) fn of(&self, turn: &NewTurn) -> Option<Arc<Conversation>> {
        let found = self.state().ended.get(&name_of(turn)).cloned();
        found.filter(|conversation| conversation.window == turn.window)
    }

    /// A turn has begun that sees these.
    pub(super) fn began(&self, turn: &NewTurn, past: Vec<Arc<PastTurn>>) {
        let name = name_of(turn);
        let bytes = bytes_of(&past) + turn.question.content.len();
        let (window, tokens, question) = (turn.window, turn.tokens, turn.question.clone());
        let running = Running { name: name.clone(), window, tokens, question, past };
        let mut state = self.state();
        let over = state.ended.remove(&name);
        let oldest = state.running.insert(turn.id, running, bytes);
        drop(state);
        drop((over, oldest));
    }

    /// A turn has ended.
    pub(super) fn ended(&self, end: &TurnEnd) {
        let running = self.state().running.remove(&end.id);
        let (Some(running), Some(answer)) = (running, end.answer.as_ref().filter(|_| end.in_context)) else {
            return;
        };
        let newest = PastTurn {
            messages: end.messages.saturating_add(1),
            tokens: end.tokens.saturating_add(running.tokens),
            said: ContextTurn { question: running.question, answer: answer.clone() },
        };
        let past = std::iter::once(Arc::new(newest)).chain(running.past);
        let (past, _) = fitting(past, running.window);
        let bytes = bytes_of(&past);
        let conversation = Conversation { last: end.id, window: running.window, past };
        let oldest = self.state().ended.insert(running.name, Arc::new(conversation), bytes);
        drop(oldest);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Conversation {
    /// What the next turn sees, newest first, and whether the only one of them is too large for the window.
    pub(super) fn seen(&self) -> (Vec<Arc<PastTurn>>, bool) {
        fitting(self.past.iter().cloned(), self.window)
    }
}

/// The newest turns that fit, and whether the only one of them does not.
fn fitting(
    newest_first: impl IntoIterator<Item = Arc<PastTurn>>,
    window: HistoryWindow,
) -> (Vec<Arc<PastTurn>>, bool) {
    let (mut room, mut fit) = (Room::of(window), Vec::new());
    for past in newest_first {
        let fits = room.take(past.messages, past.tokens);
        if !fits && !fit.is_empty() {
            break;
        }
        fit.push(past);
        if !fits {
            return (fit, true);
        }
    }
    (fit, false)
}

fn name_of(turn: &NewTurn) -> Name {
    (Arc::clone(&turn.owner), Arc::clone(&turn.session_id))
}

fn bytes_of(past: &[Arc<PastTurn>]) -> usize {
    let said = |turn: &Arc<PastTurn>| turn.said.question.content.len() + turn.said.answer.content.len();
    past.iter().map(said).sum()
}

/// A bounded map: when the young ones have grown too large they are the old ones, and those that were are gone.
struct Generations<K, V> {
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
    young_bytes: usize,
}

impl<K: Hash + Eq, V> Generations<K, V> {
    fn new() -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), young_bytes: 0 }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key)).map(|(value, _)| value)
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        if let Some((value, bytes)) = self.young.remove(key) {
            self.young_bytes -= bytes;
            return Some(value);
        }
        self.old.remove(key).map(|(value, _)| value)
    }

    /// Adds, and returns what had to go.
    fn insert(&mut self, key: K, value: V, bytes: usize) -> HashMap<K, (V, usize)> {
        self.remove(&key);
        let bytes = bytes + ENTRY_BYTES;
        self.young_bytes += bytes;
        self.young.insert(key, (value, bytes));
        if self.young_bytes <= MOST_BYTES {
            return HashMap::new();
        }
        self.young_bytes = 0;
        std::mem::replace(&mut self.old, std::mem::take(&mut self.young))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let mut kept = Generations::new();
        let large = MOST_BYTES / 4;
        for n in 0..4 {
            drop(kept.insert(n, n, large));
        }
        assert_eq!(kept.get(&0), Some(&0), "the old are there still");
        assert_eq!(kept.remove(&1), Some(1));
        let gone: usize = (4..8).map(|n| kept.insert(n, n, large).len()).sum();
        assert_eq!(gone, 3);
        assert_eq!((kept.get(&0), kept.get(&1), kept.get(&7)), (None, None, Some(&7)));
    }

    #[test]
    fn what_is_taken_out_makes_room() {
        let mut kept = Generations::new();
        drop(kept.insert(0, 0, 0));
        for n in 1..100 {
            assert!(kept.insert(n, n, MOST_BYTES / 4).is_empty());
            kept.remove(&n);
        }
        assert_eq!((kept.get(&0), kept.young_bytes), (Some(&0), ENTRY_BYTES));
    }
}
