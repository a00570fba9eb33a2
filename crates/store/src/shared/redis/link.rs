//! The link to Redis: one connection for all commands, and a circuit that is open while Redis is away.
//!
//! A command that fails or takes too long opens the circuit; from then on commands fail at once, until the
//! keeper has a connection that answers. So at most the commands under way when Redis goes away wait for it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::counts::{Counts, count};
use crate::shared::SharedError;

/// Commands that wait to be written; more wait for a place.
const PIPELINE: usize = 1_024;

pub(super) struct Link {
    pub(super) client: Client,
    pub(super) command_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) counts: Counts,
    standing: watch::Sender<Standing>,
}

/// How it stands with Redis.
#[derive(Clone)]
pub(super) struct Standing {
    /// The connection, while Redis answers.
    open: Option<Open>,
    /// Counts the connections.
    pub(super) generation: u64,
    /// Why there is none, while there is none.
    pub(super) reason: Arc<str>,
}

#[derive(Clone)]
struct Open {
    connection: MultiplexedConnection,
    clock: Clock,
}

/// Redis's clock, as seen from here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    seen: Instant,
    redis_us: i64,
}

impl Standing {
    pub(super) fn is_up(&self) -> bool {
        self.open.is_some()
    }
}

impl Link {
    pub(super) fn new(client: Client, command_timeout: Duration, connect_timeout: Duration) -> Self {
        let standing = Standing { open: None, generation: 0, reason: "not connected yet".into() };
        Self {
            client,
            command_timeout,
            connect_timeout,
            counts: Counts::default(),
            standing: watch::Sender::new(standing),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.standing.borrow().is_up()
    }

    /// Tells how it stands, and of every change.
    pub(super) fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Does something with the connection, within the time that a command has.
    ///
    /// The work gets the moment, by Redis's clock, after which nobody waits for it.
    pub(super) async fn run<T, F>(
        &self,
        work: impl FnOnce(MultiplexedConnection, i64) -> F + Send,
    ) -> Result<T, SharedError>
    where
        F: Future<Output = RedisResult<T>> + Send,
    {
        let (open, generation) = {
            let standing = self.standing.borrow();
            let Some(open) = standing.open.clone() else { return Err(away(&standing.reason)) };
            (open, standing.generation)
        };
        let deadline_us = open.clock.in_us(self.command_timeout);
        match timeout(self.command_timeout, work(open.connection, deadline_us)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.failed(&error, generation)),
            Err(_) => Err(self.late(generation)),
        }
    }

    /// A command was carried out too late, or not answered in time.
    pub(super) fn late(&self, generation: u64) -> SharedError {
        count(&self.counts.timeouts);
        let reason = format!("it did not answer within {} ms", self.command_timeout.as_millis());
        self.down(generation, &reason);
        away(&reason)
    }

    fn failed(&self, error: &RedisError, generation: u64) -> SharedError {
        if error.kind() == ErrorKind::Client {
            return self.late(generation);
        }
        count(&self.counts.errors);
        let reason = error.to_string();
        if breaks(error) {
            self.down(generation, &reason);
        }
        away(&reason)
    }

    /// Makes a connection that has answered.
    pub(super) async fn connect(&self) -> Result<(MultiplexedConnection, Clock), String> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(PIPELINE);
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let connected = timeout(self.connect_timeout, connecting).await;
        let too_long = |time: Duration| format!("it did not answer within {} ms", time.as_millis());
        let mut connection =
            connected.map_err(|_| too_long(self.connect_timeout))?.map_err(|error| error.to_string())?;
        let read = timeout(self.command_timeout, Clock::read(&mut connection)).await;
        let clock = read.map_err(|_| too_long(self.command_timeout))?.map_err(|error| error.to_string())?;
        Ok((connection, clock))
    }

    /// Looks whether Redis still answers, and at its clock.
    pub(super) async fn check(&self) -> Result<(), SharedError> {
        let clock = self.run(|mut connection, _| async move { Clock::read(&mut connection).await }).await?;
        self.standing.send_if_modified(|standing| {
            if let Some(open) = &mut standing.open {
                open.clock = clock;
            }
            false
        });
        Ok(())
    }

    /// Commands go over this connection from now on.
    pub(super) fn up(&self, connection: MultiplexedConnection, clock: Clock) {
        count(&self.counts.connections);
        self.standing.send_modify(|standing| {
            standing.open = Some(Open { connection, clock });
            standing.generation += 1;
        });
    }

    /// Commands fail from now on, if this is still the connection.
    fn down(&self, generation: u64, reason: &str) {
        self.standing.send_if_modified(|standing| {
            let goes = standing.is_up() && standing.generation == generation;
            if goes {
                standing.open = None;
                standing.reason = reason.into();
            }
            goes
        });
    }

    /// There is still no connection, for this reason.
    pub(super) fn still_down(&self, reason: &str) {
        self.standing.send_if_modified(|standing| {
            let news = *standing.reason != *reason;
            standing.reason = reason.into();
            news
        });
    }
}

impl Clock {
    pub(super) async fn read(connection: &mut MultiplexedConnection) -> RedisResult<Self> {
        let asked = Instant::now();
        let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(connection).await?;
        // What was read half way.
        Ok(Self { seen: asked + asked.elapsed() / 2, redis_us: seconds * 1_000_000 + micros })
    }

    /// The moment a time from now.
    pub(super) fn in_us(self, time: Duration) -> i64 {
        let passed = self.seen.elapsed().saturating_add(time).as_micros();
        self.redis_us.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }
}

/// What a script that was carried out too late fails with.
pub(super) fn too_late() -> RedisError {
    (ErrorKind::Client, "carried out too late").into()
}

/// Whether a connection is of no more use after a failure: it is gone, or the server cannot serve.
fn breaks(error: &RedisError) -> bool {
    let cannot_serve = matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
        )
    );
    cannot_serve || error.is_io_error() || error.is_unrecoverable_error()
}

fn away(reason: &str) -> SharedError {
    SharedError::Away { reason: reason.into() }
}
