//! How OpenAI behaves on all of its protocols.

use bytes::Bytes;
use http::{HeaderMap, header};
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::{Codec, OpenAiChat};

use crate::protocols::{Vendor, Violation};
use crate::quota::QuotaState;

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
