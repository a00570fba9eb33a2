//! Requests that never became one: their head is broken, too large, or late.
//!
//! The HTTP library answers those by itself, with a bare status, before anybody here hears of them.
//! Its answer is recognised as it is written, and one that says more goes out in its place.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use http::{HeaderMap, StatusCode};
use playhouse_edge::{Identity, Problem};

/// What every answer of ours has, and none of the library's.
const OUR_MARK: &[u8] = b"x-request-id: ";

/// Who was refused, and how.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) request_id: Arc<str>,
    pub(crate) status: StatusCode,
}

/// The answer to a request that never became one.
pub(super) struct Refusal {
    pub(super) refused: Refused,
    unsent: Bytes,
}

impl Refusal {
    /// A refusal of this status; the connection ends with it.
    pub(super) fn new(status: StatusCode) -> Self {
        let request_id = Identity::from_headers(&HeaderMap::new()).request_id;
        let unsent = response(status, &request_id);
        Self { refused: Refused { request_id, status }, unsent }
    }

    /// The refusal that goes out in place of the library's own answer, if that is what is written.
    pub(super) fn in_place_of(written: &[u8]) -> Option<Self> {
        let status = written.strip_prefix(b"HTTP/1.1 ")?.get(..3).filter(|status| status[0] == b'4')?;
        let is_bare = written.ends_with(b"\r\n\r\n");
        let is_ours = || written.windows(OUR_MARK.len()).any(|part| part == OUR_MARK);
        if is_bare && !is_ours() { StatusCode::from_bytes(status).ok().map(Self::new) } else { None }
    }

    /// What is still to be written.
    pub(super) fn unsent(&self) -> &[u8] {
        &self.unsent
    }

    /// Notes that this much has been written.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.unsent.advance(bytes);
    }
}

fn response(status: StatusCode, request_id: &str) -> Bytes {
    let problem = Problem::unreadable(status).of_request(request_id);
    // A problem is strings and a number: it always serializes.
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let (reason, length) = (problem.title, body.len());
    let head = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/problem+json\r\ncontent-length: {length}\r\n\
         x-request-id: {request_id}\r\nconnection: close\r\n\r\n",
        status.as_u16()
    );
    Bytes::from(head + &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_librarys_own_refusals_are_replaced() {
        let own = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        let refusal = Refusal::in_place_of(own).unwrap();
        assert_eq!(refusal.refused.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        for ours in [
            "HTTP/1.1 404 Not Found\r\nx-request-id: a\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 ",
        ] {
            assert!(Refusal::in_place_of(ours.as_bytes()).is_none(), "{ours}");
        }
    }
}
