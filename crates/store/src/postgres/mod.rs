//! The PostgreSQL backend: many processes over one database.
//!
//! Two lanes of connections: a short one for what a request waits for, each statement one round trip and
//! many of them on the way at a time, and a long one for reading, call records and tidying up. A server that
//! goes away is noticed at once or after a bounded wait; the lanes connect anew by themselves.
//!
//! Opening does not end the turns and runs of a process that died, as SQLite does: others live, and bury it.
//!
//! In reading order: `sessions`, `runs`, `responses`, `calls`, `keys` and `replicas` (the traits) → `turns`
//! (over `gather`: those that arrive together; `turn_begin`, `turn_end`; `remembered`: what need not be read), `deletion`, `run_rows`, `response_rows`, `call_rows`, `idempotency_rows` (writing) → `unheard` (callers that go away) → `transcript`,
//! `run_reader`, `run_list`,
//! `call_list`, `call_stats` (reading) → `lane` (connections) → `link` (one of them) → `connector`, `target`,
//! `tls`; `migrate`, `usage`, `text` and `failure` beside them.

mod call_list;
mod call_rows;
mod call_stats;
mod calls;
mod connector;
mod deletion;
mod failure;
mod gather;
mod idempotency_rows;
mod keys;
mod lane;
mod link;
mod migrate;
mod remembered;
mod replicas;
mod response_rows;
mod responses;
mod run_list;
mod run_reader;
mod run_rows;
mod runs;
mod sessions;
mod target;
mod text;
mod tls;
mod transcript;
mod turn_begin;
mod turn_end;
mod turns;
mod unheard;
mod usage;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use self::connector::Connector;
use self::gather::Gate;
use self::lane::{Lane, LaneBounds};
use self::migrate::{MIGRATIONS, Migration};
use self::remembered::Remembered;
use self::target::Target;
use self::turns::{Beginning, Ending};
use crate::config::PostgresConfig;
use crate::{Health, ReplicaId, StoreError};

/// How many short statements are on their way over one connection at a time.
const PIPELINE: usize = 32;
/// Short statements find their rows by keys: to plan them anew for each value gains nothing, and a plan that reads
/// a table as a whole, made while it was small, would be kept as it grows.
const SHORT_SETTINGS: &str = "; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
/// How long a server that is starting too is waited for.
const START_PATIENCE: Duration = Duration::from_secs(10);
const START_PAUSE: Duration = Duration::from_millis(200);
/// How many ends of what nobody heard of are tried at a time; where there are more, the database is away, and
/// what could not even be sent is among them.
const MOST_UNHEARD: usize = 1_024;
const PROBE: &str = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'";

/// A store in a PostgreSQL database, which other processes may use at the same time.
///
/// Cheap to clone. Its operations need a tokio runtime.
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
    replica: ReplicaId,
}

struct Inner {
    /// For what a request waits for: short statements, many at a time.
    short: Lane,
    /// For what may take its time, one statement a connection.
    long: Lane,
    place: Arc<str>,
    /// Turns that are to begin.
    beginnings: Arc<Gate<Beginning>>,
    /// Turns that are to end.
    endings: Arc<Gate<Ending>>,
    /// What was said last in conversations that go on here.
    remembered: Remembered,
    /// What is being ended that nobody heard of.
    unheard: Semaphore,
}

impl PostgresStore {
    /// Opens a database: brings its schema up to date, and finishes the deletions of a process that died.
    ///
    /// Several processes may do so at once, and while an older program runs.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a URL that is none, [`StoreError::NewerSchema`], or
    /// [`StoreError::Unavailable`] when the server cannot be used. None of them repeats the URL.
    pub async fn open(url: &SecretString, config: &PostgresConfig) -> Result<Self, StoreError> {
        Self::opening(url, config).await
    }

    /// Boxed here: whoever waits for it need not compile the driver once more.
    fn opening<'a>(
        url: &'a SecretString,
        config: &'a PostgresConfig,
    ) -> BoxFuture<'a, Result<Self, StoreError>> {
        Box::pin(Self::open_with(url, config, MIGRATIONS))
    }

    /// Opens a database for reading beside the processes that write it; nothing is changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also for a schema that [`open`](Self::open) would bring up to date.
    pub async fn open_read_only(url: &SecretString, config: &PostgresConfig) -> Result<Self, StoreError> {
        Self::opening_read_only(url, config).await
    }

    fn opening_read_only<'a>(
        url: &'a SecretString,
        config: &'a PostgresConfig,
    ) -> BoxFuture<'a, Result<Self, StoreError>> {
        Box::pin(async move {
            let connector = Arc::new(Connector::new(url, config)?);
            migrate::check(&connector, MIGRATIONS).await?;
            Ok(Self::over(connector, config))
        })
    }

    async fn open_with(
        url: &SecretString,
        config: &PostgresConfig,
        migrations: &[Migration],
    ) -> Result<Self, StoreError> {
        let connector = Arc::new(Connector::new(url, config)?);
        let until = Instant::now() + START_PATIENCE;
        migrate_patiently(&connector, migrations, until).await?;
        let store = Self::over(connector, config);
        store.sweep_patiently(until).await?;
        Ok(store)
    }

    async fn sweep_patiently(&self, until: Instant) -> Result<(), StoreError> {
        loop {
            match self.sweep_all().await {
                Err(error) if is_borne(&error, until) => tokio::time::sleep(START_PAUSE).await,
                outcome => return outcome,
            }
        }
    }

    fn over(connector: Arc<Connector>, config: &PostgresConfig) -> Self {
        let patience = Duration::from_millis(config.acquire_timeout_ms);
        let statement = Duration::from_millis(config.statement_timeout_ms);
        let short = (config.max_connections / 2).max(1);
        let long = config.max_connections.saturating_sub(short).max(1);
        let bounds =
            |connections, depth, settings| LaneBounds { connections, depth, settings, patience, statement };
        let place = Arc::clone(connector.place());
        let short = Lane::new(Arc::clone(&connector), &bounds(short, PIPELINE, SHORT_SETTINGS));
        let long = Lane::new(connector, &bounds(long, 1, ""));
        let inner = Inner {
            short,
            long,
            place,
            beginnings: Arc::new(Gate::new()),
            endings: Arc::new(Gate::new()),
            remembered: Remembered::new(),
            unheard: Semaphore::new(MOST_UNHEARD),
        };
        Self { inner: Arc::new(inner), replica: ReplicaId::unique() }
    }

    /// This process, as a statement takes it.
    fn replica(&self) -> Uuid {
        Uuid::from_bytes(self.replica.bytes())
    }

    fn short(&self) -> &Lane {
        &self.inner.short
    }

    fn long(&self) -> &Lane {
        &self.inner.long
    }

    /// Where the server is, for people.
    fn place(&self) -> &str {
        &self.inner.place
    }
}

/// Whether a text is a URL that [`PostgresStore::open`] takes.
///
/// # Errors
/// [`StoreError::Invalid`], which does not repeat it.
pub fn check_database_url(url: &SecretString) -> Result<(), StoreError> {
    Target::parse(url).map(drop)
}

/// Brings the schema up to date; again while the server is away and there is patience left. Servers that start
/// together start in any order, and one may go away again meanwhile.
async fn migrate_patiently(
    connector: &Connector,
    migrations: &[Migration],
    until: Instant,
) -> Result<(), StoreError> {
    loop {
        match migrate::migrate(connector, migrations).await {
            Err(error) if is_borne(&error, until) => tokio::time::sleep(START_PAUSE).await,
            outcome => return outcome,
        }
    }
}

/// Whether a start goes on trying after this.
fn is_borne(error: &StoreError, until: Instant) -> bool {
    error.is_unavailable() && Instant::now() < until
}

#[async_trait]
impl Health for PostgresStore {
    async fn probe(&self) -> Result<(), StoreError> {
        let row = self.short().query_opt(PROBE, &[]).await?;
        let read_only = row.is_none_or(|row| row.try_get(0).unwrap_or(true));
        match read_only {
            true => Err(failure::away(self.place(), "it is read-only; the primary has to be asked")),
            false => Ok(()),
        }
    }
}
