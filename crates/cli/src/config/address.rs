//! Addresses to listen on, as people write them.

use std::net::IpAddr;

/// The host and, where there is one, the port of `host:port`.
pub(crate) fn split(address: &str) -> (&str, Option<&str>) {
    let address = address.trim();
    let is_bare_v6 = address.matches(':').count() > 1 && !address.starts_with('[');
    match address.rsplit_once(':') {
        Some((host, port)) if !is_bare_v6 && !port.ends_with(']') => (host, Some(port)),
        _ => (address, None),
    }
}

/// The address of this port on this host.
pub(crate) fn join(host: &str, port: &str) -> String {
    let is_bare_v6 = host.contains(':') && !host.starts_with('[');
    if is_bare_v6 { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Whether only this machine can reach this host.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether this host stands for every address of this machine.
pub(crate) fn is_any(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_told_apart() {
        let cases = [
            ("127.0.0.1:8000", ("127.0.0.1", Some("8000"))),
            ("0.0.0.0", ("0.0.0.0", None)),
            ("[::1]:80", ("[::1]", Some("80"))),
            ("[::1]", ("[::1]", None)),
            ("::1", ("::1", None)),
            (":9000", ("", Some("9000"))),
            ("localhost:", ("localhost", Some(""))),
        ];
        for (address, parts) in cases {
            assert_eq!(split(address), parts, "{address}");
        }
    }

    #[test]
    fn loopback_is_known_in_every_form() {
        for host in ["127.0.0.1", "127.8.8.8", "localhost", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["0.0.0.0", "[::]", "10.0.0.1", "example.com", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
