//! A server over PostgreSQL: chosen by a variable, told of in health, read by `playhouse calls`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use playhouse_store::testing::postgres;

use crate::fake_server::FakeServer;
use crate::invoke::playhouse;

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 244\r\nconnection: close\r\n\r\n\
{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\
\"message\":{\"role\":\"assistant\",\"content\":\"Hello!\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\
\"completion_tokens\":2,\"total_tokens\":7}}";

/// A server, and what it has told.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(database: &str, upstream: &str, folder: &std::path::Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_playhouse"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env_clear()
            .env("DATABASE_URL", database)
            .env("OPENAI_API_KEY", "sk-1")
            .env("PLAYHOUSE_PROVIDERS__OPENAI__BASE_URL", upstream)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line = told.find(|line| line.contains("\"Listening\"")).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        // Its log is read on, so that it never waits for a reader.
        std::thread::spawn(move || told.for_each(|line| assert!(!line.contains("s3cret"), "{line}")));
        Self { process, address: line["address"].as_str().unwrap().to_owned() }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
        let head = format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn becomes(&self, status: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.ask("GET", "/health/detailed", "").contains(status) {
            assert!(Instant::now() < deadline, "never {status}");
        }
    }
}

#[test]
fn a_server_lives_on_a_database_that_it_shares() {
    let Some(server) = postgres::start() else { return };
    let (database, folder) = (server.database(), tempfile::tempdir().unwrap());
    let upstream = FakeServer::answering(ANSWER);
    let upstream = format!("{}/v1", upstream.url());
    // Each has a ledger of its own.
    let folders = [0, 1].map(|_| tempfile::tempdir().unwrap());
    let mut replicas = folders.each_ref().map(|own| Server::start(&database.url(), &upstream, own.path()));
    for replica in &replicas {
        let answer = replica.ask("POST", "/v1/chat", r#"{"session_id": "ada", "message": "Hello"}"#);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("Hello!"), "{answer}");
    }
    let session = replicas[0].ask("GET", "/v1/sessions/ada", "");
    assert_eq!(session.matches("\"assistant\"").count(), 2, "{session}");

    replicas[0].becomes("\"database\":\"ok\"");
    server.stop();
    replicas[0].becomes("\"database\":\"error\"");
    let refused = replicas[0].ask("POST", "/v1/chat", r#"{"session_id": "ada", "message": "Hello"}"#);
    assert!(refused.starts_with("HTTP/1.1 503") && !refused.contains("s3cret"), "{refused}");
    assert!(replicas[0].ask("GET", "/health/ready", "").starts_with("HTTP/1.1 200"));
    server.restart();
    replicas.iter().for_each(|replica| replica.becomes("\"database\":\"ok\""));

    for replica in &mut replicas {
        kill(Pid::from_raw(replica.process.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        assert_eq!(replica.process.wait().unwrap().code(), Some(0));
    }
    let calls = playhouse(["calls", "list", "--json"]).env("DATABASE_URL", &database.url());
    let calls = calls.within(folder.path()).run();
    assert_eq!((calls.code, calls.stdout.lines().count()), (0, 2), "{calls}");
    for own in &folders {
        assert!(!own.path().join("playhouse-data/playhouse.db").exists(), "sessions are in no file");
    }
}

#[test]
fn a_database_that_is_not_there_is_told_of_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = FakeServer::nobody().replace("http://", "postgres://ada:s3cret@");
    let calls = playhouse(["calls"]).env("DATABASE_URL", &format!("{url}/playhouse"));
    let calls = calls.within(folder.path()).run();
    assert_eq!(calls.code, 1, "{calls}");
    assert!(calls.stderr.contains("PostgreSQL at 127.0.0.1:"), "{calls}");
    assert!(!calls.stderr.contains("s3cret"), "{calls}");
}

#[test]
fn keys_are_made_in_a_database_that_servers_share() {
    let Some(server) = postgres::start() else { return };
    let (database, folder) = (server.database(), tempfile::tempdir().unwrap());
    let keys = |words: &[&str]| {
        let words = ["keys"].iter().chain(words).copied();
        let told = playhouse(words).env("DATABASE_URL", &database.url()).within(folder.path()).run();
        assert_eq!(told.code, 0, "{told}");
        told.stdout
    };
    let made = keys(&["create", "--name", "search", "--rpm", "60", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let id = made["id"].as_str().unwrap();
    assert!(keys(&["list"]).contains(id));
    keys(&["revoke", id]);
    assert!(keys(&["show", id]).contains("revoked"));
    assert!(!folder.path().join("playhouse-data").exists(), "nothing is left in files");
}
