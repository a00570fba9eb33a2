//! The protocol's own server of everything, over both ways to speak to one.
//!
//! It is taken from npm once. Where that cannot be, these tests say so and pass;
//! `PLAYHOUSE_REQUIRE_SERVICES=1` makes them fail instead.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use playhouse_agent::ToolRegistry;
use playhouse_agent::mcp::{McpServer, McpServerConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::fake::{answer, call, failure, inherited};

const PACKAGE: &str = "@modelcontextprotocol/server-everything";
const VERSION: &str = "2026.8.31";

/// The server's program, if it can be had.
fn program() -> Option<PathBuf> {
    match install() {
        Ok(program) => Some(program),
        Err(reason) if std::env::var("PLAYHOUSE_REQUIRE_SERVICES").is_ok_and(|it| it == "1") => {
            panic!("{PACKAGE} cannot be had: {reason}")
        }
        Err(reason) => {
            eprintln!("skipped: {PACKAGE} cannot be had: {reason}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("server-everything-{VERSION}"));
    let program = folder.join("node_modules").join(PACKAGE).join("dist/index.js");
    let complete = folder.join("complete");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let lock = File::create(folder.join("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if !complete.exists() {
        run(Command::new("node").arg("--version"))?;
        let package = format!("{PACKAGE}@{VERSION}");
        let options = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix"];
        run(Command::new("npm").args(options).arg(&folder).arg(package))?;
        fs::write(complete, "").map_err(|error| error.to_string())?;
    }
    Ok(program)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

async fn over_stdio(program: &Path) -> Arc<McpServer> {
    let config = McpServerConfig {
        command: Some("node".to_owned()),
        args: vec![program.to_str().unwrap().to_owned(), "stdio".to_owned()],
        env: [("TOKEN".to_owned(), "sk-123456".into())].into(),
        environment: inherited(),
        ..McpServerConfig::default()
    };
    McpServer::connect("everything", config).await.unwrap()
}

/// The server on a port, until it is dropped.
struct OverHttp {
    program: PathBuf,
    port: u16,
    process: Child,
}

impl OverHttp {
    async fn start(program: &Path) -> Self {
        // It can be given a port only: one that was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { process: listen(program, free).await, program: program.to_owned(), port: free }
    }

    async fn restart(&mut self) {
        self.process.kill().await.unwrap();
        self.process = listen(&self.program, self.port).await;
    }

    async fn connect(&self) -> Arc<McpServer> {
        let url = Some(format!("http://127.0.0.1:{}/mcp", self.port));
        McpServer::connect("everything", McpServerConfig { url, ..McpServerConfig::default() }).await.unwrap()
    }
}

/// Starts the server and waits until it says that it listens.
async fn listen(program: &Path, port: u16) -> Child {
    let mut command = tokio::process::Command::new("node");
    command.arg(program).arg("streamableHttp").env("PORT", port.to_string()).kill_on_drop(true);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("the server of everything ended");
        if line.contains("listening on port") {
            break;
        }
    }
    // What it says later is read by nobody, and must not stop it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    process
}

/// What is true over both.
async fn serves(server: &Arc<McpServer>) {
    assert_eq!(answer(server, "echo", json!({"message": "hello"})).await, "Echo: hello");
    assert_eq!(answer(server, "get-sum", json!({"a": 2, "b": 3})).await, "The sum of 2 and 3 is 5.");
    let image = answer(server, "get-tiny-image", json!({})).await;
    assert!(image.contains("[an image of the type image/png, "), "{image}");
    assert!(image.len() < 300, "{image}");
    let links = answer(server, "get-resource-links", json!({"count": 2})).await;
    assert!(links.contains("[a resource: "), "{links}");
    let weather = answer(server, "get-structured-content", json!({"location": "Chicago"})).await;
    assert!(serde_json::from_str::<Value>(&weather).unwrap()["temperature"].is_number(), "{weather}");
    let unfit = failure(server, "get-sum", json!({"a": "two"})).await;
    assert!(unfit.contains("do not fit the tool's schema"), "{unfit}");
}

fn idempotent(server: &Arc<McpServer>, tool: &str) -> bool {
    let tools = server.tools();
    tools.iter().find(|known| known.name() == tool).unwrap().is_idempotent()
}

#[tokio::test]
async fn its_tools_can_be_used_over_stdio() {
    let Some(program) = program() else { return };
    let server = over_stdio(&program).await;
    serves(&server).await;
    assert!(server.refused().is_empty(), "{:?}", server.refused());
    assert!(idempotent(&server, "get-sum") && !idempotent(&server, "toggle-simulated-logging"));
    let mut tools = ToolRegistry::new();
    server.register(&mut tools).unwrap();
    assert!(tools.len() >= 10, "{} tools", tools.len());
}

#[tokio::test]
async fn it_sees_its_own_variables_and_no_others() {
    let Some(program) = program() else { return };
    let server = over_stdio(&program).await;
    let seen: Value = serde_json::from_str(&answer(&server, "get-env", json!({})).await).unwrap();
    let seen = seen.as_object().unwrap();
    assert_eq!(seen["TOKEN"], "sk-123456");
    let mut expected: Vec<String> = inherited().into_keys().chain(["TOKEN".to_owned()]).collect();
    let mut names: Vec<&String> = seen.keys().collect();
    expected.sort();
    names.sort();
    assert_eq!(names, expected.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_long_call_is_given_up_and_the_server_goes_on() {
    let Some(program) = program() else { return };
    let server = over_stdio(&program).await;
    let calling = call(&server, "trigger-long-running-operation", json!({"duration": 600, "steps": 1}));
    tokio::select! {
        result = calling => panic!("it is done already: {result:?}"),
        echo = answer(&server, "echo", json!({"message": "meanwhile"})) => assert_eq!(echo, "Echo: meanwhile"),
    }
    assert_eq!(answer(&server, "echo", json!({"message": "after"})).await, "Echo: after");
}

#[tokio::test]
async fn its_tools_can_be_used_over_http() {
    let Some(program) = program() else { return };
    let web = OverHttp::start(&program).await;
    serves(&web.connect().await).await;
}

#[tokio::test]
async fn one_that_was_started_anew_at_its_address_is_greeted_anew() {
    let Some(program) = program() else { return };
    let mut web = OverHttp::start(&program).await;
    let server = web.connect().await;
    assert_eq!(answer(&server, "echo", json!({"message": "one"})).await, "Echo: one");
    web.restart().await;
    let first = call(&server, "echo", json!({"message": "two"})).await;
    let said = first.error.as_deref().unwrap_or(&first.output);
    // A connection that was kept may break; a new one finds that the session is forgotten.
    assert!(first.success || said.contains("is not known"), "{said}");
    assert_eq!(answer(&server, "echo", json!({"message": "three"})).await, "Echo: three");
}
