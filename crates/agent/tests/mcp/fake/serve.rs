//! The fake itself: what it does when it is started.

use std::io::{self, BufRead, Lines, StdinLock, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

#[test]
#[ignore = "is the fake server; the tests start it"]
fn serve() {
    // The harness has written to this line already.
    println!();
    let Some(start) = variable("FAKE_START") else { return };
    let mut fake = Fake::begin();
    match start.as_str() {
        "Silent" => fake.read_on(),
        "Exit" => fake.give_up(),
        "Once" if fake.started_before => fake.give_up(),
        "Noise" => fake.make_noise(),
        "Complaining" => fake.complain(),
        _ => {}
    }
    while let Some(message) = fake.next() {
        fake.answer(&start, &message);
    }
    if start == "Stubborn" {
        loop {
            std::thread::park();
        }
    }
}

struct Fake {
    input: Lines<StdinLock<'static>>,
    lifeline: UnixStream,
    started_before: bool,
    heard: Vec<Value>,
    extra_tools: usize,
}

impl Fake {
    fn begin() -> Self {
        let starts = variable("FAKE_STARTS").unwrap();
        let started_before = std::fs::metadata(&starts).is_ok();
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(starts).unwrap();
        log.write_all(b"x").unwrap();
        let lifeline = UnixStream::connect(variable("FAKE_LIFELINE").unwrap()).unwrap();
        let input = io::stdin().lock().lines();
        Self { input, lifeline, started_before, heard: Vec::new(), extra_tools: 0 }
    }

    fn next(&mut self) -> Option<Value> {
        let line = self.input.next()?.ok()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    fn read_on(&mut self) {
        while self.next().is_some() {}
    }

    fn give_up(&self) -> ! {
        eprintln!("cannot go on with {}", variable("FAKE_SECRET").unwrap());
        std::process::exit(3);
    }

    fn make_noise(&self) {
        while writeln!(io::stdout(), "Listening on {}", variable("FAKE_SECRET").unwrap()).is_ok() {}
    }

    fn complain(&self) {
        let line = format!("{}\n", "complaint ".repeat(100));
        for _ in 0..20_000 {
            io::stderr().write_all(line.as_bytes()).unwrap();
        }
    }

    fn answer(&mut self, start: &str, message: &Value) {
        let id = &message["id"];
        match message["method"].as_str().unwrap_or_default() {
            "initialize" if start == "Nonsense" => reply(id, json!("nonsense")),
            "initialize" if start == "Newer" => refuse(id, -32601, "Method not found"),
            "initialize" => reply(
                id,
                json!({
                    "protocolVersion": message["params"]["protocolVersion"],
                    "capabilities": {"tools": {"listChanged": true}},
                    "serverInfo": {"name": "fake", "version": "1"},
                }),
            ),
            "server/discover" if start == "Newer" => reply(
                id,
                json!({
                    "supportedVersions": ["2026-07-28"],
                    "capabilities": {"tools": {}},
                    "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
                }),
            ),
            "tools/list" => reply(id, self.tools()),
            "tools/call" => self.run(id, &message["params"]),
            _ => self.heard.push(message.clone()),
        }
    }

    fn tools(&self) -> Value {
        let names = [
            "echo",
            "fail",
            "die",
            "environment",
            "slow",
            "heard",
            "flood",
            "noise",
            "grow",
            "ask",
            "ask_much",
            "parent",
            "pid",
            "odd name",
        ];
        let extra = (0..self.extra_tools).map(|number| format!("extra{number}"));
        let names = names.into_iter().map(str::to_owned).chain(extra);
        let tools: Vec<Value> = names
            .map(|name| json!({"name": name, "description": "A tool.", "inputSchema": {"type": "object"}}))
            .collect();
        json!({"tools": tools})
    }

    fn run(&mut self, id: &Value, params: &Value) {
        match params["name"].as_str().unwrap() {
            "echo" => reply_text(id, params["arguments"]["text"].as_str().unwrap_or_default()),
            "fail" => {
                reply(id, json!({"content": [{"type": "text", "text": "no such city"}], "isError": true}));
            }
            "die" => std::process::exit(7),
            "environment" => {
                let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
                reply_text(id, &names.join(" "));
            }
            "slow" => {}
            "heard" => reply_text(id, &json!(self.heard).to_string()),
            "flood" => flood(),
            "noise" => {
                println!(
                    "a line of a log\n{{}}\n[1, 2]\n{{\"jsonrpc\": \"2.0\", \"method\": \"notifications/odd\"}}"
                );
                reply_text(id, "through the noise");
            }
            "grow" => {
                self.extra_tools += 1;
                say(&json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
                reply_text(id, "grown");
            }
            "ask" => {
                say(&json!({
                    "jsonrpc": "2.0", "id": "question", "method": "sampling/createMessage",
                    "params": {"messages": [], "maxTokens": 1},
                }));
                let answer = self.next().unwrap();
                reply_text(id, &answer.to_string());
            }
            "ask_much" => ask_without_end(),
            "parent" => {
                let held: OwnedFd = self.lifeline.try_clone().unwrap().into();
                let mut child = Command::new("sleep");
                child.arg("1000").stdin(Stdio::from(held)).stdout(Stdio::null());
                reply_text(id, &child.spawn().unwrap().id().to_string());
            }
            "pid" => reply_text(id, &std::process::id().to_string()),
            other => refuse(id, -32602, &format!("Unknown tool: {other}")),
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// 100 MB on one line.
fn flood() {
    let piece = vec![b'x'; 1 << 20];
    let mut output = io::stdout();
    for _ in 0..100 {
        if output.write_all(&piece).is_err() {
            return;
        }
    }
}

/// Questions, and no look at the answers.
fn ask_without_end() {
    for number in 0_u64.. {
        let question = json!({"jsonrpc": "2.0", "id": format!("q{number}"), "method": "ping"});
        if writeln!(io::stdout(), "{question}").is_err() {
            return;
        }
    }
}

fn say(message: &Value) {
    println!("{message}");
}

fn reply(id: &Value, result: Value) {
    say(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
}

fn reply_text(id: &Value, text: &str) {
    reply(id, json!({"content": [{"type": "text", "text": text}]}));
}

fn refuse(id: &Value, code: i64, message: &str) {
    say(&json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}));
}
