//! What became of a deployment's latest attempts.

use std::time::Duration;

use tokio::time::Instant;

/// Into how many parts a window is cut; what is older than a window goes part by part.
const PARTS: u64 = 10;

/// Counts over a window that slides on.
#[derive(Debug)]
pub(super) struct Recent {
    since: Instant,
    part: Duration,
    window: Duration,
    parts: [Part; PARTS as usize],
    in_a_row: u32,
    last_failure: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    number: u64,
    attempts: u32,
    failures: u32,
}

impl Recent {
    pub(super) fn new(window: Duration, now: Instant) -> Self {
        let part = (window / PARTS as u32).max(Duration::from_millis(1));
        Self { since: now, part, window, parts: Default::default(), in_a_row: 0, last_failure: None }
    }

    pub(super) fn succeeded(&mut self, now: Instant) {
        self.part_of(now).attempts += 1;
        self.in_a_row = 0;
    }

    pub(super) fn failed(&mut self, now: Instant) {
        let part = self.part_of(now);
        part.attempts += 1;
        part.failures += 1;
        let is_old = self.last_failure.is_none_or(|last| now.duration_since(last) > self.window);
        self.in_a_row = if is_old { 1 } else { self.in_a_row.saturating_add(1) };
        self.last_failure = Some(now);
    }

    /// How many failed since the last one that did not, with no pause longer than the window.
    pub(super) fn in_a_row(&self) -> u32 {
        self.in_a_row
    }

    /// How many attempts the window holds, and how many of them failed.
    pub(super) fn counts(&self, now: Instant) -> (u32, u32) {
        let number = self.number(now);
        let held = self.parts.iter().filter(|part| number - part.number < PARTS);
        held.fold((0, 0), |(attempts, failures), part| (attempts + part.attempts, failures + part.failures))
    }

    fn part_of(&mut self, now: Instant) -> &mut Part {
        let number = self.number(now);
        let part = &mut self.parts[(number % PARTS) as usize];
        if part.number != number {
            *part = Part { number, ..Part::default() };
        }
        part
    }

    fn number(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.since).as_nanos();
        u64::try_from(elapsed / self.part.as_nanos()).unwrap_or(u64::MAX)
    }
}
