//! A server of tools, kept alive.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::connection::{Connection, ListFailure, Lost};
use super::definition::{Definition, RefusedTool};
use super::endpoint::Endpoint;
use super::failure::CallFailure;
use super::listing::Listing;
use super::naming::prefixed;
use super::restarts::{Restarts, Turn};
use super::tool::McpTool;
use super::{McpError, McpServerConfig, answer};
use crate::tool::{RegistryError, Tool, ToolError, ToolRegistry};

/// A server of tools that speaks the Model Context Protocol.
///
/// It is started when it is connected, and again by the next call after it died. It ends when the last
/// handle and the last of its tools are dropped.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use playhouse_agent::mcp::{McpServer, McpServerConfig};
/// use playhouse_agent::{ToolCallingAgent, ToolRegistry};
///
/// let url = Some("https://mcp.example.com/mcp".to_owned());
/// let server = McpServer::connect("docs", McpServerConfig { url, ..McpServerConfig::default() }).await?;
///
/// let mut tools = ToolRegistry::new();
/// server.register(&mut tools)?;
/// let agent = ToolCallingAgent::new(tools);
/// # Ok(())
/// # }
/// ```
pub struct McpServer {
    name: String,
    config: McpServerConfig,
    endpoint: Endpoint,
    held: Mutex<Option<Arc<Connection>>>,
    /// Whoever starts the server holds it.
    starts: tokio::sync::Mutex<Starts>,
    has_answered: AtomicBool,
    is_closed: AtomicBool,
    listing: Mutex<Arc<Listing>>,
    revision: AtomicU64,
}

struct Starts {
    restarts: Restarts,
    last_failure: Option<String>,
}

impl fmt::Debug for McpServer {
    /// Names it only.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("McpServer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl McpServer {
    /// Starts a server, or reaches it, and asks for its tools.
    ///
    /// # Errors
    /// When it is configured in a way that cannot work, does not start in time, or has not the tools
    /// that the configuration names.
    pub async fn connect(name: impl Into<String>, config: McpServerConfig) -> Result<Arc<Self>, McpError> {
        Self::connecting(name.into(), config).await
    }

    /// Boxed here, as what follows: whoever waits for it need not compile the protocol's library once more.
    fn connecting(name: String, config: McpServerConfig) -> BoxFuture<'static, Result<Arc<Self>, McpError>> {
        Box::pin(Self::connect_as(name, config))
    }

    async fn connect_as(name: String, config: McpServerConfig) -> Result<Arc<Self>, McpError> {
        let endpoint = match Endpoint::of(&config) {
            Ok(endpoint) => endpoint,
            Err(reason) => return Err(McpError::Config { server: name, reason }),
        };
        let starts = Starts { restarts: Restarts::new(config.restarts), last_failure: None };
        let server = Self {
            name,
            config,
            endpoint,
            held: Mutex::new(None),
            starts: tokio::sync::Mutex::new(starts),
            has_answered: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            listing: Mutex::default(),
            revision: AtomicU64::new(0),
        };
        server.start().await?;
        Ok(Arc::new(server))
    }

    /// Its name, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its tools, as they were listed last, each under a name that vendors take.
    pub fn tools(self: &Arc<Self>) -> Vec<Arc<dyn Tool>> {
        let listing = self.listing();
        let tool = |(name, definition): &(String, Arc<Definition>)| {
            Arc::new(McpTool::new(self.clone(), name.clone(), definition.clone())) as Arc<dyn Tool>
        };
        listing.tools.iter().map(tool).collect()
    }

    /// Registers its tools. One whose name is taken goes by `<server>_<tool>`.
    ///
    /// # Errors
    /// When that name is taken, too.
    pub fn register(self: &Arc<Self>, registry: &mut ToolRegistry) -> Result<(), RegistryError> {
        for (name, definition) in &self.listing().tools {
            let name = match registry.get(name) {
                None => name.clone(),
                Some(_) => prefixed(&self.name, &definition.own_name),
            };
            registry.register(Arc::new(McpTool::new(self.clone(), name, definition.clone())))?;
        }
        Ok(())
    }

    /// The tools it offers that cannot be used, with the reasons.
    pub fn refused(&self) -> Vec<RefusedTool> {
        self.listing().refused.clone()
    }

    /// Counts up with every list of tools that is another than the one before.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// Makes sure that it is there, and asks for its tools anew if it said that they are others. Says
    /// which [`revision`](Self::revision) they are now.
    ///
    /// # Errors
    /// When it died and cannot be started, or its new tools cannot be used.
    pub async fn refresh(&self) -> Result<u64, McpError> {
        let refreshed = timeout(self.config.start_timeout(), self.refreshing());
        refreshed.await.unwrap_or_else(|_elapsed| Err(self.busy()))
    }

    fn refreshing(&self) -> BoxFuture<'_, Result<u64, McpError>> {
        Box::pin(async {
            let connection = self.connection().await?;
            if connection.take_changed() {
                self.list(&connection, Instant::now() + self.config.start_timeout()).await?;
            }
            Ok(self.revision())
        })
    }

    /// Ends it, and waits until its process is gone or its session deleted. Calls fail from now on.
    pub async fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        let held = lock(&self.held).take();
        // Calls that still run hold it too; it ends with them.
        if let Some(connection) = held.and_then(Arc::into_inner) {
            Self::closing(connection).await;
        }
    }

    fn closing(connection: Connection) -> BoxFuture<'static, ()> {
        Box::pin(connection.close())
    }

    /// Calls a tool by its own name.
    pub(super) async fn call(
        &self,
        tool: &str,
        arguments: Value,
        deadline: Instant,
    ) -> Result<String, ToolError> {
        let deadline = deadline.min(Instant::now() + self.config.call_timeout());
        let connection = self.connection_by(deadline).await?;
        let arguments = match arguments {
            Value::Object(arguments) => arguments,
            _ => return Err(ToolError::new("the arguments must be a JSON object")),
        };
        match timeout_at(deadline, connection.call(tool, arguments)).await {
            Ok(Ok(answer)) => {
                self.has_answered.store(true, Ordering::Relaxed);
                answer::read(answer)
            }
            Ok(Err(failure)) => Err(self.failed(tool, failure)),
            Err(_elapsed) => Err(self.too_slow(tool)),
        }
    }

    async fn connection_by(&self, deadline: Instant) -> Result<Arc<Connection>, ToolError> {
        let connection = timeout_at(deadline, self.connection()).await;
        connection
            .unwrap_or_else(|_elapsed| Err(self.busy()))
            .map_err(|error| ToolError::new(error.for_model()))
    }

    fn failed(&self, tool: &str, failure: CallFailure) -> ToolError {
        let server = &self.name;
        match failure {
            CallFailure::Refused { said, .. } => {
                self.has_answered.store(true, Ordering::Relaxed);
                ToolError::new(said)
            }
            CallFailure::Ended(reason) => ToolError::new(format!(
                "the MCP server '{server}' failed while '{tool}' ran: {reason}; whether the tool did its \
                 work is not known"
            )),
        }
    }

    fn too_slow(&self, tool: &str) -> ToolError {
        let server = &self.name;
        ToolError::new(format!(
            "the tool '{tool}' of the MCP server '{server}' took too long and was cancelled"
        ))
    }

    /// The connection, started again if it is over. One caller starts, the others wait for it.
    async fn connection(&self) -> Result<Arc<Connection>, McpError> {
        if let Some(connection) = self.good() {
            return Ok(connection);
        }
        let mut starts = self.starts.lock().await;
        if let Some(connection) = self.good() {
            return Ok(connection);
        }
        self.turn(&mut starts).await?;
        starts.restarts.begun(Instant::now());
        let started = self.start().await;
        if let Err(error) = &started {
            starts.last_failure = Some(error.for_model());
        }
        started
    }

    /// Waits until the server may be started again.
    async fn turn(&self, starts: &mut Starts) -> Result<(), McpError> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(self.closed());
        }
        if self.has_answered.swap(false, Ordering::Relaxed) {
            starts.restarts.answered();
        }
        if let Some(reason) = lock(&self.held).take().and_then(|connection| connection.end_reason()) {
            starts.last_failure = Some(reason);
        }
        match starts.restarts.next(Instant::now()) {
            Turn::At(time) => {
                sleep_until(time).await;
                Ok(())
            }
            Turn::Refused { until } => Err(self.down(why_down(starts, until))),
        }
    }

    fn good(&self) -> Option<Arc<Connection>> {
        lock(&self.held).as_ref().filter(|connection| connection.is_good()).cloned()
    }

    async fn start(&self) -> Result<Arc<Connection>, McpError> {
        let deadline = Instant::now() + self.config.start_timeout();
        let opened = Connection::open(&self.endpoint, &self.config, deadline).await;
        let connection = opened.map_err(|lost| self.not_started(lost))?;
        self.list(&connection, deadline).await?;
        if self.is_closed.load(Ordering::Acquire) {
            return Err(self.closed());
        }
        let connection = Arc::new(connection);
        *lock(&self.held) = Some(connection.clone());
        Ok(connection)
    }

    async fn list(&self, connection: &Connection, deadline: Instant) -> Result<(), McpError> {
        let listing = connection.list(&self.config, deadline).await.map_err(|failure| match failure {
            ListFailure::Lost(lost) => self.not_started(lost),
            ListFailure::Unusable(reason) => McpError::Tools { server: self.name.clone(), reason },
        })?;
        let mut held = lock(&self.listing);
        if **held != listing {
            *held = Arc::new(listing);
            self.revision.fetch_add(1, Ordering::Release);
        }
        Ok(())
    }

    fn listing(&self) -> Arc<Listing> {
        lock(&self.listing).clone()
    }

    fn not_started(&self, Lost { reason, last_words }: Lost) -> McpError {
        McpError::Start { server: self.name.clone(), reason, last_words }
    }

    fn down(&self, reason: String) -> McpError {
        McpError::Down { server: self.name.clone(), reason }
    }

    fn closed(&self) -> McpError {
        self.down("it was closed".to_owned())
    }

    fn busy(&self) -> McpError {
        self.down("it is still being started; try again later".to_owned())
    }
}

fn why_down(starts: &Starts, until: Option<Instant>) -> String {
    let last = starts.last_failure.as_deref().unwrap_or("it ended");
    let Some(until) = until else { return format!("{last}; `restarts` is 0, so it stays down") };
    let used = starts.restarts.used();
    let rest_s = until.saturating_duration_since(Instant::now()).max(Duration::from_secs(1)).as_secs();
    format!("it was started again {used} times in a row, last: {last}; it is tried again in {rest_s} s")
}

/// What a panic left behind is still a connection or a listing.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
