//! How Anthropic behaves on all of its protocols.

mod access;
mod limits;
mod refusal;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use playhouse_llm::Error;
use playhouse_wire::{AnthropicMessages, Codec};
use serde_json::json;

use super::complaint;
use crate::protocols::{Vendor, Violation};
use crate::quota::{Exceeded, QuotaState};

pub(super) use refusal::class_of;

/// Anthropic.
#[derive(Clone, Copy, Debug)]
pub struct Anthropic;

pub(super) const NAME: &str = "anthropic";
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const ORGANIZATION: HeaderName = HeaderName::from_static("anthropic-organization-id");

impl Vendor for Anthropic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_addressed(&self, path: &str, headers: &HeaderMap) -> bool {
        access::is_addressed(path, headers)
    }

    fn check_headers(&self, headers: &HeaderMap, known_keys: &[String]) -> Option<Violation> {
        access::check(headers, known_keys)
    }

    fn api_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        access::api_key(headers)
    }

    fn wrong_method(&self, _method: &Method, _path: &str) -> Violation {
        complaint("anthropic/method", 405, "Method Not Allowed")
    }

    fn unknown_path(&self, _method: &Method, _path: &str) -> Violation {
        complaint("anthropic/path", 404, "Not Found")
    }

    fn refusal(&self, status: u16) -> Error {
        refusal::of_status(status)
    }

    fn over_quota(&self, exceeded: &Exceeded, model: &str) -> Error {
        limits::refusal(exceeded, model)
    }

    fn error_body(&self, error: &Error, status: u16, request_id: &str) -> Bytes {
        let own = error.upstream.as_ref().filter(|own| &*own.provider == NAME && own.body.is_none());
        match own.and_then(|own| own.class.as_deref()) {
            Some(class) => {
                let told = json!({ "type": class, "message": error.message });
                json!({ "type": "error", "error": told, "request_id": request_id }).to_string().into()
            }
            None => AnthropicMessages.write_error(error, status, request_id),
        }
    }

    fn add_headers(&self, request_id: &str, headers: &mut HeaderMap) {
        headers.extend(HeaderValue::from_str(request_id).map(|id| (REQUEST_ID, id)));
        headers.insert(ORGANIZATION, HeaderValue::from_static(limits::ORGANIZATION));
    }

    fn call_id_prefix(&self) -> &'static str {
        "toolu_"
    }

    fn quota_headers(&self, quota: &QuotaState) -> Vec<(&'static str, String)> {
        limits::headers(quota, jiff::Timestamp::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_anthropics_body() {
        let refusal = Anthropic.refusal(529);
        assert_eq!(
            Anthropic.error_body(&refusal, 529, "req_1"),
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#
        );
    }
}
