//! Where a request wants to go: which namespace, which path within it.

use http::HeaderMap;
use playhouse_llm::{Error, Malformed};

use crate::engine::{DEFAULT_NAMESPACE, is_name};

/// The header that names a namespace.
pub const NAMESPACE_HEADER: &str = "x-playhouse-namespace";
/// What an API key begins with that names a namespace.
const KEY_PREFIX: &str = "sk-test-";
/// What a path begins with that names a namespace.
const PATH_PREFIX: &str = "/ns/";

/// A path without the namespace's prefix, and the namespace if the path names one.
///
/// ```
/// use playhouse_mock::server::split_path;
///
/// assert_eq!(split_path("/ns/alpha/v1/models"), (Some("alpha"), "/v1/models"));
/// assert_eq!(split_path("/v1/models"), (None, "/v1/models"));
/// ```
pub fn split_path(path: &str) -> (Option<&str>, &str) {
    let Some(rest) = path.strip_prefix(PATH_PREFIX) else { return (None, path) };
    let end = rest.find('/').unwrap_or(rest.len());
    (Some(&rest[..end]), &rest[end..])
}

/// The namespace of a request: its path's, else its header's, else its API key's, else the default.
///
/// # Errors
/// When a path or header names one that cannot be.
pub(super) fn namespace<'a>(
    of_path: Option<&'a str>,
    headers: &'a HeaderMap,
    api_key: Option<&'a str>,
) -> Result<&'a str, Error> {
    let of_header = headers.get(NAMESPACE_HEADER).map(|value| value.to_str().unwrap_or("?"));
    if let Some(name) = of_path.or(of_header) {
        return if is_name(name) { Ok(name) } else { Err(refuse(name)) };
    }
    let of_key = api_key.and_then(|key| key.strip_prefix(KEY_PREFIX)).filter(|name| is_name(name));
    Ok(of_key.unwrap_or(DEFAULT_NAMESPACE))
}

/// Refuses what cannot be the name of a namespace.
pub(super) fn refuse(name: &str) -> Error {
    let shown: String = name.chars().take(40).collect();
    let message = format!(
        "'{shown}' cannot be a namespace; use letters, digits, '-', '_' and '.', at most 128 of them"
    );
    Error::invalid_request(Malformed::at(NAMESPACE_HEADER, message))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_path_goes_before_the_header_and_the_header_before_the_key() {
        let mut headers = HeaderMap::new();
        assert_eq!(namespace(None, &headers, None).unwrap(), "default");
        assert_eq!(namespace(None, &headers, Some("sk-other")).unwrap(), "default");
        assert_eq!(namespace(None, &headers, Some("sk-test-alpha")).unwrap(), "alpha");
        headers.insert(NAMESPACE_HEADER, HeaderValue::from_static("beta"));
        assert_eq!(namespace(None, &headers, Some("sk-test-alpha")).unwrap(), "beta");
        assert_eq!(namespace(Some("gamma"), &headers, Some("sk-test-alpha")).unwrap(), "gamma");
    }

    #[test]
    fn a_name_that_cannot_be_is_refused() {
        let headers = HeaderMap::new();
        assert!(namespace(Some(""), &headers, None).is_err());
        assert!(namespace(Some("a b"), &headers, None).unwrap_err().to_string().contains("'a b'"));
    }
}
