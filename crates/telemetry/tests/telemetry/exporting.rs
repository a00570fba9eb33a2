//! Exporting to a receiver that answers well, badly, or not at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use playhouse_telemetry::otlp::{RequestEnd, RequestSpan, RequestStart};
use playhouse_telemetry::{Metrics, Otlp, TelemetryConfig};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const LIMIT: Duration = Duration::from_secs(20);

/// A request as it arrived.
struct Arrived {
    head: String,
    body: Vec<u8>,
}

/// A receiver that answers with these statuses in turn, and with the last one from then on.
async fn receiver(statuses: &'static [u16]) -> (String, mpsc::UnboundedReceiver<Arrived>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, arrived) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut statuses = statuses.iter().copied();
        let mut status = 200;
        while let Ok((mut stream, _)) = listener.accept().await {
            while let Some(request) = read(&mut stream).await {
                status = statuses.next().unwrap_or(status);
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nretry-after: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
                let _ = sender.send(request);
            }
        }
    });
    (url, arrived)
}

async fn read(stream: &mut TcpStream) -> Option<Arrived> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let missing = length.parse::<usize>().unwrap() - (bytes.len() - end - 4);
            let mut body = bytes.split_off(end + 4);
            let mut rest = vec![0; missing];
            stream.read_exact(&mut rest).await.ok()?;
            body.extend(rest);
            return Some(Arrived { head, body });
        }
        stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
    }
}

fn config(traces_endpoint: &str) -> TelemetryConfig {
    TelemetryConfig {
        traces_endpoint: Some(format!("{traces_endpoint}/v1/traces")),
        headers: [("x-key".to_owned(), "sk-1".into())].into(),
        traces_interval_ms: 10,
        timeout_ms: 2_000,
        ..TelemetryConfig::default()
    }
}

fn span(otlp: &Otlp) {
    let start = RequestStart {
        caller: None,
        started: Instant::now(),
        path: "/v1/models",
        route: None,
        user_agent: None,
    };
    let span = RequestSpan::begin(otlp.tracer(), &start).unwrap();
    span.end(&RequestEnd {
        method: "GET",
        path: "/v1/models",
        route: None,
        client: None,
        status_code: Some(200),
        client_aborted: false,
        duration: start.started.elapsed(),
    });
}

fn spans_in(arrived: &Arrived) -> usize {
    let request = ExportTraceServiceRequest::decode(&*arrived.body).unwrap();
    request.resource_spans.iter().flat_map(|spans| &spans.scope_spans).map(|scope| scope.spans.len()).sum()
}

fn start(config: &TelemetryConfig) -> (Otlp, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new("1", "x"));
    (Otlp::start(config, &metrics, "1").unwrap(), metrics)
}

#[tokio::test]
async fn spans_go_out_by_themselves_with_the_headers() {
    let (url, mut arrived) = receiver(&[200]).await;
    let (otlp, _metrics) = start(&config(&url));
    span(&otlp);
    let request = tokio::time::timeout(LIMIT, arrived.recv()).await.unwrap().unwrap();
    assert!(request.head.starts_with("post /v1/traces http/1.1"), "{}", request.head);
    assert!(request.head.contains("content-type: application/x-protobuf"), "{}", request.head);
    assert!(request.head.contains("x-key: sk-1"), "{}", request.head);
    assert_eq!(spans_in(&request), 1);
}

#[tokio::test]
async fn what_waits_is_sent_at_the_end() {
    let (url, mut arrived) = receiver(&[200]).await;
    let (otlp, metrics) = start(&TelemetryConfig { traces_interval_ms: 3_600_000, ..config(&url) });
    (0..3).for_each(|_| span(&otlp));
    assert!(otlp.shut_down(LIMIT).await);
    assert_eq!(spans_in(&arrived.try_recv().unwrap()), 3);
    assert!(metrics.render().contains("playhouse_spans_exported_total 3"));
}

#[tokio::test]
async fn what_is_refused_for_now_is_sent_again() {
    let (url, mut arrived) = receiver(&[503, 200]).await;
    let (otlp, metrics) = start(&config(&url));
    span(&otlp);
    for _ in 0..2 {
        let request = tokio::time::timeout(LIMIT, arrived.recv()).await.unwrap().unwrap();
        assert_eq!(spans_in(&request), 1);
    }
    assert!(otlp.shut_down(LIMIT).await);
    let text = metrics.render();
    assert!(text.contains("playhouse_spans_exported_total 1"), "{text}");
    assert!(text.contains("playhouse_spans_dropped_total 0"), "{text}");
}

#[tokio::test]
async fn what_is_refused_for_good_is_counted() {
    let (url, mut arrived) = receiver(&[400]).await;
    let (otlp, metrics) = start(&config(&url));
    span(&otlp);
    tokio::time::timeout(LIMIT, arrived.recv()).await.unwrap().unwrap();
    assert!(otlp.shut_down(LIMIT).await);
    assert!(arrived.try_recv().is_err(), "it was sent again");
    assert!(metrics.render().contains("playhouse_spans_dropped_total 1"));
}

#[tokio::test]
async fn a_receiver_that_says_nothing_does_not_hold_up_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let (otlp, _metrics) = start(&TelemetryConfig { timeout_ms: 3_600_000, ..config(&silent) });
    span(&otlp);
    let ended = tokio::time::timeout(LIMIT, otlp.shut_down(Duration::from_millis(50))).await.unwrap();
    assert!(!ended);
}

#[tokio::test]
async fn endpoints_that_cannot_be_are_refused_at_the_start() {
    let metrics = Arc::new(Metrics::new("1", "x"));
    for url in ["collector:4318", "ftp://collector", "http://", "not an address"] {
        let config = TelemetryConfig { endpoint: Some(url.to_owned()), ..TelemetryConfig::default() };
        let error = Otlp::start(&config, &metrics, "1").unwrap_err().to_string();
        assert!(error.contains("is not usable; it should look like http://collector:4318"), "{error}");
    }
    let headers = [("x-key".to_owned(), "sk-1\n".into())].into();
    let config = TelemetryConfig { headers, ..config("http://127.0.0.1:1") };
    let error = Otlp::start(&config, &metrics, "1").unwrap_err().to_string();
    assert!(error.contains("'x-key' cannot be sent") && !error.contains("sk-1"), "{error}");
}

#[tokio::test]
async fn without_an_endpoint_nothing_runs() {
    let (otlp, _metrics) = start(&TelemetryConfig::default());
    assert!(!otlp.tracer().is_on());
    assert!(otlp.shut_down(Duration::ZERO).await);
}
