//! The circuit of one deployment: whether it may be asked, by what became of those who asked.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::recent::Recent;
use super::treatment::Toll;

/// When a deployment is left alone, for how long, and how it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Failures in a row, within the window, after which it is left alone; 0 is never.
    pub consecutive_failures: u32,
    /// The share of failures within the window from which on it is left alone.
    pub failure_percent: u32,
    /// How many attempts the window must hold before the share counts.
    pub min_attempts: u32,
    /// How far back is looked.
    pub window: Duration,
    /// How long it is left alone.
    pub cooldown: Duration,
    /// The longest wait that an upstream can ask for.
    pub max_cooldown: Duration,
    /// How many requests may try at the same time whether it is well again.
    pub probes: u32,
    /// What a refusal for too many requests is.
    pub rate_limited: RateLimited,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            consecutive_failures: 10,
            failure_percent: 50,
            min_attempts: 20,
            window: Duration::from_secs(30),
            cooldown: Duration::from_secs(10),
            max_cooldown: Duration::from_secs(60),
            probes: 1,
            rate_limited: RateLimited::Pause,
        }
    }
}

/// What a refusal for too many requests (429) is for a deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateLimited {
    /// A wish to be left alone for the time it names (`Retry-After`); without one, nothing.
    #[default]
    Pause,
    /// A failure like any other.
    Failure,
    /// Nothing.
    Ignore,
}

/// Where a circuit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitState {
    /// All is well: everybody is let through.
    Closed,
    /// The upstream asked for a pause, which is kept.
    Paused,
    /// A few are let through, to see whether it is well again.
    HalfOpen,
    /// Nobody is let through.
    Open,
}

impl CircuitState {
    /// The name in logs and in health.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Paused => "paused",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It was answered.
    Answered,
    /// It was refused for a reason that says nothing of the deployment, but by the deployment.
    Refused,
    /// Nobody knows: the caller went first.
    Unknown,
    /// It failed; the upstream may have asked for a wait.
    Failed(Toll, Option<Duration>),
}

/// A leave to ask, to be settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leave {
    is_probe: bool,
    /// What was decided before the circuit last changed is of no interest to it any more.
    generation: u32,
}

impl Leave {
    /// Whether it is to find out whether the deployment is well again.
    pub(super) fn is_probe(self) -> bool {
        self.is_probe
    }
}

/// Why nobody is let through, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closure {
    /// Too many failed.
    Open(Duration),
    /// The upstream asked for a pause.
    Paused(Duration),
}

#[derive(Debug)]
pub(super) struct Circuit {
    policy: BreakerPolicy,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    generation: u32,
    recent: Recent,
    paused_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Open { until: Instant },
    HalfOpen { under_way: u32 },
}

impl Circuit {
    pub(super) fn new(policy: BreakerPolicy, now: Instant) -> Self {
        let inner = Inner {
            phase: Phase::Closed,
            generation: 0,
            recent: Recent::new(policy.window, now),
            paused_until: None,
        };
        Self { policy, inner: Mutex::new(inner) }
    }

    /// Asks for leave to ask the deployment.
    pub(super) fn admit(&self, now: Instant) -> Result<Leave, Closure> {
        let mut inner = self.lock();
        if let Some(wait) = inner.pause_left(now) {
            return Err(Closure::Paused(wait));
        }
        match inner.phase {
            Phase::Closed => Ok(inner.leave(false)),
            Phase::Open { until } if until > now => Err(Closure::Open(until - now)),
            Phase::Open { .. } => {
                inner.turn(Phase::HalfOpen { under_way: 1 });
                Ok(inner.leave(true))
            }
            Phase::HalfOpen { under_way } if under_way < self.policy.probes.max(1) => {
                inner.phase = Phase::HalfOpen { under_way: under_way + 1 };
                Ok(inner.leave(true))
            }
            // Nobody knows how long the probes will take.
            Phase::HalfOpen { .. } => Err(Closure::Open(self.policy.cooldown)),
        }
    }

    /// A leave for an attempt that was made before there was a circuit, or goes on after its probe.
    pub(super) fn follow(&self) -> Leave {
        self.lock().leave(false)
    }

    /// Takes note of what became of an attempt; says where the circuit stands if that changed.
    pub(super) fn settle(&self, leave: Leave, settled: Settled, now: Instant) -> Option<CircuitState> {
        let mut inner = self.lock();
        if leave.generation != inner.generation {
            return None;
        }
        let settled = match settled {
            Settled::Failed(toll, asked) => self.weigh(toll, asked),
            other => other,
        };
        let before = inner.state(now);
        match leave.is_probe {
            true => self.settle_probe(&mut inner, settled, now),
            false => self.settle_ordinary(&mut inner, settled, now),
        }
        let after = inner.state(now);
        (before != after).then_some(after)
    }

    /// What a failure is under this policy.
    fn weigh(&self, toll: Toll, asked: Option<Duration>) -> Settled {
        match (toll, self.policy.rate_limited) {
            (Toll::RateLimit, RateLimited::Failure) => Settled::Failed(Toll::Failure, asked),
            (Toll::RateLimit, RateLimited::Ignore) | (Toll::Nothing, _) => Settled::Refused,
            _ => Settled::Failed(toll, asked),
        }
    }

    fn settle_probe(&self, inner: &mut Inner, settled: Settled, now: Instant) {
        match settled {
            Settled::Failed(Toll::Failure, asked) => inner.turn(self.open(asked, now)),
            Settled::Unknown => {
                if let Phase::HalfOpen { under_way } = inner.phase {
                    inner.phase = Phase::HalfOpen { under_way: under_way.saturating_sub(1) };
                }
            }
            // Whoever refuses is there.
            Settled::Answered | Settled::Refused | Settled::Failed(..) => {
                inner.turn(Phase::Closed);
                inner.recent = Recent::new(self.policy.window, now);
                self.pause(inner, settled, now);
            }
        }
    }

    fn settle_ordinary(&self, inner: &mut Inner, settled: Settled, now: Instant) {
        match settled {
            Settled::Answered => inner.recent.succeeded(now),
            Settled::Failed(Toll::Failure, asked) => {
                inner.recent.failed(now);
                if self.is_too_much(&inner.recent, now) {
                    inner.turn(self.open(asked, now));
                }
            }
            _ => self.pause(inner, settled, now),
        }
    }

    fn is_too_much(&self, recent: &Recent, now: Instant) -> bool {
        let policy = &self.policy;
        let in_a_row = policy.consecutive_failures > 0 && recent.in_a_row() >= policy.consecutive_failures;
        let (attempts, failures) = recent.counts(now);
        let share = attempts >= policy.min_attempts.max(1)
            && u64::from(failures) * 100 >= u64::from(attempts) * u64::from(policy.failure_percent);
        in_a_row || share
    }

    fn open(&self, asked: Option<Duration>, now: Instant) -> Phase {
        let asked = asked.unwrap_or_default().min(self.policy.max_cooldown);
        Phase::Open { until: now + self.policy.cooldown.max(asked) }
    }

    fn pause(&self, inner: &mut Inner, settled: Settled, now: Instant) {
        if let Settled::Failed(Toll::RateLimit, Some(asked)) = settled {
            let until = now + asked.min(self.policy.max_cooldown);
            inner.paused_until = inner.paused_until.max(Some(until));
        }
    }

    /// Where it stands. One that may be tried again is half open, whether or not somebody has yet.
    pub(super) fn state(&self, now: Instant) -> CircuitState {
        self.lock().state(now)
    }

    /// Whether whoever asks now is let through.
    pub(super) fn is_passable(&self, now: Instant) -> bool {
        let inner = self.lock();
        let has_room = match inner.phase {
            Phase::Closed => true,
            Phase::Open { until } => until <= now,
            Phase::HalfOpen { under_way } => under_way < self.policy.probes.max(1),
        };
        has_room && inner.pause_left(now).is_none()
    }

    /// Whether there is nothing to remember of it.
    pub(super) fn is_quiet(&self, now: Instant) -> bool {
        let inner = self.lock();
        inner.state(now) == CircuitState::Closed && inner.recent.counts(now).1 == 0
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here can be half written.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn leave(&self, is_probe: bool) -> Leave {
        Leave { is_probe, generation: self.generation }
    }

    fn turn(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1);
    }

    fn pause_left(&self, now: Instant) -> Option<Duration> {
        let left = self.paused_until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    fn state(&self, now: Instant) -> CircuitState {
        match self.phase {
            Phase::Open { until } if until > now => CircuitState::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => CircuitState::HalfOpen,
            Phase::Closed if self.pause_left(now).is_some() => CircuitState::Paused,
            Phase::Closed => CircuitState::Closed,
        }
    }
}

#[cfg(test)]
mod tests;
