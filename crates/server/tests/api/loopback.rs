//! The loop-back law: what a mock says comes out the same through two sockets and two codecs.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_llm::{
    ChoiceDelta, Chunk, Extra, FinishReason, Message, PartDelta, Prompt, Provider, Reply, Request, Usage,
    collect,
};
use playhouse_mock::{Answer, MockProvider, MockServer};
use playhouse_provider::{Endpoint, HttpClient, HttpProvider, ProviderConfig, vendor};
use playhouse_server::App;
use playhouse_wire::openai::chat::OpenAiChat;

fn reach(base_url: &str) -> HttpProvider {
    let config = ProviderConfig {
        base_url: Some(base_url.to_owned()),
        headers: BTreeMap::new(),
        ..ProviderConfig::default()
    };
    let endpoint = Endpoint::new(vendor("custom").unwrap(), &config).unwrap();
    HttpProvider::new("loop", endpoint, &OpenAiChat, HttpClient::new(Duration::from_secs(5)).unwrap())
}

fn tool_call() -> Vec<Chunk> {
    let fragment = |id: Option<&str>, name: Option<&str>, arguments: &str| Chunk {
        choices: vec![ChoiceDelta {
            parts: vec![PartDelta::ToolCall {
                index: 0,
                id: id.map(str::to_owned),
                name: name.map(str::to_owned),
                arguments: Some(arguments.to_owned()),
                extra: Extra::new(),
            }],
            ..ChoiceDelta::default()
        }],
        ..Chunk::default()
    };
    vec![
        Chunk::start(),
        fragment(Some("call_1"), Some("add"), ""),
        fragment(None, None, "{\"x\":"),
        fragment(None, None, "1}"),
        Chunk::finish(FinishReason::ToolCalls),
        Chunk::usage(Usage::new(7, 3)),
    ]
}

/// What a reader of an answer cares about.
#[derive(Debug, PartialEq)]
struct Essence {
    text: String,
    finish: Option<String>,
    calls: Vec<(String, String, String)>,
    total_tokens: Option<u64>,
}

fn essence(reply: &Reply) -> Essence {
    let choice = &reply.choices[0];
    let calls = choice.message.tool_calls();
    Essence {
        text: choice.message.text(),
        finish: choice.finish.as_ref().map(ToString::to_string),
        calls: calls.map(|call| (call.id.clone(), call.name.clone(), call.arguments.clone())).collect(),
        total_tokens: reply.usage.as_ref().map(|usage| usage.total_tokens),
    }
}

#[tokio::test]
async fn what_is_said_comes_out_the_same_at_the_end() {
    for (name, answer) in [
        ("text", Answer::text("Gr\u{fc}\u{df}e, \"Welt\"!\nZwei \u{1f600}").with_usage(Usage::new(5, 4))),
        ("tool call", Answer::chunks(tool_call())),
    ] {
        for stream in [true, false] {
            let said = answer.clone();
            let mock = MockProvider::new(move |_: &Request| said.clone());
            let request = || Request::new("m-1", Prompt::new(vec![Message::user("Hi")])).streamed(stream);
            let direct = collect(mock.chat(request()).await.unwrap()).await.unwrap();

            // mock ← socket ← server ← socket ← here
            let upstream = MockServer::start(mock).await.unwrap();
            let data_dir = tempfile::tempdir().unwrap();
            let app = App::with_provider(reach(&upstream.base_url()), data_dir.path()).unwrap();
            let listener = playhouse_server::Listener::bind("127.0.0.1:0").await.unwrap();
            let base_url = format!("http://{}/v1", listener.address());
            let limits = (&playhouse_server::ServerConfig::default()).into();
            let serving = tokio::spawn(listener.serve(
                app.front(),
                limits,
                app.lifecycle().clone(),
                std::future::pending(),
            ));
            let through = collect(reach(&base_url).chat(request()).await.unwrap()).await.unwrap();
            serving.abort();

            assert_eq!(essence(&through), essence(&direct), "{name}, stream: {stream}");
        }
    }
}
