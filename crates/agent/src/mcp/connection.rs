//! A conversation with a server, from its beginning until either side ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, ClientRequest, ErrorCode, JsonObject, ListToolsRequest, PaginatedRequestParams,
    ProtocolVersion, Request, ServerResult,
};
use rmcp::service::{ClientInitializeError, PeerRequestOptions, RunningService, ServiceError};
use rmcp::{ClientLifecycleMode, RoleClient, serve_client_with_lifecycle};
use tokio::time::{Instant, timeout_at};

use super::McpServerConfig;
use super::abandoned::Abandoned;
use super::client::Client;
use super::endpoint::Endpoint;
use super::failure::{CallFailure, root_cause, said};
use super::guard::{AnyTransport, Guarded};
use super::http;
use super::life::Life;
use super::listing::{Gathering, Listing};
use super::stdio::{Stdio, Words};

/// How long ending a conversation may take.
const CLOSING: Duration = Duration::from_secs(6);

/// How a server refuses to be greeted that speaks only the protocol without greetings.
const REFUSES_GREETINGS: [ErrorCode; 5] = [
    ErrorCode::METHOD_NOT_FOUND,
    ErrorCode::UNSUPPORTED_PROTOCOL_VERSION,
    ErrorCode::HEADER_MISMATCH,
    ErrorCode::INVALID_REQUEST,
    ErrorCode::INVALID_PARAMS,
];

/// A server that was greeted.
pub(super) struct Connection {
    service: RunningService<RoleClient, Client>,
    life: Arc<Life>,
    changed: Arc<AtomicBool>,
    words: Option<Words>,
}

/// A server that failed: why, and what its process wrote last.
pub(super) struct Lost {
    pub(super) reason: String,
    pub(super) last_words: String,
}

/// Why there is no conversation.
struct Refusal {
    lost: Lost,
    /// Whether the server may speak only the protocol that has no greeting.
    may_be_newer: bool,
}

impl Connection {
    /// Starts a server, or reaches it, and greets it. A server that knows no greeting is asked what it is.
    pub(super) async fn open(
        endpoint: &Endpoint,
        config: &McpServerConfig,
        deadline: Instant,
    ) -> Result<Self, Lost> {
        let greeting = ClientLifecycleMode::Initialize;
        match Self::begin(endpoint, config, greeting, deadline).await {
            Ok(connection) => Ok(connection),
            Err(refusal) if refusal.may_be_newer => {
                let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
                let asking = ClientLifecycleMode::Discover { preferred_versions };
                let begun = Self::begin(endpoint, config, asking, deadline).await;
                begun.map_err(|_| refusal.lost)
            }
            Err(refusal) => Err(refusal.lost),
        }
    }

    async fn begin(
        endpoint: &Endpoint,
        config: &McpServerConfig,
        mode: ClientLifecycleMode,
        deadline: Instant,
    ) -> Result<Self, Refusal> {
        let life = Arc::new(Life::default());
        let max = config.max_message_bytes;
        match endpoint {
            Endpoint::Command(launch) => {
                let (transport, words) = Stdio::start(launch, max, life.clone())?;
                Self::greet(
                    AnyTransport::Process(transport.into()),
                    life,
                    Some(words),
                    mode,
                    config,
                    deadline,
                )
                .await
            }
            Endpoint::Url(address) => {
                let transport = http::transport(address, config, life.clone())?;
                Self::greet(AnyTransport::Address(transport), life, None, mode, config, deadline).await
            }
        }
    }

    async fn greet(
        transport: AnyTransport,
        life: Arc<Life>,
        words: Option<Words>,
        mode: ClientLifecycleMode,
        config: &McpServerConfig,
        deadline: Instant,
    ) -> Result<Self, Refusal> {
        let changed = Arc::new(AtomicBool::new(false));
        let transport = Guarded::new(transport, life.clone());
        let greeting = serve_client_with_lifecycle(Client::new(changed.clone()), transport, mode);
        let mut refusal = match timeout_at(deadline, greeting).await {
            Ok(Ok(service)) => return Ok(Self { service, life, changed, words }),
            Ok(Err(error)) => Refusal::of(error, &life),
            Err(_elapsed) => Refusal::from(too_slow(config, &life)),
        };
        refusal.lost.last_words = words.map(|words| words.appendix()).unwrap_or_default();
        Err(refusal)
    }

    /// The tools that the server has now.
    pub(super) async fn list(
        &self,
        config: &McpServerConfig,
        deadline: Instant,
    ) -> Result<Listing, ListFailure> {
        let mut gathering = Gathering::new(config);
        let mut cursor = None;
        loop {
            let asked = timeout_at(deadline, self.page(cursor)).await;
            let page = match asked.map_err(|_elapsed| self.lost(too_slow(config, &self.life)))? {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(failure) => return Err(self.lost(failure.to_string())),
            };
            cursor = gathering.take(page).map_err(ListFailure::Unusable)?;
            if cursor.is_none() {
                break;
            }
        }
        gathering.finish().map_err(ListFailure::Unusable)
    }

    fn lost(&self, reason: String) -> ListFailure {
        let reason = format!("its tools cannot be listed: {reason}");
        let last_words = self.words.as_ref().map(Words::appendix).unwrap_or_default();
        ListFailure::Lost(Lost { reason, last_words })
    }

    /// A page of tools; none from a server that knows no tools at all.
    async fn page(&self, cursor: Option<String>) -> Result<Option<ServerResult>, CallFailure> {
        let at = PaginatedRequestParams::default().with_cursor(cursor);
        let request = ListToolsRequest::with_param(at);
        match self.ask(ClientRequest::ListToolsRequest(request)).await {
            Ok(page) => Ok(Some(page)),
            Err(CallFailure::Refused { code: Some(ErrorCode::METHOD_NOT_FOUND), .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Calls a tool. Dropped, the server is told that nobody waits any more.
    pub(super) async fn call(&self, tool: &str, arguments: JsonObject) -> Result<ServerResult, CallFailure> {
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        self.ask(ClientRequest::CallToolRequest(Request::new(params))).await
    }

    async fn ask(&self, request: ClientRequest) -> Result<ServerResult, CallFailure> {
        let failed = |error: ServiceError| CallFailure::of(error, &self.life);
        let peer = self.service.peer();
        let sending = peer.send_cancellable_request(request, PeerRequestOptions::no_options());
        let handle = sending.await.map_err(failed)?;
        let abandoned = Abandoned::new(peer.clone(), handle.id.clone());
        tokio::select! {
            // An answer that came before the end counts.
            biased;
            answer = handle.await_response() => {
                abandoned.disarm();
                answer.map_err(failed)
            }
            reason = self.life.over() => {
                abandoned.disarm();
                Err(CallFailure::Ended(reason.to_string()))
            }
        }
    }

    /// Whether something new can be begun on it.
    pub(super) fn is_good(&self) -> bool {
        self.life.is_good() && !self.service.peer().is_transport_closed()
    }

    /// Why it cannot be used any more.
    pub(super) fn end_reason(&self) -> Option<String> {
        self.life.end_reason().map(|reason| reason.to_string()).or_else(|| self.life.last_remark())
    }

    /// Whether the server said that its tools are others, since this was asked last.
    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    /// Ends it, and waits until the process is gone or the session deleted.
    pub(super) async fn close(mut self) {
        let _ = self.service.close_with_timeout(CLOSING).await;
    }
}

/// Why there is no listing.
pub(super) enum ListFailure {
    /// The server failed.
    Lost(Lost),
    /// What it listed cannot be used.
    Unusable(String),
}

fn too_slow(config: &McpServerConfig, life: &Life) -> String {
    let limit_ms = config.start_timeout_ms;
    let remark = life.last_remark().map(|remark| format!("; {remark}")).unwrap_or_default();
    format!("it was not ready within {limit_ms} ms; give it longer with `start_timeout_ms`{remark}")
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self { lost: Lost { reason, last_words: String::new() }, may_be_newer: false }
    }
}

impl Refusal {
    fn of(error: ClientInitializeError, life: &Life) -> Self {
        use ClientInitializeError as Init;
        let may_be_newer =
            matches!(&error, Init::JsonRpcError(error) if REFUSES_GREETINGS.contains(&error.code));
        let reason = match error {
            Init::JsonRpcError(error) => format!("it refused: {}", said(&error.message)),
            Init::TransportError { error, .. } => root_cause(&*error.error),
            Init::NoCompatibleProtocolVersion { server_supported, .. } => {
                let versions: Vec<&str> = server_supported.iter().map(ProtocolVersion::as_str).collect();
                format!("it speaks other versions of the protocol: {}", said(&versions.join(", ")))
            }
            Init::ConnectionClosed(_) => end_of(life),
            _ => "it did not answer as the protocol wants".to_owned(),
        };
        Self { may_be_newer, ..Self::from(reason) }
    }
}

/// What is known of an end: its reason, and what was seen before.
fn end_of(life: &Life) -> String {
    let reason = life.end_reason().map_or_else(|| "it closed the connection".to_owned(), |it| it.to_string());
    match life.last_remark() {
        Some(remark) => format!("{reason}; {remark}"),
        None => reason,
    }
}
