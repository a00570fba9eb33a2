//! The namespaces of a double, made as they are named.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use playhouse_llm::{Error, ErrorKind};

use super::Namespace;
use crate::journal::{Journal, JournalBudget, JournalLimits};

/// Where requests belong that name no namespace.
pub const DEFAULT_NAMESPACE: &str = "default";
/// More namespaces than this are not made: each keeps a journal.
const MAX_NAMESPACES: usize = 10_000;
const MAX_NAME_CHARS: usize = 128;

/// Namespaces by name.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    by_name: RwLock<HashMap<Arc<str>, Arc<Namespace>>>,
    /// What their journals may hold together.
    journals: Arc<JournalBudget>,
}

impl Namespaces {
    pub(super) fn get(&self, name: &str) -> Option<Arc<Namespace>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn get_or_make(&self, name: &str) -> Result<Arc<Namespace>, Error> {
        if let Some(found) = self.get(name) {
            return Ok(found);
        }
        let mut namespaces = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        if namespaces.len() >= MAX_NAMESPACES && !namespaces.contains_key(name) {
            let message = format!(
                "there are {MAX_NAMESPACES} namespaces already; delete some with DELETE /__playhouse/namespaces/NAME"
            );
            return Err(Error::new(ErrorKind::Overloaded, message));
        }
        let name: Arc<str> = Arc::from(name);
        let journal = || Journal::within(JournalLimits::default(), &self.journals);
        let made = || Arc::new(Namespace::new(name.clone(), journal()));
        Ok(namespaces.entry(name.clone()).or_insert_with(made).clone())
    }

    pub(super) fn all(&self) -> Vec<Arc<Namespace>> {
        let mut all: Vec<_> =
            self.by_name.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        all.sort_by(|one, other| one.name().cmp(other.name()));
        all
    }

    pub(super) fn remove(&self, name: &str) -> bool {
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).remove(name).is_some()
    }
}

/// Whether a text can be the name of a namespace: letters, digits, `-`, `_` and `.`, 128 at most.
pub fn is_name(text: &str) -> bool {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    !text.is_empty() && text.len() <= MAX_NAME_CHARS && text.chars().all(is_allowed)
}
