//! Requests that were read before: the same bytes always make the same facts.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use playhouse_llm::Error;

use crate::call::Facts;

/// What may be remembered, in bytes of bodies; beyond, everything is forgotten and begins anew.
const MAX_BYTES: usize = 16 << 20;
/// Longer bodies are read each time.
const MAX_BODY_BYTES: usize = 256 << 10;

/// Facts by the bytes they were read from.
///
/// A test that asks the same thing a thousand times has it decoded, checked and counted once.
#[derive(Debug, Default)]
pub struct Memo {
    known: Mutex<Known>,
    /// One that reads many bytes at once: a body is hashed for every request.
    hasher: foldhash::quality::RandomState,
}

#[derive(Debug, Default)]
struct Known {
    facts: HashMap<u64, Arc<Facts>>,
    bytes: usize,
}

impl Memo {
    /// The facts of a body that came over a path, read at most once.
    ///
    /// # Errors
    /// What `read` says; errors are not remembered.
    pub fn facts(
        &self,
        path: &str,
        body: &[u8],
        read: impl FnOnce() -> Result<Facts, Error>,
    ) -> Result<Arc<Facts>, Error> {
        if body.is_empty() || body.len() > MAX_BODY_BYTES {
            return read().map(Arc::new);
        }
        let key = self.hasher.hash_one((path, body));
        // Two bodies may share a hash; the bytes themselves decide.
        if let Some(found) = self.lock().facts.get(&key).filter(|facts| facts.body == body) {
            return Ok(found.clone());
        }
        let facts = Arc::new(read()?);
        self.remember(key, &facts);
        Ok(facts)
    }

    fn remember(&self, key: u64, facts: &Arc<Facts>) {
        let mut known = self.lock();
        if known.bytes + facts.body.len() > MAX_BYTES {
            *known = Known::default();
        }
        known.bytes += facts.body.len();
        known.facts.insert(key, facts.clone());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
