//! What of a body a model can read.

use http::{HeaderMap, header};

/// Kinds of content that are text without being called so.
const TEXT_KINDS: [&str; 11] = [
    "application/json",
    "application/xml",
    "application/javascript",
    "application/ecmascript",
    "application/x-javascript",
    "application/yaml",
    "application/x-yaml",
    "application/toml",
    "application/x-ndjson",
    "application/jsonl",
    "application/x-www-form-urlencoded",
];

/// How the text of a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Latin1,
}

impl Charset {
    /// The text of these bytes; what does not belong there is replaced.
    pub(super) fn text(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
        }
    }
}

/// How a body with these headers is read.
///
/// # Errors
/// Why it is not, for a model to read.
pub(super) fn charset(headers: &HeaderMap) -> Result<Charset, String> {
    let field = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    match field(header::CONTENT_ENCODING) {
        None | Some("" | "identity") => {}
        Some(encoding) => return Err(format!("it is compressed ({encoding})")),
    }
    let Some(written) = field(header::CONTENT_TYPE) else {
        return Err("it does not say what it is".to_owned());
    };
    let mut parts = written.split(';').map(|part| part.trim().to_ascii_lowercase());
    if !is_text(&parts.next().unwrap_or_default()) {
        return Err("it is not text".to_owned());
    }
    let charset =
        parts.find_map(|part| part.strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned()));
    match charset.as_deref() {
        None | Some("utf-8" | "utf8" | "us-ascii" | "ascii" | "") => Ok(Charset::Utf8),
        Some("iso-8859-1" | "latin1" | "windows-1252") => Ok(Charset::Latin1),
        Some(charset) => Err(format!("its text is written in {charset}")),
    }
}

fn is_text(kind: &str) -> bool {
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || TEXT_KINDS.contains(&kind)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(content_type: &str) -> Result<Charset, String> {
        charset(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::try_from(content_type).unwrap())]))
    }

    #[test]
    fn what_is_text_is_read() {
        for kind in [
            "text/plain",
            "text/html; charset=utf-8",
            "TEXT/HTML;Charset=UTF-8",
            "application/json",
            "application/problem+json; charset=\"utf-8\"",
            "application/atom+xml",
            "image/svg+xml",
            "application/x-ndjson",
        ] {
            assert_eq!(read(kind), Ok(Charset::Utf8), "{kind}");
        }
        assert_eq!(read("text/html; charset=ISO-8859-1"), Ok(Charset::Latin1));
        assert_eq!(Charset::Latin1.text(b"K\xf6ln"), "Köln");
        assert_eq!(Charset::Utf8.text(b"K\xf6ln"), "K\u{fffd}ln");
    }

    #[test]
    fn what_is_not_is_described() {
        for (kind, why) in [
            ("image/png", "it is not text"),
            ("application/octet-stream", "it is not text"),
            ("application/jsonx", "it is not text"),
            ("", "it is not text"),
            ("text/html; charset=shift_jis", "its text is written in shift_jis"),
        ] {
            assert_eq!(read(kind), Err(why.to_owned()), "{kind}");
        }
        assert_eq!(charset(&HeaderMap::new()), Err("it does not say what it is".to_owned()));
    }

    #[test]
    fn what_is_compressed_is_not_read() {
        let mut headers =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(charset(&headers), Err("it is compressed (gzip)".to_owned()));
    }
}
