//! How long an upstream may take, phase by phase.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use playhouse_llm::{Error, ErrorKind, Phase};
use tokio::time::{Instant, Sleep, sleep_until};

/// The longest waits for an upstream.
///
/// A whole (not streamed) answer has no first token and no pieces: only the total bounds it.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From the request to the first output of a stream.
    pub first_token: Duration,
    /// Between two pieces of a stream.
    pub idle: Duration,
    /// The call as a whole.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_token: Duration::from_secs(120),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
        }
    }
}

impl Timeouts {
    /// The error of a phase that took too long.
    pub(crate) fn error(&self, phase: Phase, provider: &str) -> Error {
        let (what, limit) = match phase {
            Phase::Connect => ("did not accept a connection", self.total),
            Phase::FirstToken => ("sent no first token", self.first_token),
            Phase::Idle => ("went silent in the middle of its answer", self.idle),
            Phase::Total => ("did not complete its answer", self.total),
        };
        let message = format!("provider '{provider}' {what} within {} ms", limit.as_millis());
        Error::new(ErrorKind::Timeout(phase), message)
    }
}

/// One timer for all phases of a call.
///
/// The timer is not moved at every piece of output: when it fires, it looks whether there was
/// output meanwhile and, if so, goes back to sleep for the rest. A piece costs one clock reading.
#[derive(Debug)]
pub(crate) struct Watchdog {
    sleep: Pin<Box<Sleep>>,
    idle: Duration,
    total: Instant,
    due: Instant,
    phase: Phase,
}

impl Watchdog {
    /// Starts watching a call that begins now.
    pub(crate) fn start(timeouts: Timeouts, stream: bool) -> Self {
        let now = Instant::now();
        let total = now + timeouts.total;
        let (due, phase) = match stream {
            true => (now + timeouts.first_token, Phase::FirstToken),
            false => (total, Phase::Total),
        };
        let sleep = Box::pin(sleep_until(due.min(total)));
        Self { sleep, idle: timeouts.idle, total, due, phase }
    }

    /// Notes the first output of a stream: from now on only silence is watched for.
    pub(crate) fn first_token(&mut self) {
        if self.phase == Phase::FirstToken {
            self.phase = Phase::Idle;
            self.activity();
        }
    }

    /// Notes a sign of life. It does not put off the first token: comments are no output.
    pub(crate) fn activity(&mut self) {
        if self.phase == Phase::Idle {
            self.due = Instant::now() + self.idle;
        }
    }

    /// Ready when a phase has taken too long.
    pub(crate) fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<Phase> {
        let due = self.due.min(self.total);
        if self.sleep.deadline() > due {
            self.sleep.as_mut().reset(due);
        }
        while self.sleep.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            if now >= self.total {
                return Poll::Ready(Phase::Total);
            }
            if now >= self.due {
                return Poll::Ready(self.phase);
            }
            self.sleep.as_mut().reset(self.due.min(self.total));
        }
        Poll::Pending
    }

    /// Waits until a phase has taken too long.
    pub(crate) async fn expired(&mut self) -> Phase {
        poll_fn(|context| self.poll_expired(context)).await
    }
}
