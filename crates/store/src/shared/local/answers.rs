//! Kept answers in this process: bounded by bytes, those used longest ago go first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

use super::lock;
use crate::shared::{AnswerCache, SharedLimits};

/// What an entry costs besides its key and its answer.
const ENTRY_BYTES: usize = 160;

/// [`AnswerCache`] of this process only.
#[derive(Debug)]
pub struct LocalAnswers {
    most_bytes: usize,
    most_answer_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<Arc<str>, Kept>,
    /// Keys by their last use.
    by_use: BTreeMap<u64, Arc<str>>,
    uses: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    answer: Bytes,
    until: Instant,
    used: u64,
}

impl LocalAnswers {
    /// Nothing is kept yet.
    pub fn new(limits: &SharedLimits) -> Self {
        Self {
            most_bytes: limits.answers_bytes,
            most_answer_bytes: limits.answer_bytes,
            state: Mutex::default(),
        }
    }
}

impl State {
    fn remove(&mut self, key: &str) {
        if let Some(kept) = self.answers.remove(key) {
            self.by_use.remove(&kept.used);
            self.bytes -= size(key, &kept.answer);
        }
    }

    fn insert(&mut self, key: Arc<str>, answer: Bytes, until: Instant) {
        self.uses += 1;
        self.bytes += size(&key, &answer);
        self.by_use.insert(self.uses, key.clone());
        self.answers.insert(key, Kept { answer, until, used: self.uses });
    }

    fn shrink_to(&mut self, most_bytes: usize) {
        while self.bytes > most_bytes {
            let Some((_, key)) = self.by_use.pop_first() else { return };
            self.remove(&key);
        }
    }
}

fn size(key: &str, answer: &Bytes) -> usize {
    key.len() + answer.len() + ENTRY_BYTES
}

#[async_trait]
impl AnswerCache for LocalAnswers {
    async fn get(&self, key: &str) -> Option<Bytes> {
        let mut state = lock(&self.state);
        let state = &mut *state;
        let kept = state.answers.get_mut(key)?;
        if kept.until <= Instant::now() {
            state.remove(key);
            return None;
        }
        state.uses += 1;
        if let Some(key) = state.by_use.remove(&kept.used) {
            state.by_use.insert(state.uses, key);
        }
        kept.used = state.uses;
        Some(kept.answer.clone())
    }

    async fn put(&self, key: &str, answer: Bytes, kept: Duration) {
        if answer.len() > self.most_answer_bytes || kept.is_zero() {
            return;
        }
        let now = Instant::now();
        let until = now.checked_add(kept).unwrap_or(now + Duration::from_hours(24 * 365));
        let mut state = lock(&self.state);
        state.remove(key);
        // The answer may be a part of a larger buffer, which it would keep alive.
        state.insert(key.into(), Bytes::copy_from_slice(&answer), until);
        state.shrink_to(self.most_bytes);
    }
}
