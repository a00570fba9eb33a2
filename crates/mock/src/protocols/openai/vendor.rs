//! How OpenAI behaves on all of its protocols.

use bytes::Bytes;
use http::{HeaderMap, header};
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::{Codec, OpenAiChat};

use crate::protocols::{Vendor, Violation};
use crate::quota::{Exceeded, Limited, QuotaState};

/// OpenAI.
#[derive(Clone, Copy, Debug)]
pub struct OpenAi;

impl Vendor for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn check_headers(&self, _headers: &HeaderMap, _known_keys: &[String]) -> Option<Violation> {
        None
    }

    fn api_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let bearer = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        bearer.strip_prefix("Bearer ").map(str::trim)
    }

    fn refusal(&self, status: u16) -> Error {
        Error::new(ErrorKind::Internal, format!("status {status}"))
    }

    fn over_quota(&self, exceeded: &Exceeded, model: &str) -> Error {
        let (what, short) = match exceeded.which {
            Limited::Requests => ("requests", "RPM"),
            Limited::Tokens => ("tokens", "TPM"),
        };
        let Exceeded { limit, used, requested, retry_after, .. } = exceeded;
        let advice = match retry_after {
            Some(wait) => format!("Please try again in {}.", duration(*wait)),
            None => "The input or output tokens must be reduced in order to run successfully.".to_owned(),
        };
        let message = format!(
            "Rate limit reached for {model} in organization org-playhouse on {what} per min ({short}): \
             Limit {limit}, Used {used}, Requested {requested}. {advice} \
             Visit https://platform.openai.com/account/rate-limits to learn more."
        );
        Error { message, retry_after: *retry_after, ..self.refusal(429) }
    }

    fn error_body(&self, error: &Error, status: u16, request_id: &str) -> Bytes {
        OpenAiChat.write_error(error, status, request_id)
    }

    fn headers(&self, request_id: &str) -> Vec<(&'static str, String)> {
        vec![("x-request-id", request_id.to_owned())]
    }

    fn quota_headers(&self, _quota: &QuotaState) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A duration as OpenAI writes it: `12ms`, `1.5s`, `6m0s`.
fn duration(time: std::time::Duration) -> String {
    match time.as_millis() {
        ms @ 0..1000 => format!("{ms}ms"),
        ms @ 1000..60_000 => format!("{}s", ms as f64 / 1000.0),
        ms => format!("{}m{}s", ms / 60_000, ms % 60_000 / 1000),
    }
}
