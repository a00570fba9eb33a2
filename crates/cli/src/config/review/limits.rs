//! Checks of bounds: a timeout or limit of zero would refuse everything.

use super::View;
use crate::config::problem::Problem;

pub(super) fn review(view: &View<'_>, problems: &mut Vec<Problem>) {
    let server = &view.config.server;
    let upstream = &view.config.upstream;
    let redis = &view.config.redis;
    let bounds = [
        ("server", "max_body_bytes", server.max_body_bytes as u64),
        ("server", "max_connections", server.max_connections as u64),
        ("server", "max_concurrent_requests", server.max_concurrent_requests as u64),
        ("server", "header_timeout_ms", server.header_timeout_ms),
        ("server", "body_timeout_ms", server.body_timeout_ms),
        ("server", "idle_timeout_ms", server.idle_timeout_ms),
        ("server", "write_timeout_ms", server.write_timeout_ms),
        ("upstream", "connect_timeout_ms", upstream.connect_timeout_ms),
        ("upstream", "first_token_timeout_ms", upstream.first_token_timeout_ms),
        ("upstream", "idle_timeout_ms", upstream.idle_timeout_ms),
        ("upstream", "total_timeout_ms", upstream.total_timeout_ms),
        ("upstream", "max_reply_bytes", upstream.max_reply_bytes as u64),
        ("upstream", "max_line_bytes", upstream.max_line_bytes as u64),
        ("redis", "command_timeout_ms", redis.command_timeout_ms),
        ("redis", "connect_timeout_ms", redis.connect_timeout_ms),
        ("chat", "history_messages", view.config.chat.history_messages.into()),
        ("chat", "history_tokens", view.config.chat.history_tokens.into()),
    ];
    for (section, key, _) in bounds.into_iter().filter(|(_, _, bound)| *bound == 0) {
        let problem = view.problem(&[section, key], format!("{section}.{key} is zero"));
        problems.push(problem.label(consequence(key)));
    }
    if upstream.retry_base_ms > upstream.retry_max_ms {
        let message = "upstream.retry_base_ms is longer than upstream.retry_max_ms";
        problems.push(
            view.problem(&["upstream", "retry_base_ms"], message)
                .label(format!("at most {}", upstream.retry_max_ms)),
        );
    }
}

fn consequence(key: &str) -> &'static str {
    match key {
        _ if key.ends_with("_timeout_ms") => {
            "everything would time out at once; remove the key for the default"
        }
        _ if key.starts_with("history_") => "the model would not see the message itself; at least 1",
        _ => "nothing would get through; remove the key for the default",
    }
}
