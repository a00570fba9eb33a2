//! Handles by provider and model, up to a bound.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The label of what is beyond the bound.
pub(super) const OTHER: &str = "other";

/// The label of a call that no provider took.
pub(super) const NO_PROVIDER: &str = "none";

/// Values by (provider, model). A caller may name any model, so only so many pairs are told apart;
/// the rest share a value under [`OTHER`].
#[derive(Debug)]
pub(super) struct Pairs<V> {
    known: RwLock<Known<V>>,
}

#[derive(Debug)]
struct Known<V> {
    by_provider: HashMap<Box<str>, HashMap<Box<str>, Arc<V>>>,
    answered_left: usize,
    unanswered_left: usize,
}

impl<V> Pairs<V> {
    /// How many pairs are told apart that answered when they were first seen.
    pub(super) const ANSWERED: usize = 200;

    /// And how many that did not: made-up names must not crowd out real ones.
    pub(super) const UNANSWERED: usize = 50;

    /// The longest model name that becomes a label, in bytes.
    pub(super) const LONGEST_MODEL: usize = 128;

    /// The value of a pair, made with its labels when it is first seen. `answered`: whether the
    /// provider knew the model.
    pub(super) fn get(
        &self,
        provider: &str,
        model: &str,
        answered: bool,
        make: impl Fn(&str, &str) -> V,
    ) -> Arc<V> {
        if let Some(value) = self.read().find_or_other(provider, model, answered) {
            return Arc::clone(value);
        }
        self.write().add(provider, model, answered, make)
    }

    fn read(&self) -> RwLockReadGuard<'_, Known<V>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known<V>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        let known = Known {
            by_provider: HashMap::new(),
            answered_left: Self::ANSWERED,
            unanswered_left: Self::UNANSWERED,
        };
        Self { known: RwLock::new(known) }
    }
}

impl<V> Known<V> {
    fn find(&self, provider: &str, model: &str) -> Option<&Arc<V>> {
        self.by_provider.get(provider)?.get(model)
    }

    fn find_or_other(&self, provider: &str, model: &str, answered: bool) -> Option<&Arc<V>> {
        self.find(provider, model).or_else(|| {
            let (provider, model) = self.labels(provider, model, answered);
            self.find(provider, model)
        })
    }

    /// The labels of a pair that is not known yet.
    fn labels<'a>(&self, provider: &'a str, model: &'a str, answered: bool) -> (&'a str, &'a str) {
        let left = if answered { self.answered_left } else { self.unanswered_left };
        if left > 0 && model.len() <= Pairs::<V>::LONGEST_MODEL {
            return (provider, model);
        }
        let provider = if self.by_provider.contains_key(provider) { provider } else { OTHER };
        (provider, OTHER)
    }

    fn add(&mut self, provider: &str, model: &str, answered: bool, make: impl Fn(&str, &str) -> V) -> Arc<V> {
        // Somebody else may have added it since we looked.
        if let Some(value) = self.find_or_other(provider, model, answered) {
            return Arc::clone(value);
        }
        let (provider, model) = self.labels(provider, model, answered);
        if model != OTHER {
            let left = if answered { &mut self.answered_left } else { &mut self.unanswered_left };
            *left -= 1;
        }
        let value = Arc::new(make(provider, model));
        self.by_provider.entry(provider.into()).or_default().insert(model.into(), Arc::clone(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &Pairs<String>, provider: &str, model: &str, answered: bool) -> String {
        pairs.get(provider, model, answered, |provider, model| format!("{provider}/{model}")).to_string()
    }

    #[test]
    fn pairs_beyond_the_bound_are_other() {
        let pairs = Pairs::default();
        for number in 0..Pairs::<String>::ANSWERED {
            let model = format!("m{number}");
            assert_eq!(labels(&pairs, "openai", &model, true), format!("openai/{model}"));
        }
        assert_eq!(labels(&pairs, "openai", "one-more", true), "openai/other");
        assert_eq!(labels(&pairs, "groq", "one-more", true), "other/other");
        assert_eq!(labels(&pairs, "openai", "m7", true), "openai/m7");
    }

    #[test]
    fn made_up_names_do_not_crowd_out_real_ones() {
        let pairs = Pairs::default();
        for number in 0..1000 {
            labels(&pairs, "openai", &format!("made-up-{number}"), false);
        }
        assert_eq!(labels(&pairs, "openai", "made-up-9999", false), "openai/other");
        assert_eq!(labels(&pairs, "openai", "gpt-4o", true), "openai/gpt-4o");
        assert_eq!(labels(&pairs, "openai", "gpt-4o", false), "openai/gpt-4o");
    }

    #[test]
    fn a_name_as_long_as_a_novel_is_other() {
        let pairs = Pairs::default();
        assert_eq!(labels(&pairs, "openai", &"x".repeat(129), true), "other/other");
    }
}
