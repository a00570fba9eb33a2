//! Checks of `[server]` and `[auth]`: where it listens, and who may call.

use secrecy::ExposeSecret;

use super::View;
use super::providers::flaw_of_key;
use crate::config::address;
use crate::config::problem::Problem;

const LISTEN: [&str; 2] = ["server", "listen"];

pub(super) fn review(view: &View<'_>, problems: &mut Vec<Problem>) {
    match bad_listen(view) {
        Some(problem) => problems.push(problem),
        None => problems.extend(open_to_others(view)),
    }
    if view.config.server.data_dir.as_os_str().is_empty() {
        problems
            .push(view.problem(&["server", "data_dir"], "server.data_dir is empty").label("name a folder"));
    }
    problems.extend(bad_keys(view));
}

fn bad_listen(view: &View<'_>) -> Option<Problem> {
    let (host, port) = address::split(&view.config.server.listen);
    let is_port = port.is_some_and(|port| port.parse::<u16>().is_ok());
    let reason = match (host.is_empty(), is_port) {
        (_, false) => "the port must be a number from 0 to 65535",
        (true, true) => "the host is missing: 127.0.0.1 for this machine alone, 0.0.0.0 for every address",
        (false, true) if host.contains(char::is_whitespace) || host.contains('/') => {
            "write host:port, without http://"
        }
        (false, true) => return None,
    };
    Some(view.problem(&LISTEN, "the address to listen on cannot be used").label(reason))
}

/// Refuses to listen where others can reach it while anybody may call.
fn open_to_others(view: &View<'_>) -> Option<Problem> {
    let (host, _) = address::split(&view.config.server.listen);
    let server = &view.config.server;
    let is_open = view.config.auth.api_keys.is_empty() && !server.allow_open;
    (is_open && !address::is_loopback(host)).then(|| {
        view.problem(
            &LISTEN,
            format!("listening on {} without API keys would let anybody on the network call", server.listen),
        )
        .label("others can reach this")
        .help("set PLAYHOUSE_API_KEYS to one or more keys, separated by commas")
        .help("or listen on this machine only: server.listen = \"127.0.0.1:8000\"")
        .help("or allow it, behind something that checks callers: --allow-open, server.allow_open = true")
    })
}

fn bad_keys(view: &View<'_>) -> Option<Problem> {
    let keys = &view.config.auth.api_keys;
    let flaw = |(index, key)| flaw_of_key(key).map(|reason| (index, reason));
    let (index, reason) = keys.iter().map(|key| key.expose_secret()).enumerate().find_map(flaw)?;
    let which =
        if keys.len() == 1 { "the API key".to_owned() } else { format!("API key number {}", index + 1) };
    let message = format!("{which} in auth.api_keys cannot be used");
    Some(view.item_problem(&["auth", "api_keys"], index, message).label(reason))
}
