//! When a turn that waits for its answer has something to do by itself.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::live::KEEP_ALIVE;

/// How long said text may be unsaved.
const SAVE_AFTER: Duration = Duration::from_millis(250);

/// One timer for all that is due in a turn. Events move the times, not the timer: when it fires early, it
/// goes back to sleep for the rest.
pub(crate) struct Pace {
    timer: Pin<Box<Sleep>>,
    silent_at: Instant,
    save_at: Option<Instant>,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing has come for a while.
    Silence,
    /// What was said is to be kept.
    Save,
}

impl Pace {
    /// Nothing has come yet.
    pub(crate) fn new() -> Self {
        let silent_at = Instant::now() + KEEP_ALIVE;
        Self { timer: Box::pin(sleep_until(silent_at)), silent_at, save_at: None }
    }

    /// Something has come; text or not.
    pub(crate) fn came(&mut self, is_text: bool) {
        let now = Instant::now();
        self.silent_at = now + KEEP_ALIVE;
        if is_text && self.save_at.is_none() {
            let save_at = now + SAVE_AFTER;
            self.save_at = Some(save_at);
            if self.timer.deadline() > save_at {
                self.timer.as_mut().reset(save_at);
            }
        }
    }

    /// Waits until something is due. May be dropped at any time.
    pub(crate) async fn due(&mut self) -> Due {
        loop {
            self.timer.as_mut().await;
            let now = Instant::now();
            let due = self.take(now);
            let next = self.save_at.map_or(self.silent_at, |save_at| save_at.min(self.silent_at));
            self.timer.as_mut().reset(next);
            if let Some(due) = due {
                return due;
            }
        }
    }

    fn take(&mut self, now: Instant) -> Option<Due> {
        if self.save_at.is_some_and(|save_at| save_at <= now) {
            self.save_at = None;
            return Some(Due::Save);
        }
        if self.silent_at <= now {
            self.silent_at = now + KEEP_ALIVE;
            return Some(Due::Silence);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn due_after(pace: &mut Pace) -> (Due, Duration) {
        let began = Instant::now();
        (pace.due().await, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn silence_counts_from_what_came_last() {
        let mut pace = Pace::new();
        tokio::time::sleep(Duration::from_secs(10)).await;
        pace.came(false);
        assert_eq!(due_after(&mut pace).await, (Due::Silence, KEEP_ALIVE));
        assert_eq!(due_after(&mut pace).await, (Due::Silence, KEEP_ALIVE));
    }

    #[tokio::test(start_paused = true)]
    async fn text_is_due_to_be_kept_however_much_follows() {
        let mut pace = Pace::new();
        pace.came(true);
        tokio::time::sleep(SAVE_AFTER / 2).await;
        pace.came(true);
        assert_eq!(due_after(&mut pace).await, (Due::Save, SAVE_AFTER / 2));
        assert_eq!(due_after(&mut pace).await, (Due::Silence, KEEP_ALIVE - SAVE_AFTER / 2));
    }
}
