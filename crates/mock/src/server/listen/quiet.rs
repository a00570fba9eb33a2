//! Connections on which nothing happens.

use std::time::Duration;

use tokio::time::Instant;

use super::ConnectionLimits;
use super::control::Glance;

/// How long a connection has been quiet, found out by looking at it from time to time.
///
/// A timer for each connection would cost each request a clock reading and memory; a look every
/// now and then costs them nothing.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    activity: u32,
    since: Option<Instant>,
}

impl Quiet {
    /// Whether, at this look, it has been quiet for longer than it may.
    pub(super) fn is_overdue(&mut self, glance: Glance, limits: &ConnectionLimits, now: Instant) -> bool {
        if glance.is_busy || glance.activity != self.activity {
            *self = Self { activity: glance.activity, since: None };
        }
        if glance.is_busy {
            return false;
        }
        let limit = if glance.is_in_head { limits.header_timeout } else { limits.idle_timeout };
        now.duration_since(*self.since.get_or_insert(now)) >= limit
    }
}

/// How often to look.
pub(super) fn look_every(limits: &ConnectionLimits) -> Duration {
    let shortest = limits.header_timeout.min(limits.idle_timeout);
    (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Glance = Glance { is_busy: false, is_in_head: false, activity: 0 };

    /// Whether it is overdue at each look, one a second; the limits are 2 s in a head and 4 s idle.
    fn looks(glances: &[Glance]) -> Vec<bool> {
        let limits = ConnectionLimits {
            header_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(4),
            ..ConnectionLimits::default()
        };
        let start = Instant::now();
        let mut quiet = Quiet::default();
        let at = |second: usize| start + Duration::from_secs(second as u64);
        let seconds = glances.iter().enumerate();
        seconds.map(|(second, glance)| quiet.is_overdue(*glance, &limits, at(second))).collect()
    }

    #[test]
    fn an_idle_connection_is_overdue_in_the_end() {
        assert_eq!(looks(&[IDLE; 6]), [false, false, false, false, true, true]);
    }

    #[test]
    fn a_head_must_be_complete_sooner() {
        let in_head = Glance { is_in_head: true, activity: 1, ..IDLE };
        assert_eq!(looks(&[IDLE, in_head, in_head, in_head]), [false, false, false, true]);
    }

    #[test]
    fn an_answer_takes_as_long_as_it_takes_and_time_starts_anew() {
        let busy = Glance { is_busy: true, activity: 1, ..IDLE };
        let after = Glance { activity: 1, ..IDLE };
        let glances = [&[busy; 9][..], &[after; 5]].concat();
        assert_eq!(looks(&glances).iter().position(|overdue| *overdue), Some(13));
    }

    #[test]
    fn requests_between_two_looks_count() {
        let glances: Vec<Glance> = (0..20).map(|activity| Glance { activity, ..IDLE }).collect();
        assert!(!looks(&glances).contains(&true));
    }
}
