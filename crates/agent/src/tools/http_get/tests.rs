//! The tool over real sockets. Names are resolved by the test, and loopback addresses are let through
//! where a server is to be reached.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustls::RootCertStore;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::tool::{ToolRegistry, ToolResult};

/// A server that answers the connections it gets with these bytes, one after the other.
struct Server {
    port: u16,
    /// What it was asked.
    asked: Arc<Mutex<Vec<String>>>,
    _running: tokio::task::JoinSet<()>,
}

impl Server {
    async fn answering(answers: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers: Vec<Vec<u8>> = answers.into_iter().map(Into::into).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut running = tokio::task::JoinSet::new();
        running.spawn(serve(listener, answers, asked.clone()));
        Self { port, asked, _running: running }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, answers: Vec<Vec<u8>>, asked: Arc<Mutex<Vec<String>>>) {
    for answer in answers {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        asked.lock().unwrap().push(head);
        // The tool may have gone before it has everything.
        let _ = stream.write_all(&answer).await;
    }
    // Whoever comes next finds nobody who answers.
    let _unanswered = listener.accept().await;
    std::future::pending::<()>().await;
}

/// Everything up to an empty line, or the first bytes where they are no text.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await.unwrap() {
            0 => break,
            length => head.extend_from_slice(&piece[..length]),
        }
        if !head.is_ascii() {
            break;
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn text(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn redirect(status: &str, location: &str) -> String {
    format!("HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
}

fn without_certificates() -> Result<ClientConfig, HttpGetError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn anywhere(_: IpAddr) -> Option<&'static str> {
    None
}

/// The names of the tests' own internet.
fn names(host: &str) -> Vec<IpAddr> {
    let addresses: &[&str] = match host {
        "here.test" | "other.test" => &["127.0.0.1"],
        "nowhere.test" => &[],
        "inside.test" => &["10.0.0.5"],
        "half-inside.test" => &["93.184.216.34", "::1"],
        "cloud.test" => &["169.254.169.254"],
        _ => panic!("nobody was to ask for {host}"),
    };
    addresses.iter().map(|address| address.parse().unwrap()).collect()
}

fn resolve(host: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
    async move { Ok(names(&host).into_iter().map(|address| SocketAddr::new(address, port)).collect()) }
        .boxed()
}

fn tools(config: HttpGetConfig, network: Network) -> ToolRegistry {
    ToolRegistry::new().with(HttpGet::over(config, network, without_certificates).unwrap()).unwrap()
}

/// Asks for an address of the tests' own internet; `PORT` in it is the server's.
async fn get(server: &Server, url: &str) -> ToolResult {
    get_within(server, url, |_| {}).await
}

async fn get_within(server: &Server, url: &str, limit: impl FnOnce(&mut HttpGetConfig)) -> ToolResult {
    let port = server.port;
    let mut config = HttpGetConfig::allowing([format!("here.test:{port}"), format!("other.test:{port}")]);
    limit(&mut config);
    let tools = tools(config, Network::with(resolve, anywhere));
    tools.execute("http_get", json!({"url": url.replace("PORT", &port.to_string())})).await
}

fn error(result: ToolResult) -> String {
    result.error.unwrap_or_else(|| panic!("it went well: {}", result.output))
}

#[tokio::test]
async fn a_page_is_read() {
    let server = Server::answering([text("hello")]).await;
    let result = get(&server, "http://here.test:PORT/a/b?c=d e#f").await;
    let port = server.port;
    let expected = format!(
        "HTTP 200 OK\naddress: http://here.test:{port}/a/b?c=d%20e\ncontent-type: text/plain\n\nhello"
    );
    assert_eq!(result, ToolResult::ok(expected));
    let version = env!("CARGO_PKG_VERSION");
    let request = format!(
        "GET /a/b?c=d%20e HTTP/1.1\r\nhost: here.test:{port}\r\nuser-agent: playhouse/{version}\r\n\
         accept: text/*, application/json, application/xml;q=0.9, */*;q=0.1\r\n\
         accept-encoding: identity\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(server.asked(), [request]);
}

#[tokio::test]
async fn a_refusal_is_an_answer_too() {
    let answer =
        "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\n\r\n{\"error\": \"no such page\"}";
    let server = Server::answering([answer]).await;
    let output = get(&server, "http://here.test:PORT/").await.output;
    assert!(output.starts_with("HTTP 404 Not Found\n"), "{output}");
    assert!(output.ends_with("\n\n{\"error\": \"no such page\"}"), "{output}");
}

#[tokio::test]
async fn what_is_not_text_is_described() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 4\r\n\r\n\u{89}PN";
    let server = Server::answering([answer]).await;
    let output = get(&server, "http://here.test:PORT/").await.output;
    assert!(output.ends_with("content-type: image/png\n\n[not shown: it is not text, 4 bytes]"), "{output}");
}

#[tokio::test]
async fn a_long_body_is_cut() {
    let server = Server::answering([text(&"a".repeat(100_000))]).await;
    let result = get_within(&server, "http://here.test:PORT/", |config| config.max_body_bytes = 1000).await;
    let (_, body) = result.output.split_once("\n\n").unwrap();
    assert_eq!(body, format!("{}\n[cut: the first 1000 bytes]", "a".repeat(1000)));
}

#[tokio::test]
async fn a_body_as_long_as_allowed_is_not() {
    let server = Server::answering([text("12345")]).await;
    let result = get_within(&server, "http://here.test:PORT/", |config| config.max_body_bytes = 5).await;
    assert!(result.output.ends_with("\n\n12345"), "{}", result.output);
}

#[tokio::test]
async fn a_body_without_end_is_cut() {
    let mut answer =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    answer.extend(b"5\r\nhello\r\n".repeat(100));
    let server = Server::answering([answer]).await;
    let result = get_within(&server, "http://here.test:PORT/", |config| config.max_body_bytes = 12).await;
    assert!(result.output.ends_with("\n\nhellohellohe\n[cut: the first 12 bytes]"), "{}", result.output);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_failure() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nhello";
    let server = Server::answering([answer]).await;
    let error = error(get(&server, "http://here.test:PORT/").await);
    assert!(error.starts_with("the answer broke off: "), "{error}");
}

#[tokio::test]
async fn a_long_head_is_refused() {
    let answer =
        format!("HTTP/1.1 200 OK\r\nx-long: {}\r\ncontent-type: text/plain\r\n\r\nhello", "a".repeat(20_000));
    let server = Server::answering([answer]).await;
    let error = error(get(&server, "http://here.test:PORT/").await);
    assert_eq!(error, "'here.test' did not answer: message head is too large");
}

#[tokio::test]
async fn what_is_no_http_is_a_failure() {
    let server = Server::answering(["SSH-2.0-OpenSSH_9.2\r\n\r\n"]).await;
    let error = error(get(&server, "http://here.test:PORT/").await);
    assert!(error.starts_with("'here.test' did not answer: "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_waited_for_only_so_long() {
    let server = Server::answering(Vec::<String>::new()).await;
    let error = error(get_within(&server, "http://here.test:PORT/", |config| config.timeout_ms = 700).await);
    assert_eq!(error, "it took longer than 700 ms");
}

#[tokio::test]
async fn redirects_are_followed() {
    let server = Server::answering([
        redirect("301 Moved Permanently", "/b"),
        redirect("302 Found", "c?d=e"),
        redirect("308 Permanent Redirect", "#f"),
        text("there"),
    ])
    .await;
    let output = get(&server, "http://here.test:PORT/a/").await.output;
    let expected = format!("HTTP 200 OK\naddress: http://here.test:{}/c?d=e\n", server.port);
    assert!(output.starts_with(&expected) && output.ends_with("\n\nthere"), "{output}");
    let asked = server.asked();
    let lines: Vec<&str> = asked.iter().map(|head| head.lines().next().unwrap()).collect();
    assert_eq!(lines, ["GET /a/ HTTP/1.1", "GET /b HTTP/1.1", "GET /c?d=e HTTP/1.1", "GET /c?d=e HTTP/1.1"]);
}

#[tokio::test]
async fn a_fourth_redirect_is_not_followed() {
    let server = Server::answering(vec![redirect("302 Found", "/again"); 4]).await;
    let error = error(get(&server, "http://here.test:PORT/").await);
    assert_eq!(
        error,
        format!("there are more than 3 redirects, the last to http://here.test:{}/again", server.port)
    );
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn a_redirect_to_another_allowed_host_is_followed() {
    let listening = Server::answering([text("other")]).await;
    let port = listening.port;
    let first = Server::answering([redirect("302 Found", &format!("http://other.test:{port}/"))]).await;
    let allowed = [format!("here.test:{}", first.port), format!("other.test:{port}")];
    let tools = tools(HttpGetConfig::allowing(allowed), Network::with(resolve, anywhere));
    let result = tools.execute("http_get", json!({"url": format!("http://here.test:{}/", first.port)})).await;
    assert!(result.output.ends_with("\n\nother"), "{result:?}");
}

#[tokio::test]
async fn a_redirect_off_the_list_is_refused() {
    for location in
        ["http://evil.test/", "//evil.test/", "http://here.test/", "https://here.test/", "http://127.0.0.1/"]
    {
        let server = Server::answering([redirect("302 Found", location)]).await;
        let error = error(get(&server, "http://here.test:PORT/").await);
        assert!(error.contains("may not be asked; allowed are: here.test:"), "{location}: {error}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_elsewhere_than_the_web_is_refused() {
    let server = Server::answering([redirect("302 Found", "file:///etc/passwd")]).await;
    let error = error(get(&server, "http://here.test:PORT/").await);
    assert_eq!(error, "it redirects, but 'file' addresses cannot be read, only http and https");
}

#[tokio::test]
async fn a_redirect_to_the_inside_is_refused() {
    let server = Server::answering([redirect("302 Found", "http://inside.test/")]).await;
    let config = HttpGetConfig::allowing([format!("here.test:{}", server.port), "inside.test".to_owned()]);
    // The server of the test stands on a loopback address; everything else is judged as it really is.
    let inside = |address: IpAddr| if address.is_loopback() { None } else { address::inside(address) };
    let tools = tools(config, Network::with(resolve, inside));
    let result =
        tools.execute("http_get", json!({"url": format!("http://here.test:{}/", server.port)})).await;
    assert_eq!(
        error(result),
        "the host 'inside.test' leads to a private address; only public addresses may be read"
    );
}

#[tokio::test]
async fn an_allowed_name_that_leads_inside_is_refused() {
    for (host, what) in [
        ("here.test", "a loopback address"),
        ("inside.test", "a private address"),
        ("half-inside.test", "a loopback address"),
        ("cloud.test", "a link-local address"),
    ] {
        let tools = tools(HttpGetConfig::allowing([host]), Network::with(resolve, address::inside));
        let result = tools.execute("http_get", json!({"url": format!("http://{host}/")})).await;
        assert_eq!(
            error(result),
            format!("the host '{host}' leads to {what}; only public addresses may be read")
        );
    }
}

/// With the network as it is used: nothing is injected.
#[tokio::test]
async fn the_machine_itself_cannot_be_asked() {
    let server = Server::answering([text("secret")]).await;
    let port = server.port;
    for host in
        ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0x7f000001", "0"]
    {
        let allowed = HttpGetConfig::allowing([format!("{host}:{port}")]);
        let tool = HttpGet::over(allowed, Network::public(), without_certificates).unwrap();
        let tools = ToolRegistry::new().with(tool).unwrap();
        for scheme in ["http", "https"] {
            let result =
                tools.execute("http_get", json!({"url": format!("{scheme}://{host}:{port}/")})).await;
            let error = error(result);
            let is_refused = error.ends_with("only public addresses may be read");
            assert!(is_refused || error.contains("cannot be found"), "{host}: {error}");
        }
    }
    assert_eq!(server.asked(), [""; 0]);
}

#[tokio::test]
async fn a_name_is_resolved_once_and_what_was_looked_at_is_connected_to() {
    let server = Server::answering([text("first"), text("second")]).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    // The first answer is good; any other would lead inside.
    let rebinding = move |_host: String, port: u16| {
        let address: IpAddr = match count.fetch_add(1, Ordering::SeqCst) {
            0 => "127.0.0.1".parse().unwrap(),
            _ => "10.0.0.5".parse().unwrap(),
        };
        async move { Ok(vec![SocketAddr::new(address, port)]) }.boxed()
    };
    let inside = |address: IpAddr| if address.is_loopback() { None } else { address::inside(address) };
    let url = format!("http://rebinding.test:{}/", server.port);
    let config = HttpGetConfig::allowing([format!("rebinding.test:{}", server.port)]);
    let tools = tools(config, Network::with(rebinding, inside));
    let first = tools.execute("http_get", json!({"url": url})).await;
    assert!(first.output.ends_with("\n\nfirst"), "{first:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let second = error(tools.execute("http_get", json!({"url": url})).await);
    assert!(second.ends_with("leads to a private address; only public addresses may be read"), "{second}");
}

#[tokio::test]
async fn over_tls_the_name_is_asked_for_and_a_stranger_is_not_believed() {
    let server = Server::answering(["HTTP/1.1 400 Bad Request\r\n\r\n"]).await;
    let error = error(get(&server, "https://here.test:PORT/").await);
    assert!(error.starts_with("cannot connect to 'here.test': "), "{error}");
    assert!(server.asked()[0].contains("here.test"), "the name is not in the greeting");
}

#[tokio::test]
async fn a_host_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let allowed = [format!("here.test:{port}"), "nowhere.test".to_owned()];
    let tools = tools(HttpGetConfig::allowing(allowed), Network::with(resolve, anywhere));
    let refused = tools.execute("http_get", json!({"url": format!("http://here.test:{port}/")})).await;
    assert!(error(refused).starts_with("cannot connect to 'here.test': Connection refused"));
    let nowhere = tools.execute("http_get", json!({"url": "http://nowhere.test/"})).await;
    assert_eq!(error(nowhere), "the host 'nowhere.test' has no address");
}

#[tokio::test]
async fn the_next_address_is_tried() {
    let server = Server::answering([text("hello")]).await;
    // Nobody listens on the first: the server has 127.0.0.1 only.
    let resolve = |_host: String, port: u16| {
        let addresses =
            ["127.0.0.2", "127.0.0.1"].map(|address| SocketAddr::new(address.parse().unwrap(), port));
        async move { Ok(addresses.to_vec()) }.boxed()
    };
    let config = HttpGetConfig::allowing([format!("here.test:{}", server.port)]);
    let tools = tools(config, Network::with(resolve, anywhere));
    let result =
        tools.execute("http_get", json!({"url": format!("http://here.test:{}/", server.port)})).await;
    assert!(result.output.ends_with("\n\nhello"), "{result:?}");
}

#[tokio::test]
async fn a_model_is_told_which_hosts_there_are() {
    let config = HttpGetConfig::allowing(["example.com", "*.example.org"]);
    let tools = tools(config, Network::with(resolve, anywhere));
    let spec = tools.specs().remove(0);
    assert_eq!(
        spec.description.as_deref(),
        Some(
            "Reads a web page or another text by HTTP GET. Only these hosts may be asked: example.com, *.example.org."
        )
    );
    assert!(tools.is_idempotent());
}

#[test]
fn without_hosts_there_is_no_tool() {
    let error = HttpGet::new(HttpGetConfig::default()).err().map(|error| error.to_string());
    assert_eq!(
        error.as_deref(),
        Some("http_get has no allowed_hosts; name the hosts it may ask, such as \"*.example.com\"")
    );
}

#[test]
fn a_configuration_with_an_unknown_key_is_refused() {
    let refused = serde_json::from_str::<HttpGetConfig>(r#"{"allowed_hosts": [], "max_bytes": 1}"#);
    assert!(refused.is_err());
}
