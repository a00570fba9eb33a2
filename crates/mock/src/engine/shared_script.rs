//! The script of every namespace that has none of its own.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::CompiledScript;
use crate::script::ScriptProblem;

/// The script of every namespace that has none of its own: what was given, or put in its place.
#[derive(Debug)]
pub(super) struct SharedScript(RwLock<State>);

#[derive(Debug)]
struct State {
    /// As it was given at the start, or as its files are now.
    given: Arc<CompiledScript>,
    /// What was put in its place.
    put: Option<Arc<CompiledScript>>,
    /// What is wrong with its files as they are now, so that an earlier state of them is followed.
    problems: Vec<ScriptProblem>,
}

impl SharedScript {
    pub(super) fn new(given: CompiledScript) -> Self {
        Self(RwLock::new(State { given: Arc::new(given), put: None, problems: Vec::new() }))
    }

    /// The one that is followed.
    pub(super) fn current(&self) -> Arc<CompiledScript> {
        let state = self.read();
        state.put.as_ref().unwrap_or(&state.given).clone()
    }

    /// Takes the place of the one that was given, with which nothing is wrong any more.
    pub(super) fn give(&self, script: CompiledScript) {
        let mut state = self.write();
        (state.given, state.problems) = (Arc::new(script), Vec::new());
    }

    pub(super) fn put(&self, script: Option<CompiledScript>) {
        self.write().put = script.map(Arc::new);
    }

    pub(super) fn is_put(&self) -> bool {
        self.read().put.is_some()
    }

    pub(super) fn note_problems(&self, problems: Vec<ScriptProblem>) {
        self.write().problems = problems;
    }

    pub(super) fn problems(&self) -> Vec<ScriptProblem> {
        self.read().problems.clone()
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        // Whoever panicked held it for an assignment only: it is whole.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
