//! What belongs to one test: its script if it has one, how far that has come, its quota, its journal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{CompiledScript, Kept, Shelf, content_hash};
use crate::call::Call;
use crate::fault::{self, Fault};
use crate::journal::Journal;
use crate::matching::{Progress, Selected};
use crate::quota::{Exceeded, QuotaMeter, QuotaState};
use crate::script::{Chaos, Quota, Rule};
use crate::verdict::Miss;
use crate::verify::RuleState;

/// Contents whose attempts are counted at most; beyond, counting starts anew.
const MAX_COUNTED_CONTENTS: usize = 10_000;

/// One of many tests that share a double.
#[derive(Debug)]
pub struct Namespace {
    name: Arc<str>,
    journal: Arc<Journal>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    script: Option<Arc<CompiledScript>>,
    progress: Progress,
    quota: Option<QuotaMeter>,
    /// How often each content was asked, for chaos.
    attempts: HashMap<u64, u32>,
    /// Answers that a vendor would keep.
    shelf: Shelf,
}

impl Namespace {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self { name, journal: Arc::default(), state: Mutex::default() }
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What it was asked.
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Gives it a script of its own, or takes it away; what was counted starts anew.
    pub fn set_script(&self, script: Option<Arc<CompiledScript>>) {
        *self.lock() = State { script, ..State::default() };
    }

    /// The script of its own, if it has one.
    pub fn own_script(&self) -> Option<Arc<CompiledScript>> {
        self.lock().script.clone()
    }

    /// Forgets how far the script has come, and the state.
    pub fn reset_progress(&self) {
        let mut state = self.lock();
        state.progress = Progress::default();
        state.attempts.clear();
        state.shelf = Shelf::default();
    }

    /// Keeps an answer.
    pub fn keep(&self, kept: Kept) {
        self.lock().shelf.put(kept);
    }

    /// Looks at the answers that were kept, or changes them.
    pub(super) fn with_shelf<T>(&self, look: impl FnOnce(&mut Shelf) -> T) -> T {
        look(&mut self.lock().shelf)
    }

    /// Gives all of its quota back.
    pub fn reset_quota(&self) {
        self.lock().quota = None;
    }

    /// The state that the script has set.
    pub fn state_name(&self) -> Option<Arc<str>> {
        self.lock().progress.state.clone()
    }

    /// Follows a script that begins as the one before did: what was counted stays.
    pub(super) fn go_on_with(&self, script: Arc<CompiledScript>) {
        let mut state = self.lock();
        script.rules.take_over(&mut state.progress);
        state.script = Some(script);
    }

    /// How far each rule of its script has come.
    pub(super) fn rule_states(&self, script: &CompiledScript) -> Vec<RuleState> {
        let state = self.lock();
        let rules = script.rules.script().rules.iter().enumerate();
        rules
            .map(|(at, rule)| {
                let answered = script.rules.answered(at, &state.progress);
                RuleState {
                    name: script.rules.name(at),
                    answered,
                    remaining: answers_of(rule).saturating_sub(answered),
                }
            })
            .collect()
    }

    pub(super) fn select(&self, script: &CompiledScript, call: &Call) -> Result<Selected, Miss> {
        script.rules.select(call, &mut self.lock().progress)
    }

    pub(super) fn take_quota(&self, quota: Quota, call: &Call, now: Instant) -> Result<QuotaState, Exceeded> {
        let tokens = match quota.tokens_per_minute {
            Some(_) => crate::tokens::prompt_tokens(&call.facts),
            None => 0,
        };
        let mut state = self.lock();
        state.quota.get_or_insert_with(|| QuotaMeter::new(quota, now)).take(1, tokens, now)
    }

    pub(super) fn draw_fault(&self, chaos: &Chaos, call: &Call) -> Option<Fault> {
        let content = content_hash::of(&call.facts);
        let mut state = self.lock();
        if state.attempts.len() >= MAX_COUNTED_CONTENTS && !state.attempts.contains_key(&content) {
            state.attempts.clear();
        }
        let attempt = state.attempts.entry(content).or_default();
        *attempt += 1;
        fault::chaos::draw(chaos, &self.name, content, *attempt)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked while it held the state must not stop the others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many answers a rule has to give: those of its sequence, its `times`, or the one.
fn answers_of(rule: &Rule) -> u32 {
    let replies = rule.sequence.as_ref().map(|sequence| sequence.replies.len());
    let replies = replies.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    rule.times.or(replies).unwrap_or(1)
}
