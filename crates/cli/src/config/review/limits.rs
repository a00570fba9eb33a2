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
        ("store", "ledger_max_bytes", view.config.store.ledger_max_bytes),
        ("store", "ledger_fsync_interval_ms", view.config.store.ledger_fsync_interval_ms),
        ("breaker", "min_attempts", view.config.breaker.min_attempts.into()),
        ("breaker", "window_ms", view.config.breaker.window_ms),
        ("breaker", "cooldown_ms", view.config.breaker.cooldown_ms),
        ("breaker", "probes", view.config.breaker.probes.into()),
        ("cache", "ttl_s", view.config.cache.ttl_s),
        ("cache", "max_answer_bytes", view.config.cache.max_answer_bytes as u64),
        ("redis", "command_timeout_ms", redis.command_timeout_ms),
        ("redis", "connect_timeout_ms", redis.connect_timeout_ms),
        ("chat", "history_messages", view.config.chat.history_messages.into()),
        ("chat", "history_tokens", view.config.chat.history_tokens.into()),
    ];
    for (section, key, _) in bounds.into_iter().filter(|(_, _, bound)| *bound == 0) {
        let problem = view.problem(&[section, key], format!("{section}.{key} is zero"));
        problems.push(problem.label(consequence(key)));
    }
    review_ledger(view, problems);
    let shares = [
        ("breaker", "failure_percent", view.config.breaker.failure_percent, 1),
        ("upstream", "hedge_max_percent", upstream.hedge_max_percent, 0),
    ];
    for (section, key, percent, least) in shares {
        if !(least..=100).contains(&percent) {
            let problem = view.problem(&[section, key], format!("{section}.{key} is no share"));
            problems.push(problem.label(format!("{least} to 100, in percent")));
        }
    }
    if upstream.retry_base_ms > upstream.retry_max_ms {
        let message = "upstream.retry_base_ms is longer than upstream.retry_max_ms";
        problems.push(
            view.problem(&["upstream", "retry_base_ms"], message)
                .label(format!("at most {}", upstream.retry_max_ms)),
        );
    }
}

/// What is kept of the ledger must leave room for what waits.
fn review_ledger(view: &View<'_>, problems: &mut Vec<Problem>) {
    let store = &view.config.store;
    if store.ledger_max_bytes > 0 && store.ledger_keep_bytes > store.ledger_max_bytes / 2 {
        let message = "store.ledger_keep_bytes is more than half of store.ledger_max_bytes";
        problems.push(
            view.problem(&["store", "ledger_keep_bytes"], message)
                .label(format!("at most {}", store.ledger_max_bytes / 2)),
        );
    }
}

fn consequence(key: &str) -> &'static str {
    match key {
        _ if key.ends_with("_timeout_ms") => {
            "everything would time out at once; remove the key for the default"
        }
        _ if key == "ledger_max_bytes" => {
            "no call record would be kept on disk; remove the key for the default"
        }
        _ if key == "ledger_fsync_interval_ms" => {
            "there would be no pause between two flushes; at least 1, or `ledger_fsync = \"always\"`"
        }
        "min_attempts" => "the first failure would be too much; at least 1",
        "window_ms" | "cooldown_ms" | "probes" => {
            "nobody would ever be left alone, or tried again; set breaker.enabled = false to have no breakers"
        }
        "ttl_s" | "max_answer_bytes" => "nothing would be kept; set cache.enabled = false to have no cache",
        _ if key.starts_with("history_") => "the model would not see the message itself; at least 1",
        _ => "nothing would get through; remove the key for the default",
    }
}
