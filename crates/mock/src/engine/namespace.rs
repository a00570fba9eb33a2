//! What belongs to one test: its script if it has one, how far that has come, its quota, its journal.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{CompiledScript, Kept, ScriptErrors, Shelf, content_hash};
use crate::call::{Call, Facts};
use crate::fault::{self, Fault};
use crate::journal::Journal;
use crate::matching::{Progress, Selected};
use crate::protocols;
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
    pub(super) fn new(name: Arc<str>, journal: Arc<Journal>) -> Self {
        Self { name, journal, state: Mutex::default() }
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
    pub(crate) fn with_shelf<T>(&self, look: impl FnOnce(&mut Shelf) -> T) -> T {
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

    /// Adds rules behind those of its script, or of the server's where it has none: what was counted
    /// stays, and of rules that are added at the same time none is lost.
    pub(super) fn add_rules(&self, server: &CompiledScript, rules: Vec<Rule>) -> Result<(), ScriptErrors> {
        let mut state = self.lock();
        let mut script = state.script.as_deref().unwrap_or(server).rules.script().clone();
        script.rules.extend(rules);
        let compiled = CompiledScript::compile(script, Path::new("."))?;
        compiled.rules.take_over(&mut state.progress);
        state.script = Some(Arc::new(compiled));
        Ok(())
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
        let tokens = quota.tokens_per_minute.map_or(0, |_| metered_tokens(&call.facts));
        let mut state = self.lock();
        let kept = state.quota.filter(|meter| meter.quota() == quota);
        state.quota.insert(kept.unwrap_or_else(|| QuotaMeter::new(quota, now))).take(1, tokens, now)
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

/// What a request takes from a minute's tokens: what it asks or what it says that its answers may
/// have, whichever is more (<https://platform.openai.com/docs/guides/rate-limits>).
fn metered_tokens(facts: &Facts) -> u64 {
    let answer = facts.prompt().and_then(|prompt| prompt.max_tokens).unwrap_or(0);
    let answers = answer.saturating_mul(u64::from(protocols::wish(facts).choices));
    crate::tokens::prompt_tokens(facts).max(answers)
}

/// How many answers a rule has to give: its `times`, or those of its sequence or its one reply with
/// the refusals before them.
fn answers_of(rule: &Rule) -> u32 {
    let replies = rule.sequence.as_ref().map_or(1, |sequence| sequence.replies.len());
    let replies = u32::try_from(replies).unwrap_or(u32::MAX);
    rule.times.unwrap_or(replies.saturating_add(rule.refusals()))
}
