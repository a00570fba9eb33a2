//! Asking a double over a socket, and everything that comes back.

use playhouse_mock::MockServer;
use playhouse_mock::script::{Format, Script, parse};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// None where the connection ended inside the head.
    pub(crate) status: Option<u16>,
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) is_reset: bool,
}

impl Answer {
    fn of(bytes: &[u8], is_reset: bool) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&*text, ""));
        let status = text.contains("\r\n\r\n").then(|| head[9..12].parse().unwrap());
        Self { status, head: head.to_owned(), body: body.to_owned(), is_reset }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What a whole chat answer says.
    pub(crate) fn content(&self) -> String {
        self.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
    }
}

/// A script in YAML.
pub(crate) fn script(yaml: &str) -> Script {
    parse(yaml, Format::Yaml, "script").unwrap_or_else(|failure| panic!("{failure}")).script
}

pub(crate) async fn start(yaml: &str) -> MockServer {
    MockServer::start(script(yaml)).await.unwrap()
}

/// Asks for a chat in which the user says this.
pub(crate) async fn chat(server: &MockServer, user: &str) -> Answer {
    chat_with(server, user, json!({})).await
}

/// The same with more fields.
pub(crate) async fn chat_with(server: &MockServer, user: &str, more: Value) -> Answer {
    let mut body = json!({ "model": "gpt-4o", "messages": [{ "role": "user", "content": user }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    send(server, "POST", "/v1/chat/completions", &body.to_string()).await
}

pub(crate) async fn send(server: &MockServer, method: &str, path: &str, body: &str) -> Answer {
    send_with(server, method, path, "authorization: Bearer sk-any", body).await
}

/// The same with these header lines.
pub(crate) async fn send_with(
    server: &MockServer,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    Answer::of(&bytes, end.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset))
}
