//! A change of what a key may do.

use std::sync::Arc;

use super::{Budget, KeySettings};
use crate::StoreError;

/// A change of a key's settings: `None` leaves one as it is, `Some(None)` takes it away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyChange {
    /// What people call it.
    pub name: Option<Arc<str>>,
    /// Patterns of the models it may ask.
    pub models: Option<Vec<Arc<str>>>,
    /// How many requests it may make in a minute.
    pub requests_per_minute: Option<Option<u64>>,
    /// How many tokens it may use in a minute.
    pub tokens_per_minute: Option<Option<u64>>,
    /// How much money it may spend.
    pub budget: Option<Option<Budget>>,
    /// When it stops to be of use, in Unix microseconds.
    pub expires_at_us: Option<Option<i64>>,
}

impl KeyChange {
    /// Checks the bounds of what is to be changed.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), StoreError> {
        let fit = KeySettings { name: Arc::from("fit"), ..KeySettings::default() };
        self.applied_to(fit).check()
    }

    /// The settings with the change.
    pub(crate) fn applied_to(&self, settings: KeySettings) -> KeySettings {
        KeySettings {
            name: self.name.clone().unwrap_or(settings.name),
            models: self.models.clone().unwrap_or(settings.models),
            requests_per_minute: self.requests_per_minute.unwrap_or(settings.requests_per_minute),
            tokens_per_minute: self.tokens_per_minute.unwrap_or(settings.tokens_per_minute),
            budget: self.budget.unwrap_or(settings.budget),
            expires_at_us: self.expires_at_us.unwrap_or(settings.expires_at_us),
        }
    }
}
