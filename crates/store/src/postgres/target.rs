//! Which server a URL names, and how the connection to it is protected.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::StoreError;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
const HOW: &str = "write postgres://user:password@host:5432/database";

/// A server, and how to reach it.
pub(super) struct Target {
    /// What the driver is told.
    pub(super) config: Config,
    /// How its certificate is checked.
    pub(super) trust: Trust,
    /// Where it is, for people: host, port and database, nothing else.
    pub(super) place: Arc<str>,
}

/// How a server's certificate is checked, as PostgreSQL's own client does for each `sslmode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// `disable`: without TLS.
    Plain,
    /// `prefer` and `require`: any certificate is taken.
    Anyone,
    /// `verify-ca`: it is signed by a known authority, or the one in the file.
    Authority(Option<PathBuf>),
    /// `verify-full`: so it is, and it names the host.
    Host(Option<PathBuf>),
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`StoreError::Invalid`], without a word of what may be secret.
    pub(super) fn parse(url: &SecretString) -> Result<Self, StoreError> {
        let url = url.expose_secret().trim();
        if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
            return Err(StoreError::invalid(format!("the database URL is none of PostgreSQL's: {HOW}")));
        }
        let (bare, protection) = Protection::split(url);
        let mut config: Config = bare
            .parse()
            .map_err(|_| StoreError::invalid(format!("the database URL cannot be read: {HOW}")))?;
        let (mode, trust) = protection.settle()?;
        if config.get_hosts().is_empty() {
            return Err(StoreError::invalid(format!("the database URL names no host: {HOW}")));
        }
        config.ssl_mode(mode);
        if config.get_application_name().is_none() {
            config.application_name("playhouse");
        }
        let place = place_of(&config).into();
        Ok(Self { config, trust, place })
    }
}

/// What a URL says of TLS, which the driver does not know all of.
#[derive(Default)]
struct Protection {
    mode: Option<String>,
    root: Option<PathBuf>,
}

impl Protection {
    /// Takes its parameters out of a URL.
    fn split(url: &str) -> (String, Self) {
        let Some((bare, parameters)) = url.split_once('?') else { return (url.to_owned(), Self::default()) };
        let mut protection = Self::default();
        let mut rest = Vec::new();
        for parameter in parameters.split('&') {
            match parameter.split_once('=') {
                Some(("sslmode", mode)) => protection.mode = Some(mode.to_owned()),
                Some(("sslrootcert", file)) => protection.root = Some(file.into()),
                _ => rest.push(parameter),
            }
        }
        (format!("{bare}?{}", rest.join("&")), protection)
    }

    fn settle(self) -> Result<(SslMode, Trust), StoreError> {
        let root = self.root.filter(|root| root.as_os_str() != "system");
        match self.mode.as_deref() {
            Some("disable") => Ok((SslMode::Disable, Trust::Plain)),
            None | Some("prefer" | "allow") => Ok((SslMode::Prefer, Trust::Anyone)),
            // So does PostgreSQL's own client when it is given a file.
            Some("require") if root.is_some() => Ok((SslMode::Require, Trust::Authority(root))),
            Some("require") => Ok((SslMode::Require, Trust::Anyone)),
            Some("verify-ca") => Ok((SslMode::Require, Trust::Authority(root))),
            Some("verify-full") => Ok((SslMode::Require, Trust::Host(root))),
            Some(_) => Err(StoreError::invalid(
                "the sslmode of the database URL is unknown: write disable, prefer, require, verify-ca or \
                 verify-full",
            )),
        }
    }
}

/// Hosts, ports and database.
fn place_of(config: &Config) -> String {
    let mut place = String::new();
    for (index, host) in config.get_hosts().iter().enumerate() {
        let separator = if index > 0 { "," } else { "" };
        let _ = match host {
            Host::Tcp(name) => write!(place, "{separator}{name}:{}", port_of(config, index)),
            #[cfg(unix)]
            Host::Unix(path) => write!(place, "{separator}{}", path.display()),
        };
    }
    if let Some(database) = config.get_dbname() {
        let _ = write!(place, "/{database}");
    }
    place
}

fn port_of(config: &Config, index: usize) -> u16 {
    let ports = config.get_ports();
    ports.get(index).or(ports.first()).copied().unwrap_or(5432)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, StoreError> {
        Target::parse(&url.to_owned().into())
    }

    #[test]
    fn a_place_says_nothing_secret() {
        let target = target("postgres://ada:hunter2@db.internal:6432/playhouse?sslmode=require").unwrap();
        assert_eq!(&*target.place, "db.internal:6432/playhouse");
        assert_eq!(target.trust, Trust::Anyone);
    }

    #[test]
    fn modes_are_those_of_postgres() {
        let trust = |query: &str| target(&format!("postgres://db/x{query}")).map(|target| target.trust);
        assert_eq!(trust(""), Ok(Trust::Anyone));
        assert_eq!(trust("?sslmode=disable"), Ok(Trust::Plain));
        assert_eq!(trust("?connect_timeout=3&sslmode=verify-full"), Ok(Trust::Host(None)));
        let file = Some(PathBuf::from("/ca.pem"));
        assert_eq!(trust("?sslmode=require&sslrootcert=/ca.pem"), Ok(Trust::Authority(file.clone())));
        assert_eq!(trust("?sslrootcert=/ca.pem&sslmode=verify-full"), Ok(Trust::Host(file)));
        assert!(trust("?sslmode=sometimes").is_err());
    }

    #[test]
    fn what_cannot_be_read_is_not_repeated() {
        for url in
            ["mysql://a:hunter2@db/x", "postgres://a:hunter2@db:notaport/x", "postgres://a:hunter2@/x?q=1"]
        {
            let Err(error) = target(url) else { panic!("{url} is taken") };
            assert!(error.to_string().contains("postgres://user:password@host"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
