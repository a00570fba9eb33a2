//! `/namespaces`: which there are; and `/health`.

use playhouse_llm::{Error, ErrorKind};
use serde::Serialize;
use serde_json::{Value, json};

use super::response::{Answered, json as answer, no_content};
use super::{Control, NamespaceState};
use crate::journal::Journal;

/// The namespaces there are.
#[derive(Debug, Serialize)]
pub(super) struct NamespaceList {
    namespaces: Vec<NamespaceView>,
    /// What is wrong with the server's script as its files are now.
    problems: Vec<Value>,
}

/// A namespace, and how many calls came.
#[derive(Debug, Serialize)]
struct NamespaceView {
    name: String,
    /// Since it was made or reset.
    calls: usize,
    /// Those of them that matched no rule.
    missed: u64,
    /// Those of them that the journal no longer keeps.
    dropped: u64,
    /// When the last one came (RFC 3339, UTC).
    last_call_at: Option<String>,
    has_script: bool,
    state: Option<String>,
}

impl NamespaceView {
    fn new(namespace: NamespaceState, journal: &Journal) -> Self {
        let last = journal.last().map(|entry| entry.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        Self {
            name: namespace.name,
            calls: journal.len(),
            missed: journal.missed(),
            dropped: journal.dropped(),
            last_call_at: last,
            has_script: namespace.has_script,
            state: namespace.state.map(|state| state.to_string()),
        }
    }
}

/// The namespaces by name.
pub(super) fn list(control: &dyn Control) -> Result<NamespaceList, Error> {
    let mut namespaces = control.namespaces();
    namespaces.sort_by(|left, right| left.name.cmp(&right.name));
    let views = namespaces.into_iter().map(|namespace| {
        let journal = control.journal(&namespace.name)?;
        Ok(NamespaceView::new(namespace, &journal))
    });
    let (namespaces, problems) = (views.collect::<Result<_, Error>>()?, control.problems());
    Ok(NamespaceList { namespaces, problems })
}

pub(super) fn delete(control: &dyn Control, namespace: &str) -> Answered {
    match control.delete(namespace) {
        true => Ok(no_content()),
        false => Err(Error::new(ErrorKind::NotFound, format!("there is no namespace '{namespace}'"))),
    }
}

pub(super) fn health(control: &dyn Control) -> Answered {
    let (version, namespaces) = (env!("CARGO_PKG_VERSION"), control.namespaces().len());
    answer(&json!({ "status": "healthy", "version": version, "namespaces": namespaces }))
}
