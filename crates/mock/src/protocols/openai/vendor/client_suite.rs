//! The test suites of OpenAI's own client libraries, which run against a double.

use http::HeaderMap;

use super::credential;

/// The key that all of them bring, which is none: it has spaces.
///
/// Source: `tests/conftest.py` of <https://github.com/openai/openai-python>, and the tests of its
/// siblings.
const KEY: &str = "My API Key";

/// Whether a request comes from such a suite.
pub(crate) fn is_asking(headers: &HeaderMap) -> bool {
    credential::in_plain(headers) == Some(KEY)
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    #[test]
    fn suites_are_known_by_their_key() {
        let with = |value| HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
        assert!(is_asking(&with("Bearer My API Key")));
        assert!(!is_asking(&with("Bearer sk-test-a")) && !is_asking(&HeaderMap::new()));
    }
}
