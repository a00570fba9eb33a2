//! The address to listen on, settled from what the file, `PORT`, the variables and the flag say.

use playhouse_server::ServerConfig;
use secrecy::ExposeSecret;

use super::address;
use super::problem::Problem;
use super::tree::{Node, Origin};
use crate::environment::Environment;

/// The variable that hosting platforms set.
pub(crate) const PORT: &str = "PORT";

const PATH: [&str; 2] = ["server", "listen"];

/// Completes the address.
///
/// `PORT` sets the port and leaves the host, as hosting platforms mean it; a flag or a variable
/// that names a port of its own goes before it. An address without any port gets the default one.
pub(crate) fn settle(tree: &mut Node, environment: &Environment, problems: &mut Vec<Problem>) {
    let default = ServerConfig::default().listen;
    let node = tree.get(&PATH);
    let said = node.and_then(Node::text).map_or(default.clone(), |text| text.expose_secret().to_owned());
    let (host, port) = address::split(&said);
    let is_final = node.is_some_and(|node| matches!(node.origin, Origin::Variable(_) | Origin::Flag(_)));
    if let Some(wanted) = environment.text(PORT).filter(|_| port.is_none() || !is_final) {
        if wanted.trim().parse::<u16>().is_err() {
            problems.push(bad_port(wanted));
            return;
        }
        tree.set(
            &PATH,
            Node::plain(Origin::Variable(PORT.to_owned()), address::join(host, wanted.trim()).into()),
        );
    } else if let (Some(node), None) = (node, port) {
        let (_, default_port) = address::split(&default);
        let listen = address::join(host, default_port.unwrap_or_default());
        let node = Node { key: node.key.clone(), ..Node::plain(node.origin.clone(), listen.into()) };
        tree.set(&PATH, node);
    }
}

fn bad_port(wanted: &str) -> Problem {
    let problem = Problem::new("PORT is not a port").about_variable(PORT, wanted).concerning(&PATH);
    problem.label("a number from 0 to 65535")
}
