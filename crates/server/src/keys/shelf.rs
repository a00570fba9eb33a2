//! What was read of keys, for as long as it may be believed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use playhouse_store::ApiKey;
use tokio::time::Instant;

/// How many notes a shelf holds.
const CAPACITY: usize = 10_000;

/// Notes of keys by what they are looked up by.
pub(super) struct Shelf<K> {
    notes: RwLock<HashMap<K, Arc<Note>>>,
}

/// What was read of one key.
pub(super) struct Note {
    /// The key; `None` where there is none.
    pub(super) key: Option<Arc<ApiKey>>,
    /// When the store said so.
    pub(super) confirmed: Instant,
    /// When the store was asked last, whether or not it could answer.
    asked: Instant,
    renewing: AtomicBool,
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Self { notes: RwLock::default() }
    }
}

impl Note {
    /// What the store has just said.
    pub(super) fn fresh(key: Option<Arc<ApiKey>>) -> Self {
        let now = Instant::now();
        Self { key, confirmed: now, asked: now, renewing: AtomicBool::new(false) }
    }

    /// The same, where the store could not say anything new.
    pub(super) fn kept(&self) -> Self {
        let renewing = AtomicBool::new(false);
        Self { key: self.key.clone(), confirmed: self.confirmed, asked: Instant::now(), renewing }
    }

    /// Whether it may be believed without asking.
    pub(super) fn is_current(&self, ttl: Duration) -> bool {
        self.asked.elapsed() < ttl
    }

    /// Whether it should be renewed before it is needed; says so to one caller.
    pub(super) fn wants_renewal(&self, ttl: Duration) -> bool {
        self.asked.elapsed() >= ttl / 2 && !self.renewing.swap(true, Ordering::Relaxed)
    }
}

impl<K: Eq + Hash> Shelf<K> {
    pub(super) fn get(&self, name: &K) -> Option<Arc<Note>> {
        self.notes.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn put(&self, name: K, note: Note) {
        let mut notes = self.notes.write().unwrap_or_else(PoisonError::into_inner);
        if notes.len() >= CAPACITY && !notes.contains_key(&name) {
            // Whoever is still there is noted again at the next request; a shelf is no record.
            notes.clear();
        }
        notes.insert(name, Arc::new(note));
    }

    pub(super) fn remove(&self, name: &K) {
        self.notes.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Puts what is known now of a key wherever it is noted.
    pub(super) fn replace(&self, key: &Arc<ApiKey>) {
        let mut notes = self.notes.write().unwrap_or_else(PoisonError::into_inner);
        let is_of = |note: &Arc<Note>| note.key.as_ref().is_some_and(|noted| noted.id == key.id);
        for note in notes.values_mut().filter(|note| is_of(note)) {
            *note = Arc::new(Note::fresh(Some(key.clone())));
        }
    }
}
