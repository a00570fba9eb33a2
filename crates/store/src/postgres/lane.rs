//! A bounded set of connections that mends itself.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::connector::Connector;
use super::failure::{Verdict, away, judge};
use super::link::{Answer, Link, Params, Work};
use crate::StoreError;

/// How long nobody tries again after a connection could not be made.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a statement is run that others kept from going through.
const ATTEMPTS: usize = 4;
/// The server ends what takes too long by itself; one that does not even do that is gone.
const GRACE: Duration = Duration::from_millis(500);

/// Connections that share one kind of work.
///
/// A connection takes up to `depth` statements at a time: they go out one behind the other without waiting
/// for each other's answers, so a handful of connections carries a great many short statements.
pub(super) struct Lane {
    shared: Arc<Shared>,
    patience: Duration,
    limit: Duration,
}

/// How a lane is bounded.
pub(super) struct LaneBounds {
    /// How many connections.
    pub(super) connections: usize,
    /// How many statements on each at a time.
    pub(super) depth: usize,
    /// What else the server is told of each connection, in SQL.
    pub(super) settings: &'static str,
    /// How long a statement waits for a place.
    pub(super) patience: Duration,
    /// How long the server lets a statement run.
    pub(super) statement: Duration,
}

struct Shared {
    connector: Arc<Connector>,
    connections: usize,
    depth: usize,
    settings: &'static str,
    state: Mutex<State>,
    /// A connection was made, or could not be, or has room again.
    changed: Notify,
}

#[derive(Default)]
struct State {
    links: Vec<Arc<Loaded>>,
    connecting: usize,
    /// Why the last connection could not be made, and when.
    outage: Option<(Instant, StoreError)>,
}

struct Loaded {
    link: Link,
    load: AtomicUsize,
}

/// A place on a connection.
pub(super) struct Lease {
    shared: Arc<Shared>,
    loaded: Arc<Loaded>,
}

enum Place {
    Found(Lease),
    Wait,
    Away(StoreError),
}

impl Lane {
    /// A lane without any connection yet.
    pub(super) fn new(connector: Arc<Connector>, bounds: &LaneBounds) -> Self {
        let shared = Shared {
            connector,
            connections: bounds.connections.max(1),
            depth: bounds.depth.max(1),
            settings: bounds.settings,
            state: Mutex::default(),
            changed: Notify::new(),
        };
        Self { shared: Arc::new(shared), patience: bounds.patience, limit: bounds.statement + GRACE }
    }

    /// Runs a statement of the program and returns its rows.
    pub(super) async fn query(&self, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        Ok(self.run(Work::Query(sql, params)).await?.into_rows())
    }

    /// Runs a statement of the program that returns at most one row.
    pub(super) async fn query_opt(
        &self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, params).await?.pop())
    }

    /// Runs a statement that returns no rows, and says how many it has touched.
    pub(super) async fn execute(&self, sql: &'static str, params: Params<'_>) -> Result<u64, StoreError> {
        Ok(self.run(Work::Execute(sql, params)).await?.touched())
    }

    /// Runs a statement that is written for the occasion.
    pub(super) async fn query_once(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(self.run(Work::Once(sql, params)).await?.into_rows())
    }

    /// Runs statements that read what was there at one moment.
    pub(super) async fn snapshot(
        &self,
        sqls: &[&'static str],
        params: Params<'_>,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        Ok(self.run(Work::Snapshot(sqls, params)).await?.into_sets())
    }

    /// Runs a statement of the program and returns its rows, or tells whether the statement is to blame.
    pub(super) async fn query_judged(
        &self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Vec<Row>, Verdict> {
        Ok(self.run_judged(Work::Query(sql, params)).await?.into_rows())
    }

    async fn run(&self, work: Work<'_>) -> Result<Answer, StoreError> {
        self.run_judged(work).await.map_err(Verdict::into_error)
    }

    /// Does work on a connection, again if only another statement was in the way.
    async fn run_judged(&self, work: Work<'_>) -> Result<Answer, Verdict> {
        let mut attempts = 1;
        loop {
            let lease = self.acquire().await.map_err(Verdict::Connection)?;
            let place = self.shared.connector.place();
            let Ok(outcome) = timeout(self.limit, lease.loaded.link.run(&work)).await else {
                lease.retire();
                let reason = format!("no answer within {} ms", self.limit.as_millis());
                return Err(Verdict::Connection(away(place, &reason)));
            };
            match outcome.map_err(|error| judge(place, &error)) {
                Ok(answer) => return Ok(answer),
                Err(Verdict::Again(_)) if attempts < ATTEMPTS => attempts += 1,
                Err(verdict) => {
                    if matches!(verdict, Verdict::Connection(_)) {
                        lease.retire();
                    }
                    return Err(verdict);
                }
            }
        }
    }

    /// A place on a connection, at once or after a bounded wait.
    async fn acquire(&self) -> Result<Lease, StoreError> {
        let deadline = Instant::now() + self.patience;
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            match Shared::place(&self.shared) {
                Place::Found(lease) => return Ok(lease),
                Place::Away(outage) => return Err(outage),
                Place::Wait => {}
            }
            if timeout_at(deadline, changed).await.is_err() {
                return Err(self.crowded());
            }
        }
    }

    fn crowded(&self) -> StoreError {
        let (place, patience) = (self.shared.connector.place(), self.patience.as_millis());
        away(place, &format!("all connections were busy for {patience} ms; allow more by max_connections"))
    }
}

impl Shared {
    /// A place on the connection with the most room, if any has some; sees to it that there will be.
    fn place(self: &Arc<Self>) -> Place {
        let mut state = self.state();
        state.links.retain(|loaded| !loaded.link.is_closed());
        let freest = state.links.iter().min_by_key(|loaded| loaded.load.load(Ordering::Relaxed)).cloned();
        let freest = freest.map(|loaded| (loaded.load.load(Ordering::Relaxed), loaded));
        let is_recent = |(at, _): &(Instant, StoreError)| at.elapsed() < PAUSE;
        let outage = state.outage.as_ref().filter(|outage| is_recent(outage)).map(|(_, error)| error.clone());
        let may_grow = state.links.len() + state.connecting < self.connections && outage.is_none();
        // One after the other while there is something to work with.
        let grows = match &freest {
            Some((load, _)) => *load > 0 && state.connecting == 0,
            None => state.connecting == 0,
        };
        if may_grow && grows {
            state.connecting += 1;
            tokio::spawn(Arc::clone(self).grow());
        }
        match (freest, outage) {
            (Some((load, loaded)), _) if load < self.depth => {
                loaded.load.fetch_add(1, Ordering::Relaxed);
                Place::Found(Lease { shared: Arc::clone(self), loaded })
            }
            (None, Some(outage)) => Place::Away(outage),
            _ => Place::Wait,
        }
    }

    async fn grow(self: Arc<Self>) {
        let connected = self.connector.connect(self.settings).await;
        let mut state = self.state();
        state.connecting -= 1;
        match connected {
            Ok(connected) => {
                let loaded = Loaded { link: Link::new(connected), load: AtomicUsize::new(0) };
                state.links.push(Arc::new(loaded));
                state.outage = None;
            }
            Err(error) => state.outage = Some((Instant::now(), error)),
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Closes the connection: nobody gets it again.
    fn retire(&self) {
        self.loaded.link.close();
        self.shared.state().links.retain(|loaded| !Arc::ptr_eq(loaded, &self.loaded));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.loaded.load.fetch_sub(1, Ordering::Relaxed);
        self.shared.changed.notify_one();
    }
}
