//! Web addresses as models write them.

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::hosts::canonical;

/// No address that is worth reading is longer.
const MAX_URL_BYTES: usize = 4096;
/// What cannot stand in a path or a query as it is.
const UNFIT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What to read.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) uri: Uri,
    /// In small letters, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, for a model to read.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let url = url.trim();
        if url.len() > MAX_URL_BYTES {
            return Err(format!("the address is longer than {MAX_URL_BYTES} bytes"));
        }
        if url.contains(char::is_control) {
            return Err("the address has control characters".to_owned());
        }
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| format!("'{url}' is no address; write one such as https://example.com/page"))?;
        let scheme = scheme_of(scheme)?;
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (host, port) = host_and_port(&rest[..end], &scheme)?;
        Self::new(scheme, host, port, &rest[end..])
    }

    /// The address that a redirect from this one leads to.
    pub(super) fn redirected(&self, location: &str) -> Result<Self, String> {
        let location = location.trim();
        if has_scheme(location) {
            return Self::parse(location);
        }
        let scheme = self.uri.scheme_str().unwrap_or_default();
        if location.starts_with("//") {
            return Self::parse(&format!("{scheme}:{location}"));
        }
        let own = self.uri.path();
        let path = match location.as_bytes().first() {
            Some(b'/') => location.to_owned(),
            Some(b'?') => format!("{own}{location}"),
            None | Some(b'#') => self.path_and_query().to_owned(),
            Some(_) => format!("{}/{location}", own.rsplit_once('/').map_or("", |(folder, _)| folder)),
        };
        Self::parse(&format!("{scheme}://{}{path}", self.authority()))
    }

    /// The port that the scheme has anyway.
    pub(super) fn usual_port(&self) -> u16 {
        usual_port(self.uri.scheme())
    }

    /// Host and port as they stand in addresses and requests.
    pub(super) fn authority(&self) -> &str {
        self.uri.authority().map_or("", Authority::as_str)
    }

    /// What is asked for there.
    pub(super) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", PathAndQuery::as_str)
    }

    fn new(scheme: Scheme, host: String, port: u16, rest: &str) -> Result<Self, String> {
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let authority = match port {
            port if port == usual_port(Some(&scheme)) => bracketed,
            port => format!("{bracketed}:{port}"),
        };
        let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path_and_query(rest));
        let uri = uri.build().map_err(|error| format!("the address cannot be read: {error}"))?;
        Ok(Self { uri, host, port })
    }
}

fn scheme_of(scheme: &str) -> Result<Scheme, String> {
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok(Scheme::HTTP),
        "https" => Ok(Scheme::HTTPS),
        _ => Err(format!("'{scheme}' addresses cannot be read, only http and https")),
    }
}

fn usual_port(scheme: Option<&Scheme>) -> u16 {
    if scheme == Some(&Scheme::HTTPS) { 443 } else { 80 }
}

fn host_and_port(written: &str, scheme: &Scheme) -> Result<(String, u16), String> {
    if written.contains('@') {
        return Err("the address has a user name or password; leave them out".to_owned());
    }
    if !written.is_ascii() {
        return Err(format!("the host '{written}' is not ASCII; write it in its xn-- form"));
    }
    let bad = || format!("'{written}' is no host");
    let authority: Authority = written.parse().map_err(|_| bad())?;
    let port = match authority.port_u16() {
        Some(0) => return Err(bad()),
        Some(port) => port,
        None if authority.as_str() != authority.host() => return Err(bad()),
        None => usual_port(Some(scheme)),
    };
    match canonical(authority.host()) {
        host if host.is_empty() => Err(bad()),
        host => Ok((host, port)),
    }
}

/// The rest of an address as it is asked for: no fragment, no dots that lead up, nothing unfit.
fn path_and_query(rest: &str) -> String {
    let rest = rest.split_once('#').map_or(rest, |(rest, _fragment)| rest);
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let mut encoded = without_dots(&utf8_percent_encode(path, UNFIT).to_string());
    if let Some(query) = query {
        encoded.push('?');
        encoded.extend(utf8_percent_encode(query, UNFIT));
    }
    encoded
}

/// A path whose `.` and `..` have been followed.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = true;
    for segment in path.trim_start_matches('/').split('/') {
        ends_in_folder = matches!(segment, "." | ".." | "");
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let folder = if ends_in_folder && kept.last().is_some_and(|last| !last.is_empty()) { "/" } else { "" };
    format!("/{}{folder}", kept.join("/"))
}

fn has_scheme(location: &str) -> bool {
    let scheme = location.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_models_write_them() {
        for (written, uri) in [
            ("https://example.com", "https://example.com/"),
            (" HTTPS://Example.COM/a?b=c#d ", "https://example.com/a?b=c"),
            ("http://example.com?q=1", "http://example.com/?q=1"),
            ("http://example.com#top", "http://example.com/"),
            ("http://example.com:80/", "http://example.com/"),
            ("http://example.com:8080/", "http://example.com:8080/"),
            ("https://example.com/wiki/Köln am Rhein", "https://example.com/wiki/K%C3%B6ln%20am%20Rhein"),
            ("https://example.com/a%20b", "https://example.com/a%20b"),
            ("https://example.com/a/../b/./c", "https://example.com/b/c"),
            ("https://example.com/../../a/..", "https://example.com/"),
            ("https://example.com/a//b/", "https://example.com/a//b/"),
            ("https://example.com/a/b/..", "https://example.com/a/"),
            ("http://[2606:2800::1]:8080/", "http://[2606:2800::1]:8080/"),
            // As browsers read it: a host ends at a backslash.
            ("https://example.com\\@evil.org/", "https://example.com/%5C@evil.org/"),
        ] {
            assert_eq!(
                Target::parse(written).map(|target| target.uri.to_string()).as_deref(),
                Ok(uri),
                "{written}"
            );
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused_in_words() {
        for (written, error) in [
            ("example.com", "'example.com' is no address; write one such as https://example.com/page"),
            ("ftp://example.com/", "'ftp' addresses cannot be read, only http and https"),
            ("file:///etc/passwd", "'file' addresses cannot be read, only http and https"),
            ("https://user:secret@example.com/", "the address has a user name or password; leave them out"),
            ("https://example.com@evil.org/", "the address has a user name or password; leave them out"),
            ("https:///path", "'' is no host"),
            ("https://example.com:0/", "'example.com:0' is no host"),
            ("https://example.com:99999/", "'example.com:99999' is no host"),
            ("https://exa mple.com/", "'exa mple.com' is no host"),
            ("https://bücher.example/", "the host 'bücher.example' is not ASCII; write it in its xn-- form"),
            ("https://example.com/\r\nHost: evil.org", "the address has control characters"),
        ] {
            assert_eq!(
                Target::parse(written).map(|target| target.uri.to_string()),
                Err(error.to_owned()),
                "{written}"
            );
        }
        assert!(Target::parse(&format!("https://example.com/{}", "a".repeat(4096))).is_err());
    }

    #[test]
    fn redirects_lead_where_they_say() {
        let from = Target::parse("https://example.com/a/b?c=d").unwrap();
        for (location, uri) in [
            ("https://other.org/x", "https://other.org/x"),
            ("//other.org/x", "https://other.org/x"),
            ("/x", "https://example.com/x"),
            ("x", "https://example.com/a/x"),
            ("../x", "https://example.com/x"),
            ("?e=f", "https://example.com/a/b?e=f"),
            ("#top", "https://example.com/a/b?c=d"),
            ("", "https://example.com/a/b?c=d"),
            ("x:y", "error"),
            ("javascript:alert(1)", "error"),
            ("http://user@other.org/", "error"),
        ] {
            let target =
                from.redirected(location).map_or("error".to_owned(), |target| target.uri.to_string());
            assert_eq!(target, uri, "{location}");
        }
    }
}
