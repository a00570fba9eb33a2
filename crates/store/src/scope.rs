//! Whose things an operation may see.

use std::sync::Arc;

/// Whose sessions, turns, runs and calls an operation may see.
///
/// What belongs to another is not there: it is not listed, and not found by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody's: an operator's view. Where an id names several sessions, the operators' own goes
    /// before those of keys, and an older key's before a younger one's.
    #[default]
    Everything,
    /// Those of one stored API key, by the key's id.
    Key(Arc<str>),
}

impl Scope {
    /// The scope of whoever shows this key; everything for those who show none of the stored ones.
    pub fn of(key_id: Option<&Arc<str>>) -> Self {
        key_id.map_or(Self::Everything, |id| Self::Key(Arc::clone(id)))
    }

    /// The key it is limited to, if it is.
    pub fn key_id(&self) -> Option<&Arc<str>> {
        match self {
            Self::Everything => None,
            Self::Key(id) => Some(id),
        }
    }

    /// The owner it is limited to, if it is, as rows name it.
    pub(crate) fn owner(&self) -> Option<Arc<str>> {
        self.key_id().cloned()
    }
}

/// The owner of what a caller begins, as rows name it: operators have no key.
pub(crate) fn owner_of(key_id: Option<&Arc<str>>) -> Arc<str> {
    key_id.cloned().unwrap_or_else(|| Arc::from(""))
}

/// The key that owns a row, if one does.
pub(crate) fn key_of(owner: Arc<str>) -> Option<Arc<str>> {
    Some(owner).filter(|owner| !owner.is_empty())
}
