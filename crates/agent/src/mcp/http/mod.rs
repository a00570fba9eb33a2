//! A server at an address: messages are requests and answers of streamable HTTP.

mod body;
mod client;
mod events;
mod exchange;
mod failure;

use std::sync::Arc;
use std::time::Duration;

use rmcp::transport::WorkerTransport;
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransportConfig, StreamableHttpClientWorker, StreamableHttpError,
};

use self::client::HttpClient;
use self::failure::HttpFailure;
use super::McpServerConfig;
use super::endpoint::Address;
use super::life::Life;

/// How often a stream that broke is taken up again.
const STREAM_RETRIES: usize = 5;
/// The longest wait before a stream is taken up again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The transport to an address.
pub(super) type HttpTransport = WorkerTransport<StreamableHttpClientWorker<HttpClient>>;
/// Why it failed.
pub(super) type HttpFailed = StreamableHttpError<HttpFailure>;

/// The transport to an address.
///
/// # Errors
/// When the machine's certificates cannot be used.
pub(super) fn transport(
    address: &Address,
    config: &McpServerConfig,
    life: Arc<Life>,
) -> Result<HttpTransport, String> {
    let client = HttpClient::new(address, config, life)?;
    let mut settings = StreamableHttpClientTransportConfig::with_uri(address.uri.to_string());
    settings = settings.max_json_response_size(config.max_message_bytes);
    settings = settings.max_sse_event_size(config.max_message_bytes);
    let mut retries = ExponentialBackoff::default();
    retries.max_times = Some(STREAM_RETRIES);
    retries.max_delay = Some(LONGEST_WAIT);
    settings.retry_config = Arc::new(retries);
    Ok(WorkerTransport::spawn(StreamableHttpClientWorker::new(client, settings)))
}
