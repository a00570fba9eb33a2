//! A scripted upstream: bytes on a socket, so that it can answer what no HTTP library would.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use playhouse_llm::{Error, EventStream, Message, Prompt, Provider, Reply, Request, collect};
use playhouse_provider::{Endpoint, HttpClient, HttpProvider, ProviderConfig, Timeouts, vendor};
use playhouse_wire::openai::chat::OpenAiChat;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What the upstream does with one request, step by step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// Waits until the client has closed the connection.
    AwaitClose,
}

/// An upstream that answers each connection's first request with the next script.
pub(crate) struct Upstream {
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    closed: mpsc::UnboundedReceiver<()>,
}

impl Upstream {
    /// Each request is answered by the next script; the last one answers all further ones.
    pub(crate) async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (tell_closed, closed) = mpsc::unbounded_channel();
        let seen = requests.clone();
        tokio::spawn(async move {
            let mut scripts = scripts.into_iter();
            let mut script = scripts.next().unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let current = script.clone();
                script = scripts.next().unwrap_or(script);
                tokio::spawn(play(stream, current, seen.clone(), tell_closed.clone()));
            }
        });
        Self { address, requests, closed }
    }

    /// An upstream that always answers this.
    pub(crate) async fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        Self::start(vec![vec![Step::Send(bytes.into())]]).await
    }

    /// Its address, as a base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn provider(&self) -> HttpProvider {
        self.provider_within(Timeouts::default())
    }

    pub(crate) fn provider_within(&self, timeouts: Timeouts) -> HttpProvider {
        let config = ProviderConfig {
            base_url: Some(self.url()),
            api_key: Some(SecretString::from("sk-upstream")),
            headers: BTreeMap::new(),
            ..ProviderConfig::default()
        };
        let endpoint = Endpoint::new(vendor("custom").unwrap(), &config).unwrap();
        let client = HttpClient::new(Duration::from_secs(5)).unwrap();
        HttpProvider::new("upstream", endpoint, &OpenAiChat, client).with_timeouts(timeouts)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until a client has hung up on an answer under way.
    pub(crate) async fn hung_up(&mut self) {
        let told = tokio::time::timeout(Duration::from_secs(5), self.closed.recv()).await;
        told.expect("the provider did not hang up").unwrap();
    }
}

async fn play(
    mut stream: TcpStream,
    script: Vec<Step>,
    requests: Arc<Mutex<Vec<String>>>,
    tell_closed: mpsc::UnboundedSender<()>,
) {
    let request = read_request(&mut stream).await;
    requests.lock().unwrap().push(request);
    for step in script {
        match step {
            Step::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Step::AwaitClose => {
                let mut rest = [0; 64];
                while matches!(stream.read(&mut rest).await, Ok(read) if read > 0) {}
                let _ = tell_closed.send(());
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&more[..read]),
            _ => return String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

/// A response with a length.
pub(crate) fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A JSON response.
pub(crate) fn json(status: &str, body: &str) -> Vec<u8> {
    http(status, "content-type: application/json\r\n", body)
}

/// The head of a stream that ends with its connection.
pub(crate) const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

pub(crate) fn stream(events: &str) -> Vec<u8> {
    format!("{STREAM_HEAD}{events}").into_bytes()
}

pub(crate) const COMPLETION: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;

pub(crate) fn delta(content: &str) -> String {
    format!(
        "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{content}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}

pub(crate) const FINISH: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
pub(crate) const DONE: &str = "data: [DONE]\n\n";

pub(crate) fn request() -> Request {
    Request::new("m-1", Prompt::new(vec![Message::user("Hi")]))
}

pub(crate) async fn ask(provider: &impl Provider, request: Request) -> Result<Reply, Error> {
    collect(provider.chat(request).await?).await
}

pub(crate) async fn open(provider: &impl Provider) -> EventStream {
    provider.chat(request().streamed(true)).await.unwrap_or_else(|error| panic!("no stream: {error}"))
}
