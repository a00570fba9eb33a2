//! Names and values of HTTP headers.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, header};

use super::{Complaints, Field};

/// What whoever sends the answer decides on.
const FRAMING: [HeaderName; 3] = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];

/// Looks at headers that are sent.
pub(super) fn review(headers: &BTreeMap<String, String>, at: Field<'_>, complaints: &mut Complaints) {
    for (name, text) in headers {
        review_name(name, at, complaints);
        review_value(text, at.key(name), complaints);
        if FRAMING.iter().any(|framing| framing.as_str().eq_ignore_ascii_case(name)) {
            complaints.misplaced(
                at.key(name),
                "cannot be set",
                "it follows from how the answer is sent; see `fault`",
            );
        }
    }
}

/// Looks at the name of a header.
pub(super) fn review_name(name: &str, at: Field<'_>, complaints: &mut Complaints) {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        complaints.misplaced(at.key(name), "is no name of a header", "use letters, digits and `-`");
    }
}

/// Looks at the value of a header.
pub(super) fn review_value(text: &str, at: Field<'_>, complaints: &mut Complaints) {
    if HeaderValue::from_str(text).is_err() {
        complaints.add(
            at,
            "cannot be the value of a header",
            "leave out line breaks and what is no visible ASCII",
        );
    }
}
