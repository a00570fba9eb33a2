//! What every value allows and the whole does not: the checks that look at more than one type.

mod agents;
mod limits;
mod models;
mod providers;
mod redis;
mod server;
mod shared;
mod store;
mod telemetry;

use super::address;
use super::problem::Problem;
use super::tree::Node;
use super::{Config, Purpose};

/// Everything that does not go together.
pub(crate) fn review(config: &Config, tree: &Node, purpose: Purpose) -> Vec<Problem> {
    let view = View { config, tree };
    let mut problems = Vec::new();
    match purpose {
        Purpose::Find => return problems,
        Purpose::FindData => {
            store::review(&view, &mut problems);
            return problems;
        }
        Purpose::Serve | Purpose::Demo => store::review(&view, &mut problems),
    }
    if purpose == Purpose::Serve {
        providers::review(&view, &mut problems);
        models::review(&view, &mut problems);
    }
    agents::review(&view, &mut problems);
    server::review(&view, &mut problems);
    redis::review(&view, &mut problems);
    shared::review(&view, &mut problems);
    limits::review(&view, &mut problems);
    telemetry::review(&view, &mut problems);
    problems
}

/// What the checks look at.
struct View<'a> {
    config: &'a Config,
    tree: &'a Node,
}

impl View<'_> {
    /// A problem about the value at a path.
    fn problem<S: AsRef<str>>(&self, path: &[S], message: impl Into<String>) -> Problem {
        Problem::new(message).about(self.tree, path)
    }

    /// A problem about one item of the list at a path.
    fn item_problem<S: AsRef<str>>(&self, path: &[S], index: usize, message: impl Into<String>) -> Problem {
        Problem::new(message).about_item(self.tree, path, index)
    }
}

/// What is not wrong but worth knowing.
pub(crate) fn notices(config: &Config, purpose: Purpose) -> Vec<String> {
    let mut notices = Vec::new();
    if purpose != Purpose::Serve {
        return notices;
    }
    let (host, _) = address::split(&config.server.listen);
    if config.auth.api_keys.is_empty() && !address::is_loopback(host) {
        notices.push("no API keys are set, so whoever reaches the server may call it".to_owned());
    }
    notices.extend(providers::without_default_model(config));
    notices
}
