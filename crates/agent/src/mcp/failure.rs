//! Why a call has no answer, in words.

use std::error::Error as StdError;

use rmcp::model::ErrorCode;
use rmcp::service::ServiceError;
use rmcp::transport::DynamicTransportError;
use rmcp::transport::streamable_http_client::StreamableHttpError;

use super::http::HttpFailed;
use super::life::Life;

/// How much of what a server says is repeated, in bytes.
const MAX_SAID: usize = 500;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallFailure {
    /// The server answered that it will not.
    #[error("{said}")]
    Refused { code: Option<ErrorCode>, said: String },
    /// The server ended, or the connection broke: what became of the request is unknown.
    #[error("{0}")]
    Ended(String),
}

impl CallFailure {
    /// The failure of a request on the connection with this life.
    pub(super) fn of(error: ServiceError, life: &Life) -> Self {
        match error {
            ServiceError::McpError(error) => {
                Self::Refused { code: Some(error.code), said: said(&error.message) }
            }
            ServiceError::TransportSend(error) => match refusal_of(&error) {
                Some(said) => Self::Refused { code: None, said },
                None => Self::ended(root_cause(&*error.error), life),
            },
            ServiceError::TransportClosed => {
                let reason =
                    life.end_reason().map(|reason| reason.to_string()).or_else(|| life.last_remark());
                Self::ended(reason.unwrap_or_else(|| "the connection was closed".to_owned()), life)
            }
            other => Self::ended(said(&other.to_string()), life),
        }
    }

    fn ended(reason: String, life: &Life) -> Self {
        life.doubt();
        Self::Ended(reason)
    }
}

/// What a server said that answered over HTTP and is well.
fn refusal_of(error: &DynamicTransportError) -> Option<String> {
    match error.error.downcast_ref::<HttpFailed>()? {
        StreamableHttpError::Client(failure) if failure.is_answer() => Some(failure.to_string()),
        _ => None,
    }
}

/// The innermost reason, which names the matter itself.
pub(super) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match error.downcast_ref::<HttpFailed>() {
        // Ours says it in words.
        Some(StreamableHttpError::Client(failure)) => failure.to_string(),
        _ => said(&cause.to_string()),
    }
}

/// What others said, within bounds and on one line.
pub(super) fn said(text: &str) -> String {
    let start = &text[..text.floor_char_boundary(MAX_SAID)];
    let line = start.split_whitespace().collect::<Vec<_>>().join(" ");
    if start.len() < text.len() { format!("{line} [...]") } else { line }
}
