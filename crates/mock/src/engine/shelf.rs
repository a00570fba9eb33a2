//! What a vendor keeps of a namespace's answers, for whoever asks later.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::course::Course;
use crate::call::Facts;

/// Answers that are kept at most, and the bytes of them; beyond, the oldest go.
const MAX_KEPT: usize = 1000;
const MAX_BYTES: usize = 8 << 20;

/// An answer that was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// The answer, as its protocol tells it.
    pub answer: Value,
    /// What was asked.
    pub facts: Arc<Facts>,
    /// How it comes along, where nobody waits for it.
    pub course: Option<Course>,
    /// How large it is.
    pub bytes: usize,
}

/// Answers that were kept, the oldest first.
#[derive(Debug, Default)]
pub struct Shelf {
    kept: VecDeque<Kept>,
    bytes: usize,
}

impl Shelf {
    /// Keeps an answer.
    pub fn put(&mut self, kept: Kept) {
        self.bytes += kept.bytes;
        self.kept.push_back(kept);
        while self.kept.len() > MAX_KEPT || self.bytes > MAX_BYTES {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.bytes;
        }
    }

    /// An answer by its id.
    pub fn get(&self, id: &str) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.id == id)
    }

    /// An answer by its id, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Kept> {
        self.kept.iter_mut().find(|kept| kept.id == id)
    }

    /// Takes an answer away.
    pub fn remove(&mut self, id: &str) -> Option<Kept> {
        let at = self.kept.iter().position(|kept| kept.id == id)?;
        let kept = self.kept.remove(at)?;
        self.bytes -= kept.bytes;
        Some(kept)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Kept> {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::call::{KeptQuery, Page};

    fn kept(number: usize, bytes: usize) -> Kept {
        let facts = Facts::kept("test", KeptQuery::List(Page::default()), Bytes::new());
        Kept { id: format!("id-{number}"), answer: Value::Null, facts: Arc::new(facts), course: None, bytes }
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut shelf = Shelf::default();
        (0..MAX_KEPT + 2).for_each(|number| shelf.put(kept(number, 1)));
        assert_eq!(shelf.iter().count(), MAX_KEPT);
        assert!(shelf.get("id-1").is_none() && shelf.get("id-2").is_some());
    }

    #[test]
    fn the_oldest_go_when_they_are_too_large() {
        let mut shelf = Shelf::default();
        (0..3).for_each(|number| shelf.put(kept(number, MAX_BYTES / 2)));
        assert_eq!(shelf.iter().map(|kept| kept.id.as_str()).collect::<Vec<_>>(), ["id-1", "id-2"]);
        assert!(shelf.remove("id-1").is_some() && shelf.remove("id-1").is_none());
        shelf.put(kept(3, MAX_BYTES / 2));
        assert_eq!(shelf.iter().count(), 2);
    }
}
