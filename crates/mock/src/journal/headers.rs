//! Headers as the journal keeps them: one piece of memory, and no credentials.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::redact;

/// Headers, one after the other; what is secret in them was masked when they were taken in.
///
/// A header map that came off a connection shares the connection's read buffer; these do not.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HeaderLines {
    /// `name:value\n` for each; neither can hold a line break, and no name a colon.
    lines: Vec<u8>,
}

impl fmt::Debug for HeaderLines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl HeaderLines {
    /// The headers of a request; of credentials only the kind and the last characters are kept.
    ///
    /// ```
    /// use http::HeaderMap;
    /// use playhouse_mock::journal::HeaderLines;
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("authorization", "Bearer sk-test-0123456789".parse().unwrap());
    /// let kept: Vec<_> = HeaderLines::of_request(&headers).iter().collect();
    /// assert_eq!(kept, [("authorization".to_owned(), "Bearer …6789".to_owned())]);
    /// ```
    pub fn of_request(headers: &HeaderMap) -> Self {
        Self::gather(headers, redact::is_secret_of_request)
    }

    /// The headers of an answer; cookies are masked.
    pub fn of_answer(headers: &HeaderMap) -> Self {
        Self::gather(headers, redact::is_secret_of_answer)
    }

    fn gather(headers: &HeaderMap, is_secret: fn(&str) -> bool) -> Self {
        let size = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 2).sum();
        let mut lines = Vec::with_capacity(size);
        for (name, value) in headers {
            lines.extend_from_slice(name.as_str().as_bytes());
            lines.push(b':');
            match is_secret(name.as_str()) {
                true => lines.extend_from_slice(redact::mask(value.as_bytes()).as_bytes()),
                false => lines.extend_from_slice(value.as_bytes()),
            }
            lines.push(b'\n');
        }
        Self { lines }
    }

    /// The names, in lower case, and the values, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.raw().map(|(name, value)| {
            (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(value).into_owned())
        })
    }

    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<String> {
        self.iter().find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }

    /// As a header map.
    pub fn to_map(&self) -> HeaderMap {
        let headers = self.raw().filter_map(|(name, value)| {
            Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
        });
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value)| {
            map.append(name, value);
        });
        map
    }

    /// How many bytes they take.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn raw(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let lines = self.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], &line[colon + 1..]))
        })
    }
}
