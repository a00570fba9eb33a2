//! What a mock was asked.

use std::sync::{Mutex, MutexGuard, PoisonError};

use playhouse_llm::{Message, Request};

/// Requests kept at most; the oldest go first.
const MAX_REQUESTS: usize = 10_000;

/// The requests a mock received, oldest first.
#[derive(Debug, Default)]
pub struct Journal {
    requests: Mutex<Vec<Request>>,
}

impl Journal {
    /// Keeps a request.
    pub(crate) fn note(&self, request: Request) {
        let mut requests = self.lock();
        if requests.len() == MAX_REQUESTS {
            requests.remove(0);
        }
        requests.push(request);
    }

    /// How many requests came.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether none came.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The requests, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().clone()
    }

    /// The messages of the last request; empty where none came or it cannot be decoded.
    pub fn last_messages(&self) -> Vec<Message> {
        let last = self.lock().last().cloned();
        last.and_then(|request| Some(request.prompt().ok()?.messages.clone())).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Request>> {
        // A test that panicked while it held the journal must not hide what is in it.
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
