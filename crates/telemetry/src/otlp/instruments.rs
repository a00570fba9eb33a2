//! What OpenTelemetry calls what Prometheus calls otherwise.

use std::borrow::Cow;

/// A metric as OpenTelemetry names it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Instrument {
    pub(super) name: Cow<'static, str>,
    pub(super) unit: &'static str,
    /// Whether a gauge counts what comes and goes, so that those of many processes may be added up.
    pub(super) is_up_down: bool,
    /// Buckets above this bound are the last one's.
    pub(super) highest_bound: f64,
}

/// Metrics of the conventions, by their names in Prometheus: underscores do not tell where dots were.
const CONVENTIONS: [(&str, &str, &str); 20] = [
    ("http_server_request_duration_seconds", "http.server.request.duration", "s"),
    ("http_server_active_requests", "http.server.active_requests", "{request}"),
    ("gen_ai_client_operation_duration_seconds", "gen_ai.client.operation.duration", "s"),
    ("gen_ai_client_token_usage", "gen_ai.client.token.usage", "{token}"),
    (
        "gen_ai_client_operation_time_to_first_chunk_seconds",
        "gen_ai.client.operation.time_to_first_chunk",
        "s",
    ),
    (
        "gen_ai_client_operation_time_per_output_chunk_seconds",
        "gen_ai.client.operation.time_per_output_chunk",
        "s",
    ),
    ("gen_ai_server_request_duration_seconds", "gen_ai.server.request.duration", "s"),
    ("gen_ai_server_time_to_first_token_seconds", "gen_ai.server.time_to_first_token", "s"),
    ("gen_ai_server_time_per_output_token_seconds", "gen_ai.server.time_per_output_token", "s"),
    ("gen_ai_invoke_agent_duration_seconds", "gen_ai.invoke_agent.duration", "s"),
    ("gen_ai_execute_tool_duration_seconds", "gen_ai.execute_tool.duration", "s"),
    ("gen_ai_workflow_duration_seconds", "gen_ai.workflow.duration", "s"),
    ("process_cpu_seconds_total", "process.cpu.time", "s"),
    ("process_resident_memory_bytes", "process.memory.usage", "By"),
    ("process_virtual_memory_bytes", "process.memory.virtual", "By"),
    ("process_open_fds", "process.unix.file_descriptor.count", "{file_descriptor}"),
    ("process_threads", "process.thread.count", "{thread}"),
    ("playhouse_cost_usd_total", "playhouse.cost", "{USD}"),
    ("playhouse_requests_total", "playhouse.requests", "{request}"),
    ("playhouse_inflight_requests", "playhouse.inflight_requests", "{request}"),
];

/// Labels that are attributes of the conventions.
const ATTRIBUTES: [(&str, &str); 13] = [
    ("http_request_method", "http.request.method"),
    ("http_route", "http.route"),
    ("http_response_status_code", "http.response.status_code"),
    ("gen_ai_operation_name", "gen_ai.operation.name"),
    ("gen_ai_provider_name", "gen_ai.provider.name"),
    ("gen_ai_request_model", "gen_ai.request.model"),
    ("gen_ai_response_model", "gen_ai.response.model"),
    ("gen_ai_token_type", "gen_ai.token.type"),
    ("gen_ai_agent_name", "gen_ai.agent.name"),
    ("gen_ai_tool_name", "gen_ai.tool.name"),
    ("error_type", "error.type"),
    ("server_address", "server.address"),
    ("server_port", "server.port"),
];

/// Gauges of things that come and go.
const UP_DOWN: [&str; 2] = ["http.server.active_requests", "playhouse.inflight_requests"];

/// The convention's last bound; the buckets that Prometheus has beyond it are for long streams.
const HTTP_HIGHEST_BOUND: f64 = 10.0;

/// The attributes whose values are numbers.
pub(super) const NUMBERS: [&str; 2] = ["http.response.status_code", "server.port"];

impl Instrument {
    /// The metric that Prometheus knows under this name.
    pub(super) fn of(prometheus: &str) -> Self {
        let known = CONVENTIONS.into_iter().find(|(name, ..)| *name == prometheus);
        let (name, unit) =
            known.map_or_else(|| by_rule(prometheus), |(_, name, unit)| (Cow::Borrowed(name), unit));
        let is_up_down = UP_DOWN.contains(&&*name);
        let is_http = name == "http.server.request.duration";
        let highest_bound = if is_http { HTTP_HIGHEST_BOUND } else { f64::INFINITY };
        Self { name, unit, is_up_down, highest_bound }
    }
}

/// The attribute that a label is.
pub(super) fn attribute(label: &str) -> &str {
    ATTRIBUTES.into_iter().find(|(name, _)| *name == label).map_or(label, |(_, attribute)| attribute)
}

/// A name of ours: `playhouse_` is where it belongs, the end tells its unit.
fn by_rule(prometheus: &str) -> (Cow<'static, str>, &'static str) {
    let name = prometheus.strip_suffix("_total").unwrap_or(prometheus);
    let units = [("_seconds", "s"), ("_bytes", "By"), ("_ratio", "1")];
    let found = units.into_iter().find_map(|(suffix, unit)| Some((name.strip_suffix(suffix)?, unit)));
    let (name, unit) = found.unwrap_or((name, ""));
    let spaces = [("playhouse_", "playhouse."), ("process_", "process.")];
    let spaced =
        spaces.into_iter().find_map(|(prefix, space)| Some(format!("{space}{}", name.strip_prefix(prefix)?)));
    (Cow::Owned(spaced.unwrap_or_else(|| name.to_owned())), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ours_lose_what_prometheus_adds() {
        let named = |prometheus| {
            let Instrument { name, unit, .. } = Instrument::of(prometheus);
            (name.into_owned(), unit)
        };
        assert_eq!(named("playhouse_overhead_seconds"), ("playhouse.overhead".to_owned(), "s"));
        assert_eq!(named("playhouse_tokens_total"), ("playhouse.tokens".to_owned(), ""));
        assert_eq!(named("playhouse_ledger_bytes"), ("playhouse.ledger".to_owned(), "By"));
        assert_eq!(named("playhouse_cost_usd_total"), ("playhouse.cost".to_owned(), "{USD}"));
    }
}
