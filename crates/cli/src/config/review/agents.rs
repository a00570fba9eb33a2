//! Checks of `[agents]`: that their tools are there, and that a run can go anywhere.

use playhouse_agent::AgentConfig;
use playhouse_agent::mcp::McpServerConfig;
use playhouse_server::{BUILT_IN_TOOLS, MCP_PREFIX};

use super::View;
use crate::config::problem::Problem;
use crate::config::suggest;

pub(super) fn review(view: &View<'_>, problems: &mut Vec<Problem>) {
    for (name, server) in &view.config.mcp {
        problems.extend(bad_server(view, name, server));
    }
    for (name, agent) in &view.config.agents {
        if !is_name(name) {
            problems.push(bad_name(view, name));
        }
        for (index, tool) in agent.tools.iter().enumerate() {
            problems.extend(bad_tool(view, name, index, tool));
        }
        problems.extend(bad_bound(view, name, agent));
    }
}

fn is_name(name: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(is_fit)
}

fn bad_name(view: &View<'_>, name: &str) -> Problem {
    view.problem(&["agents", name], format!("the agent '{name}' cannot be asked for"))
        .label("a name has 1 to 64 letters, digits and . _ -")
}

fn bad_tool(view: &View<'_>, name: &str, index: usize, tool: &str) -> Option<Problem> {
    let path = ["agents", name, "tools"];
    let before = view.config.agents[name].tools[..index].iter().any(|other| other == tool);
    if before {
        let message = format!("the agent '{name}' has the tool '{tool}' twice");
        return Some(view.item_problem(&path, index, message).label("once is enough"));
    }
    if tool == "http_get" && view.config.agents[name].http_get.allowed_hosts.is_empty() {
        let message = format!("the agent '{name}' has the tool 'http_get', and no host that it may ask");
        let problem = view.item_problem(&path, index, message);
        return Some(
            problem.help(format!("name hosts: [agents.{name}.http_get] allowed_hosts = [\"example.com\"]")),
        );
    }
    if BUILT_IN_TOOLS.contains(&tool) {
        return None;
    }
    let servers: Vec<String> = view.config.mcp.keys().map(|name| format!("{MCP_PREFIX}{name}")).collect();
    if servers.iter().any(|server| server == tool) {
        return None;
    }
    let known: Vec<&str> = BUILT_IN_TOOLS.into_iter().chain(servers.iter().map(String::as_str)).collect();
    let meant = suggest::nearest(tool, known.iter().copied());
    let label = meant.map(|meant| format!("did you mean \"{meant}\"?")).unwrap_or_default();
    let message = format!("the agent '{name}' has the tool '{tool}', which there is not");
    let help = match tool.strip_prefix(MCP_PREFIX) {
        Some(server) => format!("add a section [mcp.{server}] with a command or a url"),
        None => format!("the tools are: {}", known.join(", ")),
    };
    Some(view.item_problem(&path, index, message).label(label).help(help))
}

/// A server of tools that nobody can find, or that could be two.
fn bad_server(view: &View<'_>, name: &str, server: &McpServerConfig) -> Option<Problem> {
    let message = match (&server.command, &server.url) {
        (Some(_), Some(_)) => format!("the MCP server '{name}' has a command and a url"),
        (None, None) => format!("the MCP server '{name}' has neither a command nor a url"),
        _ => return None,
    };
    Some(view.problem(&["mcp", name], message).label("one of the two"))
}

/// A bound of zero where that is not "any number".
fn bad_bound(view: &View<'_>, name: &str, agent: &AgentConfig) -> Option<Problem> {
    let bounds = &agent.bounds;
    let least_one = [
        ("max_steps", u64::from(bounds.max_steps)),
        ("max_duration_ms", bounds.max_duration_ms),
        ("tool_timeout_ms", bounds.tool_timeout_ms),
        ("max_tool_output_bytes", bounds.max_tool_output_bytes as u64),
        ("max_repeated_calls", u64::from(bounds.max_repeated_calls)),
        ("max_calls_per_step", bounds.max_calls_per_step as u64),
        ("max_parallel_tools", bounds.max_parallel_tools as u64),
        ("max_unclear_replies", u64::from(bounds.max_unclear_replies)),
    ];
    let (key, _) = least_one.into_iter().find(|(_, bound)| *bound == 0)?;
    let problem =
        view.problem(&["agents", name, "bounds", key], format!("agents.{name}.bounds.{key} is zero"));
    Some(problem.label("no run could go anywhere; remove the key for the default"))
}
