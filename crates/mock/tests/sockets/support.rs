//! A server that gives one answer, and a client that sees every byte and how it ends.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use playhouse_llm::{Chunk, FinishReason, Message, Prompt, Request};
use playhouse_mock::call::{Facts, Form};
use playhouse_mock::fault::{Fault, FaultOrigin, deliver};
use playhouse_mock::plan::Content;
use playhouse_mock::protocols::openai::chat::Chat;
use playhouse_mock::protocols::{Frames, MockProtocol};
use playhouse_mock::server::body::{End, PacedBody, Progress};
use playhouse_mock::server::listen::{ConnectionControl, ConnectionLimits, Listener, Serving};
use playhouse_wire::Envelope;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// No test waits longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a server answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) stream: bool,
    pub(crate) fault: Option<Fault>,
    /// The wait before each event; none, and all of them come at once.
    pub(crate) pace: Option<Duration>,
}

impl Answer {
    pub(crate) fn whole(fault: &str) -> Self {
        Self { stream: false, fault: fault_of(fault), pace: None }
    }

    pub(crate) fn stream(fault: &str) -> Self {
        Self { stream: true, fault: fault_of(fault), pace: None }
    }

    pub(crate) fn paced(self, pace: Duration) -> Self {
        Self { pace: Some(pace), ..self }
    }

    /// The bytes, as they would be without a fault.
    pub(crate) fn frames(&self) -> Frames {
        let mut chunks = vec![Chunk::start()];
        chunks.extend(["one ", "two ", "three ", "four "].map(Chunk::text));
        chunks.push(Chunk::finish(FinishReason::Stop));
        let mut request = Request::new("gpt-4o", Prompt::new(vec![Message::user("Count")]));
        request.stream = self.stream;
        let facts = Facts::chat("openai-chat", request, Form::default(), Bytes::new());
        let envelope = Envelope { id: "1".into(), created: 0, model: "gpt-4o".into(), include_usage: false };
        Chat.write(&Content::Chat(chunks.into()), &facts, &envelope).unwrap()
    }

    fn response(&self, control: ConnectionControl, told: Told) -> Response<PacedBody<Told>> {
        let frames = self.frames();
        let content_type = frames.content_type;
        let error = || Bytes::from_static(b"data: {\"error\":{}}\n\n");
        let delivery = deliver(frames, self.fault.as_ref(), error);
        let content_type = delivery.content_type.clone().unwrap_or_else(|| content_type.to_owned());
        let body = PacedBody::new(delivery, control, told);
        let body = match self.pace {
            Some(pace) => body.paced(std::iter::repeat(pace)),
            None => body,
        };
        let mut response = Response::new(body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::try_from(content_type).unwrap());
        response
    }
}

fn fault_of(form: &str) -> Option<Fault> {
    (!form.is_empty()).then(|| Fault { spec: form.parse().unwrap(), origin: FaultOrigin::Rule })
}

/// A server on a port of its own.
pub(crate) struct Server {
    serving: Option<Serving>,
    address: SocketAddr,
    ended: UnboundedReceiver<End>,
}

/// Sends the end of each answer to the test.
pub(crate) struct Told(UnboundedSender<End>);

impl Progress for Told {
    fn first_byte(&mut self) {}
    fn sent(&mut self, _bytes: usize, _events: usize) {}
    fn ended(&mut self, end: End) {
        // A test that has seen enough listens no more.
        let _ = self.0.send(end);
    }
}

impl Server {
    /// Gives everybody this answer.
    pub(crate) async fn giving(answer: Answer) -> Self {
        Self::with_limits(ConnectionLimits::default(), move |_| answer.clone()).await
    }

    /// Gives every path the answer that is said.
    pub(crate) async fn with_limits(
        limits: ConnectionLimits,
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let (sender, ended) = unbounded_channel();
        let listener = Listener::bind("127.0.0.1:0").await.unwrap();
        let serving = listener.spawn(limits, move |request, control| {
            let response = answer(request.uri().path()).response(control, Told(sender.clone()));
            async move { response }
        });
        Self { address: serving.address(), serving: Some(serving), ended }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn connect(&self) -> Client {
        Client { stream: TcpStream::connect(self.address()).await.unwrap(), unread: Vec::new() }
    }

    /// Asks once, and reads until the connection ends.
    pub(crate) async fn ask(&self) -> Came {
        let mut client = self.connect().await;
        client.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        client.read_to_end().await
    }

    /// Stops; says whether everything was finished in time.
    pub(crate) async fn stop(&mut self) -> bool {
        self.serving.take().unwrap().stop().await
    }

    /// How the next answer ended, by the server's own word.
    pub(crate) async fn ended(&mut self) -> End {
        tokio::time::timeout(PATIENCE, self.ended.recv()).await.expect("no answer ended").unwrap()
    }
}

/// A client without manners.
pub(crate) struct Client {
    stream: TcpStream,
    /// What came behind what was waited for.
    unread: Vec<u8>,
}

/// Everything a client got, and how the connection ended.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) bytes: Vec<u8>,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Closed,
    Reset,
}

impl Client {
    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    }

    /// Reads until the connection ends.
    pub(crate) async fn read_to_end(&mut self) -> Came {
        let mut bytes = std::mem::take(&mut self.unread);
        let read = tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut bytes)).await;
        let how = match read.expect("the connection did not end") {
            Ok(_) => How::Closed,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => How::Reset,
            Err(error) => panic!("{error}"),
        };
        Came { bytes, how }
    }

    /// Reads up to the end of this.
    pub(crate) async fn read_until(&mut self, what: &str) -> String {
        loop {
            let found = self.unread.windows(what.len()).position(|window| window == what.as_bytes());
            if let Some(at) = found {
                let read: Vec<u8> = self.unread.drain(..at + what.len()).collect();
                return String::from_utf8(read).unwrap();
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
            let came = String::from_utf8_lossy(&self.unread);
            let count = read.unwrap_or_else(|_| panic!("no {what:?} in {came:?}")).unwrap();
            assert!(count > 0, "it ended without {what:?}: {came:?}");
        }
    }

    /// Whether nothing has come and the connection stands.
    pub(crate) fn is_waiting(&self) -> bool {
        let error = self.stream.try_read(&mut [0; 1]);
        error.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }
}

impl Came {
    fn split(&self) -> (&str, &[u8]) {
        let end = self.bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head") + 4;
        (std::str::from_utf8(&self.bytes[..end]).unwrap(), &self.bytes[end..])
    }

    pub(crate) fn head(&self) -> &str {
        self.split().0
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The body, without the lengths of its chunks if it has them.
    pub(crate) fn body(&self) -> Vec<u8> {
        if self.header("transfer-encoding").is_none() {
            return self.split().1.to_vec();
        }
        let mut rest = self.split().1;
        let mut body = Vec::new();
        while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
            body.extend_from_slice(&rest[end + 2..end + 2 + size]);
            rest = &rest[end + 2 + size + 2..];
        }
        body
    }

    /// Whether a chunked body has its end.
    pub(crate) fn has_last_chunk(&self) -> bool {
        self.bytes.ends_with(b"\r\n0\r\n\r\n")
    }
}
