//! A web server that answers as it is told to, on a port of its own.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use playhouse_agent::mcp::{McpServer, McpServerConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) http_method: String,
    /// The head, in small letters.
    pub(crate) head: String,
    pub(crate) message: Value,
}

impl Asked {
    /// The method of the protocol.
    pub(crate) fn method(&self) -> &str {
        self.message["method"].as_str().unwrap_or_default()
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The message that answers this one.
    pub(crate) fn reply(&self, result: Value) -> Value {
        json!({"jsonrpc": "2.0", "id": self.message["id"], "result": result})
    }

    /// A tool's answer to this call.
    pub(crate) fn reply_text(&self, text: &str) -> Value {
        self.reply(json!({"content": [{"type": "text", "text": text}]}))
    }
}

/// What a web server does with a request.
pub(crate) enum Answer {
    /// A status, a media type and a body.
    Body(u16, &'static str, Vec<u8>),
    /// A stream of events that ends after them.
    Events(Vec<Value>),
    /// Nothing, ever.
    Silence,
    /// The end of the connection.
    Close,
}

impl Answer {
    /// A message with a good status.
    pub(crate) fn json(message: &Value) -> Self {
        Self::json_with(200, message)
    }

    /// A message with this status.
    pub(crate) fn json_with(status: u16, message: &Value) -> Self {
        Self::Body(status, "application/json", message.to_string().into_bytes())
    }
}

/// What is done with calls; `None` is what a good server does.
type Behaviour = dyn Fn(&Asked) -> Option<Answer> + Send + Sync;

/// A web server that runs until it is dropped.
pub(crate) struct Web {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    news: watch::Receiver<()>,
    _serving: JoinSet<()>,
}

impl Web {
    /// A server that does this where it says something, and else what a good one does.
    pub(crate) async fn start(behave: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Self {
        Self::start_at(0, behave).await
    }

    /// The same at a port where another one was.
    pub(crate) async fn start_at(
        port: u16,
        behave: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (tell, news) = watch::channel(());
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, asked.clone(), Arc::new(tell), Arc::new(behave)));
        Self { port, asked, news, _serving: serving }
    }

    /// A server that answers calls like this and the rest well.
    pub(crate) async fn calling(call: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(move |asked| (asked.method() == "tools/call").then(|| call(asked))).await
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn config(&self) -> McpServerConfig {
        let url = Some(format!("http://127.0.0.1:{}/mcp", self.port));
        let headers = [("Authorization".to_owned(), "Bearer sk-123456".into())].into();
        McpServerConfig { url, headers, ..McpServerConfig::default() }
    }

    pub(crate) async fn connect(&self) -> Arc<McpServer> {
        McpServer::connect("web", self.config()).await.unwrap()
    }

    /// The error that connecting ends with.
    pub(crate) async fn refusal(&self) -> String {
        let config = McpServerConfig { start_timeout_ms: 1_000, ..self.config() };
        McpServer::connect("web", config).await.unwrap_err().to_string()
    }

    /// What was asked with this method of the protocol.
    pub(crate) fn asked(&self, method: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.method() == method).cloned().collect()
    }

    /// Waits until something was asked that is like this.
    pub(crate) async fn heard(&self, is_like: impl Fn(&Asked) -> bool) -> Asked {
        let mut news = self.news.clone();
        let heard = timeout(Duration::from_secs(60), async {
            loop {
                news.borrow_and_update();
                if let Some(asked) = self.asked.lock().unwrap().iter().find(|asked| is_like(asked)) {
                    return asked.clone();
                }
                news.changed().await.unwrap();
            }
        });
        heard.await.expect("it was never asked")
    }
}

async fn serve(
    listener: TcpListener,
    asked: Arc<Mutex<Vec<Asked>>>,
    tell: Arc<watch::Sender<()>>,
    behave: Arc<Behaviour>,
) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (asked, tell, behave) = (asked.clone(), tell.clone(), behave.clone());
        connections.spawn(async move {
            let _ = converse(stream, &asked, &tell, &*behave).await;
        });
    }
}

async fn converse(
    stream: TcpStream,
    asked: &Mutex<Vec<Asked>>,
    tell: &watch::Sender<()>,
    behave: &Behaviour,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        asked.lock().unwrap().push(request.clone());
        tell.send_replace(());
        match behave(&request).unwrap_or_else(|| well(&request)) {
            Answer::Body(status, kind, body) => write(&mut stream, status, kind, &body).await?,
            Answer::Events(events) => return write_events(&mut stream, events.into()).await,
            Answer::Silence => return std::future::pending().await,
            Answer::Close => return Ok(()),
        }
    }
    Ok(())
}

async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Asked>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let http_method = head.split(' ').next().unwrap_or_default().to_owned();
    let mut asked = Asked { http_method, head: head.to_lowercase(), message: Value::Null };
    let length = asked.header("content-length").and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    asked.message = serde_json::from_slice(&body).unwrap_or_default();
    Ok(Some(asked))
}

async fn write(stream: &mut BufReader<TcpStream>, status: u16, kind: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} OK\r\ncontent-type: {kind}\r\nmcp-session-id: first\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}

async fn write_events(stream: &mut BufReader<TcpStream>, mut events: VecDeque<Value>) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    while let Some(event) = events.pop_front() {
        stream.write_all(format!("event: message\r\ndata: {event}\r\n\r\n").as_bytes()).await?;
    }
    stream.shutdown().await
}

/// What a good server answers.
fn well(asked: &Asked) -> Answer {
    let tool = json!({"name": "echo", "inputSchema": {"type": "object"}});
    match (asked.http_method.as_str(), asked.method()) {
        ("GET", _) => Answer::Body(405, "text/plain", Vec::new()),
        ("DELETE", _) => Answer::Body(200, "text/plain", Vec::new()),
        (_, "initialize") => Answer::json(&asked.reply(json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "web", "version": "1"},
        }))),
        (_, "tools/list") => Answer::json(&asked.reply(json!({"tools": [tool]}))),
        (_, "tools/call") => Answer::json(&asked.reply_text("well")),
        _ => Answer::Body(202, "text/plain", Vec::new()),
    }
}
