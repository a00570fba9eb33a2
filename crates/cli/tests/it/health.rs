//! `playhouse health` against servers that are well, not well, silent and not there.

use crate::fake_server::FakeServer;
use crate::invoke::playhouse;

#[test]
fn a_server_that_answers_200_is_well() {
    let server =
        FakeServer::answering("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"status\":\"healthy\"}");
    let told = playhouse(["health", &server.url()]).run();
    assert_eq!(told.code, 0, "{told}");
    assert!(told.stdout.starts_with(&format!("{}/health answered 200 in ", server.url())), "{told}");
    assert!(server.last_request().starts_with("GET /health HTTP/1.1\r\n"));
}

#[test]
fn one_that_answers_anything_else_is_not() {
    let server = FakeServer::answering("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    let told = playhouse(["health", "--ready", &server.url()]).run();
    assert_eq!(told.code, 1, "{told}");
    assert_eq!(told.stderr, format!("error: {}/health/ready answered 503\n", server.url()));
}

#[test]
fn one_that_says_nothing_is_given_up() {
    let server = FakeServer::answering("");
    let told = playhouse(["health", &server.url(), "--timeout-ms", "50"]).run();
    assert_eq!(told.code, 1, "{told}");
    assert_eq!(told.stderr, format!("error: {}/health did not answer within 50 ms\n", server.url()));
}

#[test]
fn the_configured_address_is_asked_when_none_is_named() {
    let server = FakeServer::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    // As in a container: everybody's address, no providers in sight, and a variable for the port.
    let port = server.port().to_string();
    // A secret that this user may not read is none of its business.
    let told = playhouse(["health"])
        .env("PLAYHOUSE_LISTEN", "0.0.0.0")
        .env("PORT", &port)
        .env("OPENAI_API_KEY_FILE", "/nowhere/to/be/found")
        .run();
    assert_eq!(told.code, 0, "{told}");
    assert!(told.stdout.starts_with(&format!("http://127.0.0.1:{port}/health answered 200")), "{told}");
}

#[test]
fn nobody_there_and_no_address_are_told_apart() {
    let url = FakeServer::nobody();
    let told = playhouse(["health", &url]).run();
    assert_eq!(
        (told.code, told.stderr),
        (1, format!("error: cannot reach {url}/health: connection refused\n"))
    );
    let told = playhouse(["health", "ftp://here"]).run();
    insta::assert_snapshot!(told, @r"
    exit code: 2
    ----- stderr -----
    error: 'ftp://here' cannot be asked; write http://HOST:PORT or https://HOST
    ");
}
