//! Connections: slow, idle, draining, and clients that never read.

use std::time::Duration;

use playhouse_mock::Answer;
use playhouse_server::{ConnectionLimits, ConnectionTimeouts, Listener, Phase};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::TestApp;

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(60);

struct Served {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<bool>,
}

async fn serve(app: &TestApp, timeouts: ConnectionTimeouts) -> Served {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address();
    let limits = ConnectionLimits {
        max_connections: 100,
        timeouts,
        drain_delay: Duration::ZERO,
        grace: Duration::from_secs(10),
    };
    let (stop, stopped) = oneshot::channel();
    let shutdown = async { stopped.await.unwrap() };
    let serving = listener.serve(app.app.front(), limits, app.app.lifecycle().clone(), shutdown);
    Served { address, stop, serving: tokio::spawn(serving) }
}

fn timeouts(header: Duration, idle: Duration, write: Duration) -> ConnectionTimeouts {
    ConnectionTimeouts { header, idle, write }
}

/// Reads until the server closes the connection.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
    // A reset is an end, too.
    let _ = read.expect("the server did not close the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off() {
    let app = TestApp::saying(&[]);
    let served = serve(&app, timeouts(SHORT, LONG, LONG)).await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    client.write_all(b"GET /health HTTP/1.1\r\nhost: ").await.unwrap();
    let answer = read_to_end(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.contains(r#""code":"timeout_head""#), "{answer}");
}

#[tokio::test]
async fn a_request_that_never_became_one_is_answered_with_an_id_and_counted() {
    let flood: String = (0..500).map(|number| format!("x-{number}: y\r\n")).collect();
    let app = TestApp::saying(&[]);
    let served = serve(&app, timeouts(LONG, LONG, LONG)).await;
    for (sent, status) in [
        (format!("GET /health HTTP/1.1\r\n{flood}\r\n"), 431),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70_000)), 414),
        ("no http\r\n\r\n".to_owned(), 400),
        // Behind a request that was one, too.
        (format!("GET /health HTTP/1.1\r\nhost: x\r\n\r\n\u{0}{flood}\r\n"), 400),
    ] {
        let mut client = TcpStream::connect(served.address).await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        let answer = read_to_end(&mut client).await;
        let (head, body) = answer.rsplit_once("\r\n\r\n").unwrap();
        let id = head.rsplit_once("x-request-id: ").unwrap().1.lines().next().unwrap();
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((&problem["status"], &problem["request_id"]), (&status.into(), &id.into()), "{answer}");
        let counted = format!(r#"playhouse_requests_total{{route="unmatched",status="{status}"}}"#);
        assert!(app.app.get("/metrics").await.text().contains(&counted), "{status} is not counted");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_request() {
    let app = TestApp::saying(&[]);
    let served = serve(&app, timeouts(LONG, SHORT, LONG)).await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    client.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut client).await.ends_with(r#"{"status":"healthy"}"#));
}

#[tokio::test]
async fn a_long_answer_is_no_idleness() {
    let app = TestApp::answering(|_| Answer::text("slow").paced(SHORT * 2));
    let served = serve(&app, timeouts(SHORT, SHORT, LONG)).await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    client.write_all(post("/v1/chat", r#"{"message": "Hi"}"#).as_bytes()).await.unwrap();
    assert!(read_to_end(&mut client).await.contains(r#""content":"slow""#));
}

#[tokio::test]
async fn a_client_that_never_reads_is_left() {
    let app = TestApp::answering(|_| Answer::text("word ".repeat(200_000)));
    let served = serve(&app, timeouts(LONG, LONG, SHORT)).await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    let body = r#"{"message": "Hi", "session_id": "s1", "stream": true, "on_disconnect": "cancel"}"#;
    client.write_all(post("/v1/chat", body).as_bytes()).await.unwrap();
    // The turn ends without anybody having read a byte of it.
    let ended = async {
        loop {
            let session = app.app.get("/v1/sessions/s1").await.json();
            if session["messages"][0]["turn_state"] == "interrupted" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the turn is still running");
}

#[tokio::test]
async fn draining_lets_a_stream_finish_and_sends_others_away() {
    let app = TestApp::answering(|_| Answer::text("word ".repeat(30)).paced(SHORT));
    let served = serve(&app, timeouts(LONG, LONG, LONG)).await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    client.write_all(post("/v1/chat", r#"{"message": "Hi", "stream": true}"#).as_bytes()).await.unwrap();
    let mut first = [0; 16];
    client.read_exact(&mut first).await.unwrap();

    served.stop.send(()).unwrap();
    while app.app.lifecycle().phase() != Phase::Draining {
        tokio::task::yield_now().await;
    }
    let get = |path: &'static str| async move {
        let mut other = TcpStream::connect(served.address).await.unwrap();
        other.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        read_to_end(&mut other).await
    };
    let told = get("/health/ready").await;
    assert!(told.starts_with("HTTP/1.1 503") && told.ends_with(r#"{"status":"draining"}"#), "{told}");
    assert!(get("/health").await.starts_with("HTTP/1.1 200"));
    let refused = get("/v1/sessions").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 1\r\n"), "{refused}");

    let rest = read_to_end(&mut client).await;
    assert!(rest.contains("event: done"), "{rest}");
    assert!(served.serving.await.unwrap(), "the server gave up on its stream");
    assert!(TcpStream::connect(served.address).await.is_err());
}
