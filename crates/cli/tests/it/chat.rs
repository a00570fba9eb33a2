//! `playhouse chat` against a server that says what the test wants.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::fake_server::FakeServer;
use crate::invoke::playhouse;

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
id: 1\nevent: delta\ndata: {\"content\":\"Hello\"}\n\n: keep-alive\n\n\
id: 2\nevent: delta\ndata: {\"content\":\", Ada!\\u001b[31m\"}\n\n\
id: 3\nevent: step\ndata: {\"kind\":\"thought\"}\n\n\
id: 4\nevent: usage\ndata: {\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}\n\n\
id: 5\nevent: done\ndata: {\"session_id\":\"s1\",\"turn_id\":\"t1\",\"model\":\"m-1\",\"finish_reason\":\"stop\",\
\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}\n\n";

#[test]
fn one_question_is_answered_and_that_is_all() {
    let server = FakeServer::answering(ANSWER);
    let url = server.url();
    let told = playhouse(["chat", "Hi there", "--url", &url, "--session", "s1", "--model", "fast"]).run();
    assert_eq!((told.code, told.stdout.as_str(), told.stderr.as_str()), (0, "Hello, Ada!\u{1b}[31m\n", ""));
    assert!(server.last_request().starts_with("POST /v1/chat HTTP/1.1\r\n"));
    let asked = serde_json::json!({"message": "Hi there", "stream": true, "on_disconnect": "cancel", "session_id": "s1", "model": "fast"});
    assert_eq!(server.bodies(), [asked]);
}

#[test]
fn a_question_may_come_through_a_pipe() {
    let server = FakeServer::answering(ANSWER);
    let told = playhouse(["chat"]).env("PLAYHOUSE_URL", &server.url()).input("  Hi\nthere\n").run();
    assert_eq!((told.code, told.stdout.as_str()), (0, "Hello, Ada!\u{1b}[31m\n"), "{told}");
    assert_eq!(
        server.bodies()[0],
        serde_json::json!({"message": "Hi\nthere", "stream": true, "on_disconnect": "cancel"})
    );
    assert!(!server.last_request().contains("authorization"));
}

#[test]
fn the_key_is_shown_to_the_server_and_to_nobody_else() {
    let refusal = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/problem+json\r\nconnection: close\r\n\r\n\
        {\"title\":\"Unauthorized\",\"status\":401,\"detail\":\"the API key is not one of this server's\"}";
    let server = FakeServer::answering(refusal);
    let told = playhouse(["chat", "Hi", "--url", &server.url()]).env("PLAYHOUSE_API_KEY", "sk-secret").run();
    assert!(server.last_request().contains("authorization: Bearer sk-secret\r\n"));
    insta::assert_snapshot!(told, @r"
    exit code: 1
    ----- stderr -----
    error: the server refused (401): the API key is not one of this server's
    Set PLAYHOUSE_API_KEY to one of the server's keys.
    ");
    let told = playhouse(["chat", "Hi", "--url", &server.url(), "--api-key", "sk-bad\nkey"]).run();
    insta::assert_snapshot!(told, @r"
    exit code: 1
    ----- stderr -----
    error: the API key has characters that no header can carry; check for line breaks
    ");
}

#[test]
fn refusals_and_broken_answers_are_told_with_what_to_do() {
    let answers = [
        ("no_question", "HTTP/1.1 200 OK\r\n\r\n", ""),
        (
            "too_many",
            "HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nconnection: close\r\n\r\n\
             {\"title\":\"Service Unavailable\",\"detail\":\"too many requests at once\"}",
            "Hi",
        ),
        (
            "another_server",
            "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n<html>nothing here</html>",
            "Hi",
        ),
        (
            "error_event",
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nevent: delta\ndata: {\"content\":\"Hel\"}\n\n\
             event: error\ndata: {\"title\":\"Bad Gateway\",\"status\":502,\"detail\":\"provider 'x' broke off\"}\n\n",
            "Hi",
        ),
        (
            "no_end",
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nevent: delta\ndata: {\"content\":\"Hel\"}\n\n",
            "Hi",
        ),
        ("not_json", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nevent: delta\ndata: {\n\n", "Hi"),
    ];
    for (name, answer, question) in answers {
        let server = FakeServer::answering(answer);
        let told = playhouse(["chat", "--url", &server.url()]).input(question).run();
        insta::assert_snapshot!(format!("chat_{name}"), told);
    }
    let url = FakeServer::nobody();
    let told = playhouse(["chat", "--url", &url, "Hi"]).run().to_string();
    insta::assert_snapshot!("chat_nobody_there", told.replace(&url, "URL"));
}

#[test]
fn an_answer_is_shown_as_it_comes_whatever_the_pieces() {
    let server = FakeServer::saying(|stream: &mut TcpStream| {
        for piece in ANSWER.as_bytes().chunks(7) {
            stream.write_all(piece).unwrap();
            stream.flush().unwrap();
            thread::sleep(Duration::from_micros(100));
        }
    });
    let told = playhouse(["chat", "Hi", "--url", &server.url()]).run();
    assert_eq!((told.code, told.stdout.as_str()), (0, "Hello, Ada!\u{1b}[31m\n"), "{told}");
}
