//! The hosts that may be asked.

use std::net::IpAddr;

use super::HttpGetError;
use super::target::Target;

/// Hosts shown to a model; it needs no longer list.
const SHOWN_HOSTS: usize = 20;

/// The hosts that may be asked.
pub(super) struct AllowedHosts(Vec<Allowed>);

struct Allowed {
    /// As it was configured.
    written: String,
    /// In small letters, without brackets and without the `*.`.
    name: String,
    is_wildcard: bool,
    /// `None` for the usual port of the scheme.
    port: Option<u16>,
}

impl AllowedHosts {
    pub(super) fn new(hosts: &[String]) -> Result<Self, HttpGetError> {
        if hosts.is_empty() {
            return Err(HttpGetError::NoHosts);
        }
        let allowed = hosts.iter().map(|host| {
            Allowed::parse(host).map_err(|reason| HttpGetError::BadHost { host: host.clone(), reason })
        });
        allowed.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn allow(&self, target: &Target) -> bool {
        self.0.iter().any(|allowed| allowed.covers(target))
    }

    /// The hosts as a model is told of them.
    pub(super) fn told(&self) -> String {
        let shown: Vec<&str> = self.0.iter().take(SHOWN_HOSTS).map(|allowed| &*allowed.written).collect();
        let more = if self.0.len() > SHOWN_HOSTS { ", …" } else { "" };
        shown.join(", ") + more
    }
}

impl Allowed {
    fn parse(written: &str) -> Result<Self, &'static str> {
        let (host, port) = split_port(written.trim())?;
        let (is_wildcard, host) = match host.strip_prefix("*.") {
            Some(parent) => (true, parent),
            None => (false, host),
        };
        let name = canonical(host);
        if is_wildcard && (!name.contains('.') || name.parse::<IpAddr>().is_ok()) {
            return Err("'*.' stands before a domain of two parts or more, such as *.example.com");
        }
        if name.parse::<IpAddr>().is_err() && !is_name(&name) {
            return Err(
                "write a host such as example.com, *.example.com or example.com:8443, without scheme and path",
            );
        }
        Ok(Self { written: written.to_owned(), name, is_wildcard, port })
    }

    fn covers(&self, target: &Target) -> bool {
        let is_host = if self.is_wildcard {
            target.host.strip_suffix(&self.name).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
        } else {
            target.host == self.name
        };
        is_host && target.port == self.port.unwrap_or(target.usual_port())
    }
}

/// A host as it is compared: small letters, no brackets, no final point, addresses in their usual form.
pub(super) fn canonical(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase(),
    }
}

fn split_port(host: &str) -> Result<(&str, Option<u16>), &'static str> {
    let is_bare_ipv6 = host.parse::<IpAddr>().is_ok();
    match host.rsplit_once(':').filter(|(_, port)| !is_bare_ipv6 && !port.ends_with(']')) {
        None => Ok((host, None)),
        Some((host, port)) => match port.parse() {
            Ok(port) if port > 0 => Ok((host, Some(port))),
            _ => Err("its port is no number from 1 to 65535"),
        },
    }
}

fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(is_fit)
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(host: &str, url: &str) -> bool {
        AllowedHosts::new(&[host.to_owned()]).unwrap().allow(&Target::parse(url).unwrap())
    }

    #[test]
    fn what_is_on_the_list_is_allowed() {
        for (host, url) in [
            ("example.com", "https://example.com/a"),
            ("example.com", "http://EXAMPLE.com"),
            ("Example.COM.", "https://example.com./"),
            ("*.example.com", "https://a.example.com/"),
            ("*.example.com", "https://b.a.example.com/"),
            ("example.com:8443", "https://example.com:8443/"),
            ("example.com:80", "http://example.com/"),
            ("93.184.216.34", "http://93.184.216.34/"),
            ("2606:2800:220:1::1", "http://[2606:2800:220:1:0:0:0:1]/"),
            ("[2606:2800:220:1::1]:8080", "http://[2606:2800:220:1::1]:8080/"),
        ] {
            assert!(allows(host, url), "{host} does not allow {url}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        for (host, url) in [
            ("example.com", "https://a.example.com/"),
            ("example.com", "https://notexample.com/"),
            ("example.com", "https://example.com.evil.org/"),
            ("example.com", "https://evil.org/example.com"),
            ("example.com", "https://evil.org?example.com"),
            ("example.com", "https://example.com:8443/"),
            ("example.com", "http://example.com:443/"),
            ("example.com:8443", "https://example.com/"),
            ("*.example.com", "https://example.com/"),
            ("*.example.com", "https://.example.com/"),
            ("*.example.com", "https://aexample.com/"),
            ("*.example.com", "https://a.example.com.evil.org/"),
        ] {
            assert!(!allows(host, url), "{host} allows {url}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for host in [
            "",
            "*",
            "*.",
            "*.com",
            "*.127.0.0.1",
            "https://example.com",
            "example.com/path",
            "a b",
            "a..b",
            "example.com:0",
            "example.com:port",
            "example.com:70000",
            "user@example.com",
            "*example.com",
            "a.*.com",
        ] {
            let refused = AllowedHosts::new(&[host.to_owned()]);
            assert!(matches!(refused, Err(HttpGetError::BadHost { .. })), "'{host}' is taken");
        }
        assert!(matches!(AllowedHosts::new(&[]), Err(HttpGetError::NoHosts)));
    }
}
