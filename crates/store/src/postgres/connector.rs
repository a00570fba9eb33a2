//! Making connections.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, Connection, NoTls, Socket};

use super::failure::{away, judge};
use super::target::Target;
use super::tls::Tls;
use crate::StoreError;
use crate::config::PostgresConfig;

/// How long a link may be silent before the system asks whether the other end is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Makes connections to one server.
pub(super) struct Connector {
    config: Config,
    tls: Option<Tls>,
    place: Arc<str>,
    patience: Duration,
    bounds: Bounds,
}

/// What the server is told never to exceed.
#[derive(Clone, Copy)]
struct Bounds {
    statement_ms: u64,
    lock_ms: u64,
}

/// A connection that has just been made.
pub(super) struct Connected {
    /// Its handle.
    pub(super) client: Client,
    /// The task that reads and writes it.
    pub(super) task: AbortHandle,
}

impl Connector {
    /// A connector to the server that a URL names.
    pub(super) fn new(url: &SecretString, config: &PostgresConfig) -> Result<Self, StoreError> {
        let mut target = Target::parse(url)?;
        target.config.keepalives_idle(KEEPALIVE);
        let patience = Duration::from_millis(config.connect_timeout_ms);
        target.config.connect_timeout(patience);
        // Each of several hosts may take as long.
        let hosts = u32::try_from(target.config.get_hosts().len()).unwrap_or(1);
        let patience = patience * hosts.max(1);
        Ok(Self {
            config: target.config,
            tls: Tls::new(&target.trust)?,
            place: target.place,
            patience,
            bounds: Bounds { statement_ms: config.statement_timeout_ms, lock_ms: config.lock_timeout_ms },
        })
    }

    /// Where the server is, for people.
    pub(super) fn place(&self) -> &Arc<str> {
        &self.place
    }

    /// Makes a connection that keeps to the bounds of every statement, with some settings more.
    pub(super) async fn connect(&self, settings: &str) -> Result<Connected, StoreError> {
        let settings = format!("{}{settings}", self.bounds.to_sql());
        self.within(self.connect_bound(&settings)).await
    }

    /// Makes a connection for a change of the schema, which may take as long as it has to.
    pub(super) async fn connect_unbound(&self) -> Result<Connected, StoreError> {
        self.within(self.connect_bound("SET client_min_messages = warning")).await
    }

    async fn connect_bound(&self, settings: &str) -> Result<Connected, StoreError> {
        let connected = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()).await.map(run),
            None => self.config.connect(NoTls).await.map(run),
        };
        let connected = connected.map_err(|error| judge(&self.place, &error).into_error())?;
        let set = connected.client.batch_execute(settings).await;
        set.map_err(|error| judge(&self.place, &error).into_error())?;
        Ok(connected)
    }

    /// A server that accepts and then says nothing would be waited for without end.
    async fn within(
        &self,
        connecting: impl Future<Output = Result<Connected, StoreError>>,
    ) -> Result<Connected, StoreError> {
        timeout(self.patience, connecting).await.unwrap_or_else(|_| {
            Err(away(&self.place, &format!("no connection within {} ms", self.patience.as_millis())))
        })
    }
}

impl Bounds {
    fn to_sql(self) -> String {
        let Self { statement_ms, lock_ms } = self;
        format!(
            "SET statement_timeout = {statement_ms}; SET lock_timeout = {lock_ms}; \
             SET idle_in_transaction_session_timeout = {statement_ms}; SET jit = off; \
             SET client_min_messages = warning"
        )
    }
}

/// Has a task of its own read and write the connection for as long as anybody uses it.
fn run<S>((client, connection): (Client, Connection<Socket, S>)) -> Connected
where
    Connection<Socket, S>: Future + Send + 'static,
    <Connection<Socket, S> as Future>::Output: Send,
{
    // What goes wrong with it is told to whoever waits for an answer.
    let task = tokio::spawn(async move { drop(connection.await) });
    Connected { client, task: task.abort_handle() }
}
