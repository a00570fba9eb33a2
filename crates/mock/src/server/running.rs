//! A double for Rust tests, on a port of its own.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Double, Listener};
use crate::MockProvider;
use crate::engine::{DEFAULT_NAMESPACE, Engine, Namespace};
use crate::journal::{Journal, describe};
use crate::script::Script;
use crate::verify::{Expectations, Report};

/// A running double. It stops when it is dropped, and then fails the test if a request matched no
/// rule, or what was [expected](Self::expect) did not happen; the message tells the exchange.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use playhouse_mock::MockServer;
/// use playhouse_mock::script::{Rule, Script, When};
///
/// let script = Script::default().rule(Rule::reply("It is sunny.").when(When::user("weather")));
/// let server = MockServer::start(script).await?;
/// println!("point the client at {}", server.base_url());
/// # Ok(())
/// # }
/// ```
pub struct MockServer {
    address: SocketAddr,
    engine: Arc<Engine>,
    namespace: Arc<Namespace>,
    expected: Vec<Expectations>,
    serving: JoinHandle<()>,
}

/// What a [`MockServer`] can be started with.
pub trait IntoEngine {
    /// The engine that answers.
    fn into_engine(self) -> Arc<Engine>;
}

impl IntoEngine for Script {
    fn into_engine(self) -> Arc<Engine> {
        Arc::new(Engine::from(self))
    }
}

impl IntoEngine for Engine {
    fn into_engine(self) -> Arc<Engine> {
        Arc::new(self)
    }
}

impl IntoEngine for MockProvider {
    /// The provider's own engine: what one is asked, the other remembers too.
    fn into_engine(self) -> Arc<Engine> {
        self.engine().clone()
    }
}

impl MockServer {
    /// Starts a double on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be had.
    ///
    /// # Panics
    /// When a script cannot be used; the message says why.
    pub async fn start(double: impl IntoEngine) -> io::Result<Self> {
        let engine = double.into_engine();
        let listener = Listener::bind("127.0.0.1:0").await?;
        let address = listener.address();
        let namespace = engine.namespace(DEFAULT_NAMESPACE).map_err(io::Error::other)?;
        let double = Double::new(engine.clone());
        let serving = tokio::spawn(listener.serve(double, Duration::ZERO, std::future::pending()));
        Ok(Self { address, engine, namespace, expected: Vec::new(), serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for OpenAI clients, with `/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The engine that answers, for namespaces beside the default one.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// What it was asked.
    pub fn journal(&self) -> &Journal {
        self.namespace.journal()
    }

    /// Expects this by the end of the test.
    pub fn expect(&mut self, expectations: Expectations) {
        self.expected.push(expectations);
    }

    /// Holds what has happened so far against expectations.
    ///
    /// # Panics
    /// When an expectation makes no sense; the message says why.
    pub fn verify(&self, expectations: &Expectations) -> Report {
        match self.engine.verify(&self.namespace, expectations) {
            Ok(report) => report,
            Err(error) => panic!("{error}"),
        }
    }

    /// Everything that is wrong at the end of a test.
    fn failures(&self) -> String {
        let mut told = String::new();
        let default = [Expectations::default()];
        let expected = if self.expected.is_empty() { &default[..] } else { &self.expected };
        for report in expected.iter().map(|expectations| self.verify(expectations)).filter(|report| !report.ok) {
            // Writing to a string cannot fail.
            let _ = writeln!(told, "{report}");
        }
        told
    }

    fn exchange(&self) -> String {
        let calls = self.journal().calls();
        let lines: Vec<String> = calls.iter().map(|entry| describe(entry)).collect();
        lines.join("\n")
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.serving.abort();
        if std::thread::panicking() {
            // Standard error is captured with the test's own words. Whether anybody reads it changes nothing.
            let _ = writeln!(io::stderr(), "what the mock was asked:\n{}", self.exchange());
            return;
        }
        let failures = self.failures();
        assert!(failures.is_empty(), "the mock was not used as expected:\n{failures}");
    }
}
