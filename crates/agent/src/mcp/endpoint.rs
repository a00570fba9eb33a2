//! Where a server is, as its configuration says it.

use std::ffi::OsString;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use secrecy::{ExposeSecret, SecretString};

use super::McpServerConfig;

/// Headers that the protocol sets itself.
const OWN_HEADERS: [&str; 9] = [
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "mcp-protocol-version",
    "mcp-session-id",
    "transfer-encoding",
];

/// A server that can be started or asked.
pub(super) enum Endpoint {
    Command(Launch),
    Url(Address),
}

/// A program and what it is given.
pub(super) struct Launch {
    pub(super) program: String,
    pub(super) args: Vec<String>,
    /// All that it sees of the environment.
    pub(super) environment: Vec<(String, OsString)>,
    /// What must not be repeated from what it writes.
    pub(super) secrets: Vec<SecretString>,
}

/// An address and what is sent there with every request.
pub(super) struct Address {
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    /// What must not be repeated from what it answers.
    pub(super) secrets: Vec<SecretString>,
}

impl Endpoint {
    /// Reads a configuration.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub(super) fn of(config: &McpServerConfig) -> Result<Self, String> {
        check_bounds(config)?;
        match (&config.command, &config.url) {
            (Some(_), Some(_)) => Err("it has a `command` and a `url`; take one of them out".to_owned()),
            (None, None) => {
                Err("it has neither a `command` to start nor a `url` to ask; give one".to_owned())
            }
            (Some(command), None) => launch(command, config).map(Self::Command),
            (None, Some(url)) => address(url, config).map(Self::Url),
        }
    }
}

fn check_bounds(config: &McpServerConfig) -> Result<(), String> {
    let bounds = [
        ("start_timeout_ms", config.start_timeout_ms),
        ("call_timeout_ms", config.call_timeout_ms),
        ("max_message_bytes", config.max_message_bytes as u64),
    ];
    match bounds.iter().find(|(_, bound)| *bound == 0) {
        Some((key, _)) => Err(format!("`{key}` is 0, which leaves nothing; give it more")),
        None => Ok(()),
    }
}

fn launch(command: &str, config: &McpServerConfig) -> Result<Launch, String> {
    if !config.headers.is_empty() {
        return Err("`headers` go to a `url`; a `command` takes its credentials from `env`".to_owned());
    }
    if command.trim().is_empty() {
        return Err("its `command` is empty; name the program to start".to_owned());
    }
    if command.contains('\0') || config.args.iter().any(|arg| arg.contains('\0')) {
        return Err("its `command` or `args` contain a NUL character".to_owned());
    }
    let mut environment = config.environment.clone();
    for (name, value) in &config.env {
        check_variable(name, value)?;
        environment.insert(name.clone(), value.expose_secret().into());
    }
    Ok(Launch {
        program: command.to_owned(),
        args: config.args.clone(),
        environment: environment.into_iter().collect(),
        secrets: config.env.values().cloned().collect(),
    })
}

fn check_variable(name: &str, value: &SecretString) -> Result<(), String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(format!("'{name}' in its `env` is no name for a variable"));
    }
    if value.expose_secret().contains('\0') {
        return Err(format!("the value of '{name}' in its `env` contains a NUL character"));
    }
    Ok(())
}

fn address(url: &str, config: &McpServerConfig) -> Result<Address, String> {
    if !config.args.is_empty() || !config.env.is_empty() {
        return Err(
            "`args` and `env` go to a `command`; a `url` takes its credentials from `headers`".to_owned()
        );
    }
    let uri: Uri = url.parse().map_err(|_| "its `url` is no address; write https://HOST/PATH".to_owned())?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => {}
        _ => return Err("its `url` must begin with https:// or http:// and name a host".to_owned()),
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("its `url` contains a name or a password; give credentials in `headers`".to_owned());
    }
    let secrets = config.headers.values().cloned().collect();
    Ok(Address { uri, headers: headers(config)?, secrets })
}

fn headers(config: &McpServerConfig) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let known = HeaderName::from_bytes(name.as_bytes());
        let known = known.map_err(|_| format!("'{name}' in its `headers` is no name for a header"))?;
        if OWN_HEADERS.contains(&known.as_str()) {
            return Err(format!("the protocol sets the header '{name}' itself; take it out of `headers`"));
        }
        let mut value = HeaderValue::from_str(value.expose_secret())
            .map_err(|_| format!("the value of '{name}' in its `headers` cannot be sent as a header"))?;
        value.set_sensitive(true);
        headers.insert(known, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> McpServerConfig {
        McpServerConfig { command: Some("server".to_owned()), ..McpServerConfig::default() }
    }

    fn url(url: &str) -> McpServerConfig {
        McpServerConfig { url: Some(url.to_owned()), ..McpServerConfig::default() }
    }

    fn secret(name: &str) -> std::collections::BTreeMap<String, SecretString> {
        [(name.to_owned(), "sk-secret".into())].into()
    }

    #[test]
    fn what_cannot_work_is_refused_with_what_to_write_instead() {
        let both = McpServerConfig { url: Some("http://a/b".to_owned()), ..command() };
        let cases = [
            (McpServerConfig::default(), "neither"),
            (both, "take one of them out"),
            (McpServerConfig { command: Some(" ".to_owned()), ..command() }, "is empty"),
            (McpServerConfig { args: vec!["a\0b".to_owned()], ..command() }, "NUL"),
            (McpServerConfig { headers: secret("Authorization"), ..command() }, "from `env`"),
            (McpServerConfig { env: secret("A=B"), ..command() }, "'A=B'"),
            (McpServerConfig { env: secret("TOKEN"), ..url("http://a/b") }, "from `headers`"),
            (McpServerConfig { args: vec!["-y".to_owned()], ..url("http://a/b") }, "from `headers`"),
            (url("not an address"), "https://HOST/PATH"),
            (url("ftp://host/path"), "begin with https://"),
            (url("https://user:word@host/path"), "credentials in `headers`"),
            (McpServerConfig { headers: secret("Mcp-Session-Id"), ..url("http://a/b") }, "sets the header"),
            (McpServerConfig { headers: secret("a b"), ..url("http://a/b") }, "no name for a header"),
            (McpServerConfig { call_timeout_ms: 0, ..command() }, "`call_timeout_ms` is 0"),
        ];
        for (config, expected) in cases {
            let reason = Endpoint::of(&config).err().unwrap_or_default();
            assert!(reason.contains(expected), "{config:?}: {reason}");
            assert!(!reason.contains("sk-secret"), "{reason}");
        }
    }

    #[test]
    fn a_program_sees_what_is_configured_over_what_it_begins_with() {
        let base = |name: &str, value: &str| (name.to_owned(), OsString::from(value));
        let environment = [base("PATH", "/bin"), base("HOME", "/root")].into();
        let config = McpServerConfig { environment, env: secret("HOME"), ..command() };
        let Ok(Endpoint::Command(launch)) = Endpoint::of(&config) else { panic!("a command") };
        assert_eq!(launch.environment, [base("HOME", "sk-secret"), base("PATH", "/bin")]);
    }

    #[test]
    fn an_address_keeps_its_headers_from_being_printed() {
        let config = McpServerConfig { headers: secret("Authorization"), ..url("https://host/mcp") };
        let Ok(Endpoint::Url(address)) = Endpoint::of(&config) else { panic!("an address") };
        assert_eq!(address.headers["authorization"], "sk-secret");
        assert!(!format!("{:?}", address.headers).contains("sk-secret"));
    }
}
