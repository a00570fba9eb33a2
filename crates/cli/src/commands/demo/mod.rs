//! `playhouse demo`: the whole server with the test double as its only provider.

mod actor;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use playhouse_agent::AgentConfig;
use playhouse_mock::MockProvider;

use self::actor::answer;

use super::serve::{Answering, Start, lend_environment, start};
use crate::args::ServeArgs;
use crate::config::{Purpose, load};
use crate::console::Console;
use crate::failure::Failure;

/// The agent that is there without being configured.
const AGENT: &str = "math";

pub(super) fn run(args: &ServeArgs, console: &Console) -> Result<u8, Failure> {
    let mut loaded = load(&args.flags, &console.environment, Purpose::Demo)?;
    if loaded.config.agents.is_empty() {
        loaded.config.agents.insert(AGENT.to_owned(), agent());
    }
    lend_environment(&mut loaded.config, &console.environment);
    let double = Arc::new(MockProvider::new(answer));
    let double = Answering {
        provider: double.clone(),
        models: double,
        prices: Arc::default(),
        quote: None,
        default_model: "mock",
    };
    start(Start {
        config: loaded.config,
        notices: loaded.notices,
        double: Some(double),
        color: !console.out.is_plain(),
        greet: Some(Box::new(greet)),
    })
}

/// Says on standard error what to try; standard output is the log's.
fn greet(address: SocketAddr) {
    let local = if address.ip().is_unspecified() {
        SocketAddr::from(([127, 0, 0, 1], address.port()))
    } else {
        address
    };
    // Whether anybody can read it changes nothing.
    let _ = writeln!(std::io::stderr(), "{}", welcome(&local.to_string()));
}

/// An agent for whoever has configured none.
fn agent() -> AgentConfig {
    AgentConfig {
        description: Some("Calculates.".to_owned()),
        instructions: Some("Use the calculator for every calculation.".to_owned()),
        tools: vec!["calculator".to_owned()],
        ..AgentConfig::default()
    }
}

/// What to try, for whoever sees this for the first time.
fn welcome(listen: &str) -> String {
    let url = format!("http://{listen}");
    format!(
        "\
Playhouse demo on {url}. The answers are canned; everything else is real.

Try, in a second terminal:
  playhouse chat --url {url}
  curl -N {url}/v1/chat -d '{{\"message\": \"Hello\", \"stream\": true}}' -H 'content-type: application/json'
  OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=none python your_app.py
  playhouse chat --url {url} --agent {AGENT} \"What is 17 * 23?\"
  playhouse calls

Next, with a real provider: OPENAI_API_KEY=sk-... playhouse serve
Ctrl-C ends the demo.
"
    )
}
