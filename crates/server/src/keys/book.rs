//! The stored keys, as they were read a moment ago: no request waits for the database because of its key.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use playhouse_llm::Error;
use playhouse_store::{ApiKey, ApiKeys, KeyHash, StoreError};
use tokio::time::Instant;

use super::shelf::{Note, Shelf};
use crate::failure::store_failure;

/// How many look-ups may be under way: guessed keys must not take all of the database.
const LANES: usize = 16;

/// The keys that were asked for lately.
///
/// What was read is believed for a while (`ttl`), and renewed in the background before that is over as long
/// as the key is in use. While the database is away, keys that were known go on working for longer (`grace`).
pub(crate) struct KeyBook {
    store: Arc<dyn ApiKeys>,
    ttl: Duration,
    grace: Duration,
    by_hash: Shelf<KeyHash>,
    /// Apart, so that guessed keys never put real ones out.
    strangers: Shelf<KeyHash>,
    by_id: Shelf<Arc<str>>,
    lanes: [tokio::sync::Mutex<()>; LANES],
    has_keys: AtomicBool,
    found_none: Mutex<Option<Instant>>,
}

/// What is known without asking.
pub(crate) enum Glance<T> {
    /// This.
    Known(T),
    /// Nothing: the store has to be asked.
    Ask,
}

impl KeyBook {
    /// The book of a store's keys.
    pub(crate) fn new(store: Arc<dyn ApiKeys>, ttl: Duration, grace: Duration) -> Self {
        Self {
            store,
            ttl,
            grace,
            by_hash: Shelf::default(),
            strangers: Shelf::default(),
            by_id: Shelf::default(),
            lanes: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            has_keys: AtomicBool::new(false),
            found_none: Mutex::default(),
        }
    }

    /// The key with this hash, if there is one, as far as that is known.
    pub(crate) fn glance(self: &Arc<Self>, hash: &KeyHash) -> Glance<Option<Arc<ApiKey>>> {
        let current = |note: &Arc<Note>| note.is_current(self.ttl);
        if let Some(note) = self.by_hash.get(hash).filter(current) {
            if note.wants_renewal(self.ttl) {
                let (book, hash) = (self.clone(), *hash);
                tokio::spawn(async move {
                    let _ = book.read(&hash).await;
                });
            }
            return Glance::Known(note.key.clone());
        }
        match self.strangers.get(hash).filter(current) {
            Some(_) => Glance::Known(None),
            None => Glance::Ask,
        }
    }

    /// The key with this hash, if there is one.
    pub(crate) async fn find(self: &Arc<Self>, hash: &KeyHash) -> Result<Option<Arc<ApiKey>>, Error> {
        let lane = usize::from(hash.as_bytes()[0]) % LANES;
        // Many may ask for the same key at once: the first reads it for all.
        let _turn = self.lanes[lane].lock().await;
        match self.glance(hash) {
            Glance::Known(key) => Ok(key),
            Glance::Ask => self.read(hash).await,
        }
    }

    async fn read(&self, hash: &KeyHash) -> Result<Option<Arc<ApiKey>>, Error> {
        match self.store.key_by_hash(hash).await {
            Ok(Some(key)) => {
                let key = Arc::new(key);
                self.by_hash.put(*hash, Note::fresh(Some(key.clone())));
                self.by_id.put(key.id.clone(), Note::fresh(Some(key.clone())));
                Ok(Some(key))
            }
            Ok(None) => {
                self.by_hash.remove(hash);
                self.strangers.put(*hash, Note::fresh(None));
                Ok(None)
            }
            Err(error) => {
                let note = self.in_grace(self.by_hash.get(hash), &error)?;
                self.by_hash.put(*hash, note.kept());
                Ok(note.key.clone())
            }
        }
    }

    /// The key of this id, as far as it is known.
    pub(crate) fn glance_at_id(&self, id: &Arc<str>) -> Glance<Option<Arc<ApiKey>>> {
        match self.by_id.get(id).filter(|note| note.is_current(self.ttl)) {
            Some(note) => Glance::Known(note.key.clone()),
            None => Glance::Ask,
        }
    }

    /// The key of this id, if there is one.
    pub(crate) async fn find_by_id(&self, id: &Arc<str>) -> Result<Option<Arc<ApiKey>>, Error> {
        match self.store.key(id).await {
            Ok(key) => {
                let key = key.map(Arc::new);
                self.by_id.put(id.clone(), Note::fresh(key.clone()));
                Ok(key)
            }
            Err(error) => {
                let note = self.in_grace(self.by_id.get(id), &error)?;
                self.by_id.put(id.clone(), note.kept());
                Ok(note.key.clone())
            }
        }
    }

    /// What was known, where the store cannot be asked and it is not too long ago.
    fn in_grace(&self, note: Option<Arc<Note>>, error: &StoreError) -> Result<Arc<Note>, Error> {
        let note = note.filter(|note| error.is_unavailable() && note.confirmed.elapsed() < self.grace);
        note.ok_or_else(|| store_failure(error))
    }

    /// Whether there are stored keys, as far as that is known. Keys never go, so once is for ever.
    pub(crate) fn glance_whether_any(&self) -> Glance<bool> {
        if self.has_keys.load(Ordering::Relaxed) {
            return Glance::Known(true);
        }
        let found_none = *self.found_none.lock().unwrap_or_else(PoisonError::into_inner);
        match found_none.is_some_and(|at| at.elapsed() < self.ttl) {
            true => Glance::Known(false),
            false => Glance::Ask,
        }
    }

    /// Whether there are stored keys. A store that cannot be asked is not worth more than what it said last.
    pub(crate) async fn has_any(&self) -> Result<bool, Error> {
        let _turn = self.lanes[0].lock().await;
        if let Glance::Known(any) = self.glance_whether_any() {
            return Ok(any);
        }
        let was_asked = self.found_none.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let any = match self.store.has_keys().await {
            Ok(any) => any,
            Err(error) if error.is_unavailable() && was_asked => false,
            Err(error) => return Err(store_failure(&error)),
        };
        self.has_keys.store(any, Ordering::Relaxed);
        *self.found_none.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(any)
    }

    /// Takes note of a key that has just been made or changed here: that holds at once.
    pub(crate) fn note(&self, key: ApiKey) {
        let key = Arc::new(key);
        self.has_keys.store(true, Ordering::Relaxed);
        self.by_hash.replace(&key);
        self.by_id.put(key.id.clone(), Note::fresh(Some(key)));
    }
}

#[cfg(test)]
mod tests;
