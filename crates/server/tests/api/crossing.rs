//! The crossing law: what is scripted once comes out the same over every inbound and upstream protocol.
//!
//! `docs/protocols.md` says what does not cross; the test of `wire` holds it against the code. Run with
//! `--no-capture` to see the matrix.

use std::time::Duration;

use playhouse_llm::{ChoiceDelta, ReasoningWish};
use playhouse_llm::{
    Chunk, Error, ErrorKind, Extra, FinishReason, Message, OutputForm, OutputSchema, Part, PartDelta, Prompt,
    Provider, Reply, Request, Role, Shape, ToolCall, ToolChoice, ToolSpec, Usage, collect,
};
use playhouse_mock::{Answer, MockProvider};
use playhouse_provider::{Endpoint, HttpClient, HttpProvider, ProviderConfig, vendor};
use playhouse_server::App;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// A vendor of each protocol.
const VENDORS: [&str; 3] = ["custom", "custom-anthropic", "custom-responses"];

/// An app behind a socket, for as long as this lives.
struct Socket {
    base_url: String,
    serving: JoinHandle<bool>,
    _data_dir: TempDir,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn listening(provider: impl Provider + 'static) -> Socket {
    let data_dir = tempfile::tempdir().unwrap();
    let app = App::with_provider(provider, data_dir.path()).unwrap();
    let listener = playhouse_server::Listener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.address());
    let limits = (&playhouse_server::ServerConfig::default()).into();
    let lifecycle = app.lifecycle().clone();
    let serving = tokio::spawn(listener.serve(app.front(), limits, lifecycle, std::future::pending()));
    Socket { base_url, serving, _data_dir: data_dir }
}

/// Reaches what listens there in the protocol of this vendor.
fn reach(name: &str, socket: &Socket) -> HttpProvider {
    let config = ProviderConfig { base_url: Some(socket.base_url.clone()), ..ProviderConfig::default() };
    let vendor = vendor(name).unwrap();
    let endpoint = Endpoint::new(vendor, &config).unwrap();
    HttpProvider::new("there", endpoint, vendor.codec, HttpClient::new(Duration::from_secs(5)).unwrap())
}

/// A mock that says one thing, and a way to it for each pair of protocols: client → gateway → mock.
struct Crossing {
    mock: MockProvider,
    _upstream: Socket,
    gateways: Vec<(&'static str, Socket)>,
}

impl Crossing {
    async fn to(answer: Answer) -> Self {
        let mock = MockProvider::new(move |_: &Request| answer.clone());
        let upstream = listening(mock.clone()).await;
        let mut gateways = Vec::new();
        for name in VENDORS {
            gateways.push((name, listening(reach(name, &upstream)).await));
        }
        Self { mock, _upstream: upstream, gateways }
    }

    /// Every pair, named, with a client of the first protocol.
    fn pairs(&self) -> impl Iterator<Item = (String, HttpProvider)> {
        let protocol = |name| vendor(name).unwrap().codec.protocol();
        self.gateways.iter().flat_map(move |(upstream, gateway)| {
            VENDORS.iter().map(move |inbound| {
                let name = format!("{} over {}", protocol(inbound), protocol(upstream));
                (name, reach(inbound, gateway))
            })
        })
    }
}

fn said(parts: Vec<PartDelta>) -> Chunk {
    Chunk { choices: vec![ChoiceDelta { parts, ..ChoiceDelta::default() }], ..Chunk::default() }
}

fn fragment(index: u32, id: &str, name: &str, arguments: &str) -> Chunk {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let arguments = Some(arguments.to_owned());
    let (id, name) = (some(id), some(name));
    said(vec![PartDelta::ToolCall { index, id, name, arguments, extra: Extra::new() }])
}

fn answer_of(pieces: Vec<Chunk>, finish: FinishReason) -> Answer {
    let usage = Usage { cached_tokens: Some(4), ..Usage::new(17, 9) };
    let ends = [Chunk::finish(finish), Chunk::usage(usage)];
    Answer::chunks(std::iter::once(Chunk::start()).chain(pieces).chain(ends).collect())
}

/// What can be said.
fn answers() -> Vec<(&'static str, Answer)> {
    let reasoned = || PartDelta::Reasoning { text: "Let me think.".into(), field: "reasoning".into() };
    vec![
        (
            "text",
            answer_of(
                vec![Chunk::text("Gr\u{fc}\u{df}e, \"Welt\"!\n"), Chunk::text("\u{1f600}")],
                FinishReason::Stop,
            ),
        ),
        ("cut text", answer_of(vec![Chunk::text("Once upon")], FinishReason::Length)),
        ("filtered text", answer_of(vec![Chunk::text("I am")], FinishReason::ContentFilter)),
        ("refusal", answer_of(vec![said(vec![PartDelta::Refusal("I won't.".into())])], FinishReason::Stop)),
        ("reasoning", answer_of(vec![said(vec![reasoned()]), Chunk::text("42")], FinishReason::Stop)),
        (
            "text and a tool call",
            answer_of(
                vec![
                    Chunk::text("I'll look."),
                    fragment(0, "call_1", "find", "{\"q\":"),
                    fragment(0, "", "", "1}"),
                ],
                FinishReason::ToolCalls,
            ),
        ),
        (
            "parallel tool calls, their fragments in between each other",
            answer_of(
                vec![
                    fragment(0, "call_1", "add", ""),
                    fragment(1, "call_2", "find", "{\"q\":"),
                    fragment(0, "", "", "{\"x\":1,"),
                    fragment(1, "", "", "\"y\"}"),
                    fragment(0, "", "", "\"y\":2}"),
                    fragment(2, "call_3", "now", "{}"),
                ],
                FinishReason::ToolCalls,
            ),
        ),
    ]
}

/// What a reader of an answer cares about.
#[derive(Debug, PartialEq)]
struct Essence {
    spoken: String,
    reasoning: String,
    finish: Option<FinishReason>,
    calls: Vec<[String; 3]>,
    usage: Option<(u64, u64, u64, Option<u64>)>,
}

fn essence(reply: &Reply) -> Essence {
    let message = &reply.choices[0].message;
    let reasoning = message.parts.iter().filter_map(|part| match part {
        Part::Reasoning { text, .. } => Some(text.as_str()),
        _ => None,
    });
    let counts = |usage: &Usage| {
        (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.cached_tokens)
    };
    Essence {
        spoken: message.spoken(),
        reasoning: reasoning.collect(),
        finish: reply.finish().cloned(),
        calls: message
            .tool_calls()
            .map(|call| [&call.id, &call.name, &call.arguments].map(Clone::clone))
            .collect(),
        usage: reply.usage.as_ref().map(counts),
    }
}

#[tokio::test]
async fn answers_cross() {
    for (name, answer) in answers() {
        let crossing = Crossing::to(answer).await;
        for stream in [true, false] {
            let request = || Request::new("m-1", Prompt::new(vec![Message::user("Hi")])).streamed(stream);
            let direct = collect(crossing.mock.chat(request()).await.unwrap()).await.unwrap();
            for (pair, client) in crossing.pairs() {
                let crossed = collect(client.chat(request()).await.unwrap()).await.unwrap();
                let how = if stream { "streamed" } else { "whole" };
                assert_eq!(essence(&crossed), essence(&direct), "{name}, {how}, {pair}");
                println!("same: {pair}, {how}: {name}");
            }
        }
    }
}

fn tool_call(id: &str, name: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, extra: Extra::new() })
}

fn spoken_by(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, shape: Shape::Parts, extra: Extra::new() }
}

/// A conversation with everything in it that crosses.
fn full_prompt() -> Prompt {
    let schema = json!({ "type": "object", "properties": { "q": { "type": "string" } }, "required": ["q"] });
    let image = Part::Image { url: "data:image/png;base64,iVBORw0KGgo=".into(), extra: Extra::new() };
    let linked = Part::Image { url: "https://example.com/cat.png".into(), extra: Extra::new() };
    let result =
        |id: &str, text: &str| spoken_by(Role::Tool, vec![Part::tool_result(id, vec![Part::text(text)])]);
    Prompt {
        tools: vec![ToolSpec {
            name: "find".into(),
            description: Some("Finds it.".into()),
            parameters: Some(schema.clone()),
            strict: Some(true),
            extra: Extra::new(),
        }],
        tool_choice: Some(ToolChoice::Tool("find".into())),
        parallel_tools: Some(false),
        output: Some(OutputForm::Schema(OutputSchema {
            name: "answer".into(),
            schema: Some(schema),
            ..OutputSchema::default()
        })),
        max_tokens: Some(30_000),
        temperature: Some(0.5),
        top_p: Some(0.25),
        stop: vec!["END".into()],
        end_user: Some("ada".into()),
        ..Prompt::new(vec![
            Message::system("Be brief."),
            spoken_by(Role::User, vec![Part::text("What is this?"), image, linked]),
            spoken_by(
                Role::Assistant,
                vec![
                    Part::text("I'll look."),
                    tool_call("c1", "find", r#"{"q":"a"}"#),
                    tool_call("c2", "find", r#"{"q":"b"}"#),
                ],
            ),
            result("c1", "a cat"),
            result("c2", "a hat"),
            Message::user("So?"),
        ])
    }
}

/// Who says what, whatever message it stands in: some protocols have the results of tools said by the user.
fn conversation(prompt: &Prompt) -> Vec<String> {
    let told = |role: Role, part: &Part| match part {
        Part::Text { text, .. } => format!("{role:?}: {text}"),
        Part::Image { url, .. } => format!("{role:?} shows {url}"),
        Part::ToolCall(call) => format!("calls {} {} {}", call.id, call.name, call.arguments),
        Part::ToolResult { call_id, parts, .. } => format!("{call_id} gave {parts:?}"),
        other => format!("{role:?}: {other:?}"),
    };
    let messages = prompt.messages.iter();
    messages.flat_map(|message| message.parts.iter().map(|part| told(message.role, part))).collect()
}

fn settings(prompt: &Prompt) -> String {
    let tools: Vec<_> = prompt
        .tools
        .iter()
        .map(|tool| (&tool.name, &tool.description, &tool.parameters, tool.strict))
        .collect();
    let schema = prompt.output.as_ref().map(OutputForm::schema);
    format!(
        "{tools:?} {:?} {:?} {schema:?} {:?} {:?} {:?} {:?} {:?}",
        prompt.tool_choice,
        prompt.parallel_tools,
        prompt.max_tokens,
        prompt.temperature,
        prompt.top_p,
        prompt.stop,
        prompt.end_user,
    )
}

/// What of a prompt can be said over a pair of protocols: Responses have no stop sequences.
fn sayable(prompt: Prompt, pair: &str) -> Prompt {
    let stop = if pair.contains("responses") { Vec::new() } else { prompt.stop };
    Prompt { stop, ..prompt }
}

#[tokio::test]
async fn requests_cross() {
    let crossing = Crossing::to(Answer::text("A cat in a hat.")).await;
    for (pair, client) in crossing.pairs() {
        let prompt = sayable(full_prompt(), &pair);
        let request = Request::new("m-1", prompt.clone());
        collect(client.chat(request).await.unwrap()).await.unwrap();
        let heard = crossing.mock.journal().requests().pop().unwrap().prompt().unwrap().clone();
        assert_eq!(conversation(&heard), conversation(&prompt), "{pair}");
        assert_eq!(settings(&heard), settings(&prompt), "{pair}");
        println!("same: {pair}: everything that is asked");
    }
}

#[tokio::test]
async fn what_responses_cannot_say_is_refused_where_they_are_upstream() {
    let crossing = Crossing::to(Answer::text("Hi")).await;
    for (pair, client) in crossing.pairs() {
        let prompt = Prompt { stop: vec!["END".into()], ..Prompt::new(vec![Message::user("Hi")]) };
        let answered = client.chat(Request::new("m-1", prompt)).await;
        let (inbound, upstream) = pair.split_once(" over ").unwrap();
        match answered {
            // A client of Responses had nothing to say it with.
            Ok(_) => assert!(upstream != "openai-responses" || inbound == upstream, "{pair}"),
            Err(error) => {
                assert_eq!(upstream, "openai-responses", "{pair}: {error}");
                assert!(error.message.contains("stop sequences"), "{pair}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn how_much_is_reasoned_crosses_as_a_word_or_as_tokens() {
    let crossing = Crossing::to(Answer::text("42")).await;
    for (pair, client) in crossing.pairs() {
        let reasoning = Some(ReasoningWish::of_effort("medium"));
        let prompt = Prompt { reasoning, ..Prompt::new(vec![Message::user("6 * 7?")]) };
        collect(client.chat(Request::new("m-1", prompt)).await.unwrap()).await.unwrap();
        let heard = crossing.mock.journal().requests().pop().unwrap().prompt().unwrap().clone();
        let wish = heard.reasoning.unwrap();
        assert_eq!((wish.in_a_word(), wish.in_tokens()), ("medium", 8_192), "{pair}");
    }
}

#[tokio::test]
async fn failures_cross_with_their_status_message_and_wait() {
    for (kind, status) in [
        (ErrorKind::InvalidRequest, 400),
        (ErrorKind::Unauthenticated, 401),
        (ErrorKind::PermissionDenied, 403),
        (ErrorKind::NotFound, 404),
        (ErrorKind::TooLarge, 413),
        (ErrorKind::RateLimited, 429),
        (ErrorKind::Internal, 500),
        (ErrorKind::Overloaded, 503),
    ] {
        let refusal = Error::new(kind, "no model for you").retry_after(Duration::from_secs(7));
        let crossing = Crossing::to(Answer::failure(refusal)).await;
        for (pair, client) in crossing.pairs() {
            for stream in [true, false] {
                let request = Request::new("m-1", Prompt::new(vec![Message::user("Hi")])).streamed(stream);
                let error = client.chat(request).await.err().unwrap();
                let seen = (error.upstream_status(), error.message.as_str(), error.retry_after);
                let expected = (Some(status), "no model for you", Some(Duration::from_secs(7)));
                assert_eq!(seen, expected, "{pair}");
                // It is told in the caller's own protocol, not in the upstream's.
                assert!(error.upstream.unwrap().body.is_some(), "{pair}: {status}");
            }
        }
        println!("same: every pair: a refusal with status {status}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_told_so() {
    let broken =
        Answer::text("Hello there, you").broken_by(Error::new(ErrorKind::Interrupted, "it was cut off"));
    let crossing = Crossing::to(broken).await;
    for (pair, client) in crossing.pairs() {
        let request = Request::new("m-1", Prompt::new(vec![Message::user("Hi")])).streamed(true);
        let error = collect(client.chat(request).await.unwrap()).await.unwrap_err();
        assert!(error.message.contains("it was cut off"), "{pair}: {}", error.message);
    }
}
