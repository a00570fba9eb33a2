//! `playhouse chat`: a streaming client for a running server, in the terminal or in a pipe.
//!
//! In reading order: [`api`] is the server's native chat; [`printer`] writes an answer as it comes, and the [`step`]s of an agent;
//! [`once`] asks one question; [`conversation`] is the prompt, with the [`line`]s it understands.

mod api;
mod conversation;
mod line;
mod once;
mod printer;
mod step;

use secrecy::SecretString;

use self::api::ChatClient;
use super::small_runtime;
use crate::args::ChatArgs;
use crate::console::Console;
use crate::failure::Failure;
use crate::http_client::ServerUrl;

const DEFAULT_URL: &str = "http://127.0.0.1:8000";

/// What goes on from one question to the next.
#[derive(Clone, Debug, Default)]
struct Thread {
    session_id: Option<String>,
    model: Option<String>,
    agent: Option<String>,
}

pub(super) fn run(args: ChatArgs, console: &Console) -> Result<u8, Failure> {
    let url =
        args.url.as_deref().or_else(|| console.environment.text("PLAYHOUSE_URL")).unwrap_or(DEFAULT_URL);
    let url = ServerUrl::parse(url).map_err(Failure::Usage)?;
    let api_key: Option<SecretString> =
        args.api_key.or_else(|| console.environment.get("PLAYHOUSE_API_KEY").cloned());
    let client = ChatClient::new(url, api_key);
    let thread = Thread { session_id: args.session, model: args.model, agent: args.agent };
    let runtime = small_runtime()?;
    match args.message {
        Some(message) => runtime.block_on(once::ask(&client, &thread, &message, console)),
        None if console.is_conversation() => conversation::hold(&runtime, &client, thread, console),
        None => runtime.block_on(once::ask(&client, &thread, &once::read_input()?, console)),
    }
}
