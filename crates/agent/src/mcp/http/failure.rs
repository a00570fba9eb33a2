//! What can go wrong between us and an address, in words without a credential.

use std::time::Duration;

use http::StatusCode;

/// Why an HTTP request has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::mcp) enum HttpFailure {
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("it did not answer within {} ms", .0.as_millis())]
    Silent(Duration),
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("it answered {status}{}{}", colon(.said), advice(*.status))]
    Status { status: StatusCode, said: String },
    #[error("it sent a message of more than {0} bytes")]
    TooLarge(usize),
    #[error("it answered with what is no message of the protocol ({0})")]
    Unreadable(String),
    #[error("a header cannot be sent: {0}")]
    Request(#[from] http::Error),
}

impl HttpFailure {
    /// Whether the server is well and gave an answer, if one that helps nobody.
    pub(in crate::mcp) fn is_answer(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::Unreadable(_))
    }
}

fn colon(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; give it a credential in `headers`",
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            "; look whether `url` is the address of its streamable HTTP"
        }
        status if status.is_redirection() => "; give the address that it points to as `url`",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_what_to_do_where_that_is_known() {
        let told = |status, said: &str| HttpFailure::Status { status, said: said.to_owned() }.to_string();
        assert_eq!(
            told(StatusCode::UNAUTHORIZED, "no token"),
            "it answered 401 Unauthorized: no token; give it a credential in `headers`"
        );
        assert_eq!(told(StatusCode::BAD_GATEWAY, ""), "it answered 502 Bad Gateway");
    }
}
