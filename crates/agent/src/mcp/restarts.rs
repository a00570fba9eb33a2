//! When a server that died may be started again.

use std::time::Duration;

use tokio::time::Instant;

/// The wait before the second start in a row; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait between two starts.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How long a server is left alone when its starts are used up.
const REST: Duration = Duration::from_secs(60);

/// Counts the starts of a server since it last answered. Knows no clock: times are given to it.
#[derive(Debug)]
pub(super) struct Restarts {
    allowed: u32,
    used: u32,
    last: Option<Instant>,
}

/// Whether a server may be started.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// At this time, which may be past.
    At(Instant),
    /// Not now: it died too often. It may be tried again at this time, if ever.
    Refused { until: Option<Instant> },
}

impl Restarts {
    /// So many restarts in a row.
    pub(super) fn new(allowed: u32) -> Self {
        Self { allowed, used: 0, last: None }
    }

    /// When the next start may be.
    pub(super) fn next(&mut self, now: Instant) -> Turn {
        let Some(last) = self.last.filter(|_| self.used > 0) else {
            return if self.allowed == 0 { Turn::Refused { until: None } } else { Turn::At(now) };
        };
        if self.used < self.allowed {
            return Turn::At(last + self.wait());
        }
        let until = last + REST;
        if now < until {
            return Turn::Refused { until: Some(until) };
        }
        self.used = 0;
        Turn::At(now)
    }

    /// A start was begun.
    pub(super) fn begun(&mut self, now: Instant) {
        self.used = self.used.saturating_add(1);
        self.last = Some(now);
    }

    /// The server has answered: what comes after is a new row.
    pub(super) fn answered(&mut self) {
        self.used = 0;
    }

    /// How many starts of this row were used.
    pub(super) fn used(&self) -> u32 {
        self.used
    }

    fn wait(&self) -> Duration {
        let doubled = 2_u32.saturating_pow(self.used.saturating_sub(1));
        FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_first_start_is_at_once_and_the_next_ones_wait_longer_and_longer() {
        let begin = Instant::now();
        let mut restarts = Restarts::new(9);
        let mut now = begin;
        for wait in [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000] {
            assert_eq!(restarts.next(now), Turn::At(now + ms(wait)));
            now += ms(wait);
            restarts.begun(now);
        }
    }

    #[test]
    fn when_the_starts_are_used_up_the_server_is_left_alone_and_then_tried_again() {
        let begin = Instant::now();
        let mut restarts = Restarts::new(2);
        restarts.begun(begin);
        restarts.begun(begin + ms(250));
        let until = begin + ms(250) + REST;
        assert_eq!(restarts.next(begin + ms(251)), Turn::Refused { until: Some(until) });
        assert_eq!(restarts.next(until - ms(1)), Turn::Refused { until: Some(until) });
        assert_eq!(restarts.next(until), Turn::At(until));
        restarts.begun(until);
        assert_eq!(restarts.next(until), Turn::At(until + ms(250)));
    }

    #[test]
    fn an_answer_begins_the_row_anew() {
        let begin = Instant::now();
        let mut restarts = Restarts::new(1);
        restarts.begun(begin);
        assert!(matches!(restarts.next(begin), Turn::Refused { .. }));
        restarts.answered();
        assert_eq!(restarts.next(begin), Turn::At(begin));
    }

    #[test]
    fn without_restarts_there_is_none_ever() {
        assert_eq!(Restarts::new(0).next(Instant::now()), Turn::Refused { until: None });
    }
}
