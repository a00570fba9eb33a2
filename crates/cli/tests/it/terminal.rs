//! `playhouse chat` at a terminal: a conversation typed key by key.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::fake_server::FakeServer;

const PATIENCE: Duration = Duration::from_secs(20);

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

/// A terminal with the chat client running in it.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<(Mutex<String>, Condvar)>,
    /// How much of the screen has been looked at.
    seen: usize,
}

impl Terminal {
    fn open(url: &str, environment: &[(&str, &str)]) -> Self {
        let pair = openpty(None, None).unwrap();
        let side = || Stdio::from(pair.slave.try_clone().unwrap());
        let child = Command::new(env!("CARGO_BIN_EXE_playhouse"))
            .args(["chat", "--url", url])
            .env_clear()
            .env("TERM", "xterm")
            .envs(environment.iter().copied())
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        let keyboard = File::from(pair.master);
        let screen = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let (mut shown, filled) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = shown.read(&mut chunk) {
                filled.0.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..count]));
                filled.1.notify_all();
            }
        });
        Self { child, keyboard, screen, seen: 0 }
    }

    /// Types once there is a prompt; what comes before that is not the prompt's to read.
    fn answers_prompt(&mut self, keys: &str) {
        self.sees("> ");
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this has come to stand below what has been looked at.
    fn sees(&mut self, text: &str) {
        let screen = self.screen.0.lock().unwrap();
        let (seen, waiting) = (self.seen, |screen: &mut String| !screen[self.seen..].contains(text));
        let (screen, waited) = self.screen.1.wait_timeout_while(screen, PATIENCE, waiting).unwrap();
        assert!(!waited.timed_out(), "no {text:?} in:\n{}", &screen[seen..]);
        self.seen = seen + screen[seen..].find(text).unwrap() + text.len();
    }

    fn interrupt(&self) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    }
}

fn say(stream: &mut TcpStream) {
    let answer = "event: delta\ndata: {\"content\":\"Hello\\u001b[31m!\"}\n\nevent: done\n\
        data: {\"session_id\":\"s1\",\"turn_id\":\"t1\",\"model\":\"m-1\",\"finish_reason\":\"stop\",\
        \"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}\n\n";
    stream.write_all(format!("{HEAD}{answer}").as_bytes()).unwrap();
}

#[test]
fn a_conversation_goes_on_until_ctrl_d() {
    let server = FakeServer::saying(say);
    let mut terminal = Terminal::open(&server.url(), &[("NO_COLOR", "1")]);
    terminal.sees("/help lists the commands, Ctrl-D leaves\r\n");
    terminal.answers_prompt("Hi\r");
    // Without what would have coloured the terminal.
    terminal.sees("Hello[31m!");
    terminal.sees("12 tokens in, 3 out · ");
    terminal.sees(" s · m-1");
    terminal.answers_prompt("/model fast\r");
    terminal.sees("model fast from here");
    terminal.answers_prompt("More\r");
    terminal.sees("12 tokens in");
    terminal.answers_prompt("/session ada\r");
    terminal.sees("session ada from here");
    terminal.answers_prompt("/nonsense\r");
    terminal.sees("there is no command '/nonsense'; /help lists them");
    terminal.answers_prompt("And more\r");
    terminal.sees("12 tokens in");
    terminal.answers_prompt(CTRL_C);
    terminal.sees("Ctrl-D leaves");
    terminal.answers_prompt(CTRL_D);
    terminal.sees("to go on later: playhouse chat --session s1");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(0));

    let bodies = server.bodies();
    let session_id = bodies[0]["session_id"].as_str().unwrap();
    assert_eq!(
        bodies[0],
        json!({"message": "Hi", "stream": true, "on_disconnect": "cancel", "session_id": session_id})
    );
    assert_eq!(
        bodies[1],
        json!({"message": "More", "stream": true, "on_disconnect": "cancel", "session_id": "s1", "model": "fast"})
    );
    assert_eq!(
        bodies[2],
        json!({"message": "And more", "stream": true, "on_disconnect": "cancel", "session_id": "ada", "model": "fast"})
    );
}

#[test]
fn an_answer_can_be_stopped_and_the_conversation_goes_on() {
    let server = FakeServer::saying(|stream: &mut TcpStream| {
        let piece = "event: delta\ndata: {\"content\":\"Once upon\"}\n\n";
        stream.write_all(format!("{HEAD}{piece}").as_bytes()).unwrap();
        // The client hangs up, and then there is nothing to read.
        assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
    });
    let mut terminal = Terminal::open(&server.url(), &[]);
    terminal.sees("\x1b[2mhttp://127.0.0.1:");
    for question in ["Tell me a story\r", "Go on\r"] {
        terminal.answers_prompt(question);
        terminal.sees("Once upon");
        terminal.interrupt();
        terminal.sees("stopped");
    }
    terminal.answers_prompt("/quit\r");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(0));
    let bodies = server.bodies();
    assert!(bodies[0]["session_id"].is_string());
    assert_eq!(bodies[0]["session_id"], bodies[1]["session_id"], "the same conversation");
}
