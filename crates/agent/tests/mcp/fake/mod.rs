//! A server of tools that misbehaves when it is asked to. It is this test binary, started again.

mod serve;

use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use playhouse_agent::mcp::{INHERITED, McpServer, McpServerConfig};
use playhouse_agent::{ToolRegistry, ToolResult};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// Longer than anything takes here; what takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the fake begins. What it does afterwards, its tools say.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// As a good server does.
    Well,
    /// It never answers.
    Silent,
    /// It says why it cannot go on, with its secret, and ends.
    Exit,
    /// Well the first time; later it ends at once.
    Once,
    /// It answers the greeting with nonsense.
    Nonsense,
    /// It writes lines that are no messages, without end.
    Noise,
    /// It writes 20 MB to its standard error first.
    Complaining,
    /// Well, but it does not end when its input does.
    Stubborn,
    /// It knows no greeting, only the protocol that came after.
    Newer,
}

/// A fake that can be connected to.
pub(crate) struct Fake {
    folder: TempDir,
    lifeline: UnixListener,
    pub(crate) config: McpServerConfig,
}

impl Fake {
    /// A fake that begins like this.
    pub(crate) fn new(start: Start) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lifeline = UnixListener::bind(folder.path().join("lifeline")).unwrap();
        lifeline.set_nonblocking(true).unwrap();
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let variables = [
            ("FAKE_START", format!("{start:?}")),
            ("FAKE_STARTS", place("starts")),
            ("FAKE_LIFELINE", place("lifeline")),
            ("FAKE_SECRET", "sk-123456".to_owned()),
        ];
        let config = McpServerConfig {
            command: Some(own_path()),
            args: ["fake::serve::serve", "--exact", "--ignored", "--nocapture"].map(str::to_owned).into(),
            env: variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect(),
            environment: inherited(),
            ..McpServerConfig::default()
        };
        Self { folder, lifeline, config }
    }

    /// A fake that begins well, connected.
    pub(crate) async fn well() -> (Self, Arc<McpServer>) {
        let fake = Self::new(Start::Well);
        let server = fake.connect().await;
        (fake, server)
    }

    /// Connects to it, which must succeed.
    pub(crate) async fn connect(&self) -> Arc<McpServer> {
        McpServer::connect("fake", self.config.clone()).await.unwrap()
    }

    /// How often it was started.
    pub(crate) fn starts(&self) -> usize {
        std::fs::read(self.folder.path().join("starts")).map_or(0, |starts| starts.len())
    }

    /// Waits until the next process of it, and all that it started, is gone.
    pub(crate) async fn gone(&self) {
        let lifeline = self.lifeline.try_clone().unwrap();
        let lifeline = tokio::net::UnixListener::from_std(lifeline).unwrap();
        let gone = timeout(PATIENCE, async {
            let (mut line, _) = lifeline.accept().await.unwrap();
            let mut nothing = Vec::new();
            // The end comes when the last process that holds the other end is dead.
            let _ = line.read_to_end(&mut nothing).await;
        });
        gone.await.expect("the fake lives on");
    }
}

/// What the variables are that a program needs, here.
pub(crate) fn inherited() -> std::collections::BTreeMap<String, std::ffi::OsString> {
    let present = |name: &&str| Some((name.to_string(), std::env::var_os(name)?));
    INHERITED.iter().filter_map(present).collect()
}

fn own_path() -> String {
    std::env::current_exe().unwrap().to_str().unwrap().to_owned()
}

/// Calls a tool as an agent does.
pub(crate) async fn call(server: &Arc<McpServer>, tool: &str, arguments: Value) -> ToolResult {
    let mut tools = ToolRegistry::new();
    server.register(&mut tools).unwrap();
    timeout(PATIENCE, tools.execute(tool, arguments)).await.expect("a call without an end")
}

/// Calls a tool that must do what it is asked.
pub(crate) async fn answer(server: &Arc<McpServer>, tool: &str, arguments: Value) -> String {
    let result = call(server, tool, arguments).await;
    assert!(result.success, "{tool}: {:?}", result.error);
    result.output
}

/// Calls a tool that must fail.
pub(crate) async fn failure(server: &Arc<McpServer>, tool: &str, arguments: Value) -> String {
    let result = call(server, tool, arguments).await;
    result.error.unwrap_or_else(|| panic!("{tool} answered: {}", result.output))
}
