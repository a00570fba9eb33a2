//! The tree of a script read into types, and what is said where it does not fit them.
//!
//! In reading order: [`decoder`] → [`misfit`] → [`explain`].

mod decoder;
mod explain;
mod homes;
mod misfit;
mod suggest;

use serde::de::DeserializeOwned;

use self::decoder::Decoder;
use self::misfit::{Misfit, Step};
use super::load::finding::Finding;
use super::read::{Node, Value};

pub(crate) use suggest::nearest;

/// How many misfits of one value are told of.
const MAX_MISFITS: usize = 20;

/// Reads a value as a type.
///
/// # Errors
/// Everything that does not fit. `subject` is what it is called (`a rule`).
pub(crate) fn decode<T: DeserializeOwned>(node: &Node, subject: &'static str) -> Result<T, Vec<Finding>> {
    T::deserialize(Decoder(node)).map_err(|first| {
        let misfits = all_misfits::<T>(node, first);
        misfits.iter().map(|misfit| explain::explain(misfit, subject)).collect()
    })
}

/// Everything that does not fit: what does not is left out until the rest does.
fn all_misfits<T: DeserializeOwned>(node: &Node, first: Misfit) -> Vec<Misfit> {
    let mut rest = node.clone();
    let mut found = vec![first];
    while let Some(last) = found.last() {
        if found.len() == MAX_MISFITS || !remove(&mut rest, &last.path) {
            break;
        }
        match T::deserialize(Decoder(&rest)) {
            Ok(_) => break,
            Err(next) => found.push(next),
        }
    }
    let follows = |misfit: &Misfit, before: &[Misfit]| before.iter().any(|other| misfit.follows_from(other));
    let own = (0..found.len()).filter(|at| !follows(&found[*at], &found[..*at]));
    own.map(|at| found[at].clone()).collect()
}

/// Takes a value out; says whether it was there.
fn remove(node: &mut Node, path: &[Step]) -> bool {
    let Some((last, above)) = path.split_last() else { return false };
    let parent = above.iter().try_fold(node, child);
    match (parent.map(|parent| &mut parent.value), last) {
        (Some(Value::Map(entries)), Step::Key(key)) => {
            let before = entries.len();
            entries.retain(|entry| entry.key.text != *key);
            entries.len() < before
        }
        (Some(Value::List(items)), Step::Item(at)) if *at < items.len() => {
            items.remove(*at);
            true
        }
        _ => false,
    }
}

fn child<'a>(node: &'a mut Node, step: &Step) -> Option<&'a mut Node> {
    match (&mut node.value, step) {
        (Value::Map(entries), Step::Key(key)) => {
            entries.iter_mut().find(|entry| entry.key.text == *key).map(|entry| &mut entry.node)
        }
        (Value::List(items), Step::Item(at)) => items.get_mut(*at),
        _ => None,
    }
}
