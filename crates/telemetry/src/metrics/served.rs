//! Handles by the model that answered, as it names itself, up to a bound.

use std::sync::{Arc, PoisonError, RwLock};

use super::pairs::OTHER;

/// How many models that answered are told apart where one was asked for.
const MOST: usize = 4;

/// The longest name that becomes a label, in bytes.
const LONGEST: usize = 128;

/// Values by the model that answered. An upstream may name any, so only so many are told apart; the rest share a
/// value under [`OTHER`]. Where none named itself the label is empty.
#[derive(Debug)]
pub(super) struct ServedModels<V> {
    known: RwLock<Vec<(Box<str>, Arc<V>)>>,
}

impl<V> ServedModels<V> {
    /// The value of a model that answered, made with its label when it is first seen.
    pub(super) fn get(&self, model: Option<&str>, make: impl FnOnce(&str) -> V) -> Arc<V> {
        let model = model.unwrap_or_default();
        if let Some(value) = find(&self.known.read().unwrap_or_else(PoisonError::into_inner), model) {
            return value;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have added it since we looked.
        if let Some(value) = find(&known, model) {
            return value;
        }
        let label = label(&known, model);
        let value = Arc::new(make(label));
        known.push((label.into(), Arc::clone(&value)));
        value
    }
}

impl<V> Default for ServedModels<V> {
    fn default() -> Self {
        Self { known: RwLock::default() }
    }
}

fn find<V>(known: &[(Box<str>, Arc<V>)], model: &str) -> Option<Arc<V>> {
    let by =
        |label: &str| known.iter().find(|(name, _)| **name == *label).map(|(_, value)| Arc::clone(value));
    by(model).or_else(|| by(label(known, model)))
}

fn label<'a, V>(known: &[(Box<str>, Arc<V>)], model: &'a str) -> &'a str {
    let named = known.iter().filter(|(name, _)| !name.is_empty() && **name != *OTHER).count();
    if model.is_empty() || (named < MOST && model.len() <= LONGEST) { model } else { OTHER }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label_of(models: &ServedModels<String>, model: &str) -> String {
        models.get(Some(model), str::to_owned).to_string()
    }

    #[test]
    fn models_beyond_the_bound_are_other() {
        let models = ServedModels::default();
        assert_eq!(*models.get(None, str::to_owned), "");
        for number in 0..MOST {
            assert_eq!(label_of(&models, &format!("m{number}")), format!("m{number}"));
        }
        assert_eq!(label_of(&models, "one-more"), "other");
        assert_eq!(label_of(&models, "m1"), "m1");
        assert_eq!(*models.get(None, str::to_owned), "");
        assert_eq!(models.known.read().unwrap().len(), MOST + 2);
    }

    #[test]
    fn a_name_as_long_as_a_novel_is_other() {
        let models = ServedModels::default();
        assert_eq!(label_of(&models, &"x".repeat(LONGEST + 1)), "other");
        assert_eq!(label_of(&models, "short"), "short");
    }
}
