//! The fields of a response's head that anybody here asks for.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use httparse::Header;

/// Where vendors put their own id of a request.
const REQUEST_ID_FIELDS: [&str; 5] =
    ["x-request-id", "request-id", "apim-request-id", "mistral-correlation-id", "x-generation-id"];
const MAX_REQUEST_ID_BYTES: usize = 128;

/// What a response says of itself, apart from its framing. The other fields are not kept.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) content_type: Option<Box<str>>,
    pub(crate) content_encoding: Option<Box<str>>,
    /// The vendor's wish for a pause.
    pub(crate) retry_after: Option<Duration>,
    /// The vendor's own id of the request.
    pub(crate) request_id: Option<Arc<str>>,
}

impl Fields {
    pub(crate) fn read(fields: &[Header<'_>]) -> Self {
        Self {
            content_type: text(fields, "content-type").map(Box::from),
            content_encoding: values(fields, "content-encoding")
                .next()
                .map(|value| visible(value).unwrap_or("?").into()),
            retry_after: retry_after(fields),
            request_id: request_id(fields),
        }
    }
}

/// The values of every field of this name.
pub(crate) fn values<'a>(fields: &[Header<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}

fn text<'a>(fields: &[Header<'a>], name: &str) -> Option<&'a str> {
    values(fields, name).next().and_then(visible)
}

/// A value that holds visible characters only.
fn visible(value: &[u8]) -> Option<&str> {
    let is_visible = value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    str::from_utf8(value).ok().filter(|_| is_visible)
}

/// `retry-after-ms`, else `Retry-After`: in seconds, or as the moment the pause ends.
fn retry_after(fields: &[Header<'_>]) -> Option<Duration> {
    let number = |name: &str| text(fields, name)?.trim().parse::<f64>().ok();
    let wait_s = number("retry-after-ms").map(|wait_ms| wait_ms / 1000.0).or_else(|| number("retry-after"));
    match wait_s {
        Some(wait_s) => Duration::try_from_secs_f64(wait_s).ok(),
        None => until(text(fields, "retry-after")?, SystemTime::now()),
    }
}

/// From now to a moment as HTTP writes it (`Sun, 06 Nov 1994 08:49:37 GMT`); nothing if it has passed.
fn until(moment: &str, now: SystemTime) -> Option<Duration> {
    let moment = httpdate::parse_http_date(moment.trim()).ok()?;
    Some(moment.duration_since(now).unwrap_or_default())
}

fn request_id(fields: &[Header<'_>]) -> Option<Arc<str>> {
    let value = REQUEST_ID_FIELDS.iter().find_map(|name| values(fields, name).next())?;
    visible(value).filter(|id| id.len() <= MAX_REQUEST_ID_BYTES).map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&'static str, &'static str)]) -> Fields {
        let headers: Vec<_> =
            fields.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
        Fields::read(&headers)
    }

    #[test]
    fn names_have_no_case_and_the_first_of_two_counts() {
        let fields = read(&[("Content-Type", "text/html"), ("content-type", "application/json")]);
        assert_eq!(fields.content_type.as_deref(), Some("text/html"));
    }

    #[test]
    fn a_wish_in_milliseconds_goes_before_one_in_seconds() {
        let both = [("retry-after", "2"), ("retry-after-ms", "1500")];
        assert_eq!(read(&both).retry_after, Some(Duration::from_millis(1_500)));
        assert_eq!(read(&both[..1]).retry_after, Some(Duration::from_secs(2)));
        for nonsense in ["soon", "-1", "inf"] {
            assert_eq!(read(&[("retry-after", nonsense)]).retry_after, None, "{nonsense}");
        }
    }

    #[test]
    fn a_wish_may_be_a_moment() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        assert_eq!(until("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
        assert_eq!(until("Sun, 06 Nov 1994 08:49:29 GMT", now), Some(Duration::ZERO));
        assert_eq!(until("Sun, 06 Nov 1994", now), None);
        assert!(read(&[("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT")]).retry_after.is_some());
    }

    #[test]
    fn an_id_is_visible_text_of_a_bounded_length() {
        let id = |value| read(&[("request-id", value)]).request_id;
        assert_eq!(id("req_1").as_deref(), Some("req_1"));
        assert_eq!(id("req_\u{e4}"), None);
        assert_eq!(read(&[("request-id", "a"), ("x-request-id", "b")]).request_id.as_deref(), Some("b"));
    }
}
