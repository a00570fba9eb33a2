//! The table of all metrics: what each is called, what it tells, its labels and buckets.

use prometheus::core::Collector;
use prometheus::{
    Counter, CounterVec, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use super::buckets::{
    FIRST_TOKEN_SECONDS, HTTP_SECONDS, OPERATION_SECONDS, OVERHEAD_SECONDS, PER_TOKEN_SECONDS, TOKENS,
};

/// Declares metrics: the comment is the help text, then field, type and name, labels, buckets.
macro_rules! families {
    (
        $(#[doc = $about:literal])+
        $families:ident:
        $(
            $(#[doc = $help:literal])+
            $field:ident: $kind:ident = $name:literal [$($label:ident),*] $(in $buckets:ident)?;
        )+
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub(super) struct $families {
            $($(#[doc = $help])+ pub(super) $field: $kind,)+
        }

        impl $families {
            pub(super) fn register(registry: &Registry) -> Self {
                Self {
                    $($field: register(registry, &Declaration {
                        name: $name,
                        help: concat!($($help),+).trim(),
                        labels: &[$(stringify!($label)),*],
                        buckets: &[$(&$buckets)?],
                    }),)+
                }
            }
        }
    };
}

families! {
    /// What the server counts.
    Families:

    /// Time from an HTTP request's head to the end of its answer.
    request_duration: HistogramVec = "http_server_request_duration_seconds"
        [http_request_method, http_route, http_response_status_code] in HTTP_SECONDS;

    /// HTTP requests being served now, probes included.
    active_requests: IntGauge = "http_server_active_requests" [];

    /// HTTP requests answered.
    requests: IntCounterVec = "playhouse_requests_total" [route, status];

    /// Requests being answered now, as the limit of concurrent requests counts them.
    inflight_requests: IntGauge = "playhouse_inflight_requests" [];

    /// Turns of native chat and background responses being answered now, those whose client has left too.
    running_turns: IntGauge = "playhouse_running_turns" [];

    /// Turns, runs and responses that ended because the server process that answered them died.
    lost_work: IntCounterVec = "playhouse_lost_work_total" [kind];

    /// Time of a request that was not spent waiting for a provider.
    overhead: Histogram = "playhouse_overhead_seconds" [] in OVERHEAD_SECONDS;

    /// Time of a call from its start to its end, retries included.
    call_duration: HistogramVec = "gen_ai_client_operation_duration_seconds"
        [gen_ai_operation_name, gen_ai_provider_name, gen_ai_request_model, gen_ai_response_model, server_address,
         server_port, error_type] in OPERATION_SECONDS;

    /// Tokens of a call that was answered.
    call_tokens: HistogramVec = "gen_ai_client_token_usage"
        [gen_ai_operation_name, gen_ai_provider_name, gen_ai_request_model, gen_ai_response_model, server_address,
         server_port, gen_ai_token_type] in TOKENS;

    /// Time to the first output of a streamed call that was answered.
    first_token: HistogramVec = "gen_ai_server_time_to_first_token_seconds"
        [gen_ai_operation_name, gen_ai_provider_name, gen_ai_request_model] in FIRST_TOKEN_SECONDS;

    /// Mean time between the tokens of a streamed call that was answered.
    per_token: HistogramVec = "gen_ai_server_time_per_output_token_seconds"
        [gen_ai_operation_name, gen_ai_provider_name, gen_ai_request_model] in PER_TOKEN_SECONDS;

    /// Time to the first output of a streamed call that was answered, as the provider's client sees it.
    first_chunk: HistogramVec = "gen_ai_client_operation_time_to_first_chunk_seconds"
        [gen_ai_operation_name, gen_ai_provider_name, gen_ai_request_model] in OPERATION_SECONDS;

    /// Mean time between the pieces of a streamed call that was answered.
    per_chunk: HistogramVec = "gen_ai_client_operation_time_per_output_chunk_seconds"
        [gen_ai_operation_name, gen_ai_provider_name, gen_ai_request_model] in OPERATION_SECONDS;

    /// Time of a call as it was served, from its start to its end.
    served_duration: HistogramVec = "gen_ai_server_request_duration_seconds"
        [gen_ai_operation_name, gen_ai_provider_name, gen_ai_request_model, error_type] in OPERATION_SECONDS;

    /// Attempts to have a call answered by a provider.
    attempts: IntCounterVec = "playhouse_upstream_attempts_total" [provider, model, outcome];

    /// Where a deployment's circuit stands: 0 closed, 1 paused as the upstream asked, 2 half open, 3 open.
    circuit_state: IntGaugeVec = "playhouse_circuit_state" [provider, model];

    /// How often a deployment's circuit opened, because it failed too often.
    circuit_opened: IntCounterVec = "playhouse_circuit_opened_total" [provider, model];

    /// Calls for which the cache of answers was asked: hit or miss.
    cache_answers: IntCounterVec = "playhouse_cache_answers_total" [outcome];

    /// Tokens by kind. Cached and cache_write ones are prompt tokens too, reasoning ones completion tokens.
    tokens: IntCounterVec = "playhouse_tokens_total" [provider, model, kind];

    /// Cost of the calls whose price is known, in US dollars.
    cost: CounterVec = "playhouse_cost_usd_total" [provider, model];

    /// Calls that an API key may not have made, by what forbids them.
    key_refusals: IntCounterVec = "playhouse_key_refusals_total" [reason];

    /// Time of an agent's run from its start to its end.
    agent_duration: HistogramVec = "gen_ai_invoke_agent_duration_seconds"
        [gen_ai_agent_name, error_type] in OPERATION_SECONDS;

    /// Runs of agents that have ended.
    agent_runs: IntCounterVec = "playhouse_agent_runs_total" [agent, status];

    /// Steps of agents' runs: how often their models have answered.
    agent_steps: IntCounterVec = "playhouse_agent_steps_total" [agent];

    /// Time of a tool call.
    tool_duration: HistogramVec = "gen_ai_execute_tool_duration_seconds"
        [gen_ai_tool_name, error_type] in OPERATION_SECONDS;

    /// Tool calls of agents that have ended.
    tool_calls: IntCounterVec = "playhouse_tool_calls_total" [tool, outcome];

    /// Call records that wait to be written to the store.
    call_records_queued: IntGauge = "playhouse_call_records_queued" [];

    /// Call records written to the store.
    call_records_written: IntCounter = "playhouse_call_records_written_total" [];

    /// Call records lost: neither the ledger's disk nor memory had room for them.
    call_records_dropped: IntCounter = "playhouse_call_records_dropped_total" [];

    /// Size of the call ledger on disk.
    ledger_bytes: IntGauge = "playhouse_ledger_bytes" [];

    /// Call records that are not in the database yet, on disk or in memory.
    ledger_lag: IntGauge = "playhouse_ledger_lag_records" [];

    /// Those of them that are in memory only, because the disk did not take them.
    ledger_in_memory: IntGauge = "playhouse_ledger_memory_records" [];

    /// How long the call record waits that waits longest in the ledger; 0 when none does.
    ledger_oldest_age: Gauge = "playhouse_ledger_oldest_record_age_seconds" [];

    /// Call records written to the ledger.
    ledger_appended: IntCounter = "playhouse_ledger_appended_total" [];

    /// Call records that the ledger's disk did not take.
    ledger_overflowed: IntCounter = "playhouse_ledger_overflowed_total" [];

    /// Call records that the database refused for good, set aside in a file.
    ledger_refused: IntCounter = "playhouse_ledger_refused_total" [];

    /// Places in the ledger's files that were damaged and passed over.
    ledger_damaged: IntCounter = "playhouse_ledger_damaged_total" [];

    /// Log lines lost because nobody read them fast enough.
    log_lines_dropped: IntCounter = "playhouse_log_lines_dropped_total" [];

    /// Spans that a receiver of traces took.
    spans_exported: IntCounter = "playhouse_spans_exported_total" [];

    /// Spans lost because the queue was full or no receiver took them.
    spans_dropped: IntCounter = "playhouse_spans_dropped_total" [];

    /// What was built; always 1.
    build_info: IntGaugeVec = "playhouse_build_info" [version, revision];
}

families! {
    /// What is known of Redis, where replicas share over one.
    RedisFamilies:

    /// Whether Redis answers: 1 or 0.
    up: IntGauge = "playhouse_redis_up" [];

    /// Connections made to Redis.
    connections: IntCounter = "playhouse_redis_connections_total" [];

    /// Commands to Redis that failed, by why: error or timeout.
    failures: IntCounterVec = "playhouse_redis_command_failures_total" [reason];

    /// What was done in this process because Redis was away, by what: quota or answer.
    fallbacks: IntCounterVec = "playhouse_redis_fallbacks_total" [kind];
}

families! {
    /// What the operating system knows of the process.
    ProcessFamilies:

    /// CPU time in user and system mode.
    cpu: Counter = "process_cpu_seconds_total" [];

    /// Memory in use.
    resident_memory: IntGauge = "process_resident_memory_bytes" [];

    /// Address space in use.
    virtual_memory: IntGauge = "process_virtual_memory_bytes" [];

    /// Open file descriptors.
    open_fds: IntGauge = "process_open_fds" [];

    /// File descriptors that may be open.
    max_fds: IntGauge = "process_max_fds" [];

    /// Threads.
    threads: IntGauge = "process_threads" [];

    /// When the process started, in seconds since 1970.
    start_time: Gauge = "process_start_time_seconds" [];
}

/// One row of the table.
struct Declaration {
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    /// At most one set, of a histogram only.
    buckets: &'static [&'static &'static [f64]],
}

impl Declaration {
    fn opts(&self) -> Opts {
        Opts::new(self.name, self.help)
    }

    fn histogram_opts(&self) -> HistogramOpts {
        let buckets = self.buckets.first().map(|buckets| buckets.to_vec()).unwrap_or_default();
        HistogramOpts::new(self.name, self.help).buckets(buckets)
    }
}

/// A type of metric that can be made from its declaration.
trait Declared: Collector + Clone + Sized + 'static {
    fn declare(declaration: &Declaration) -> prometheus::Result<Self>;
}

macro_rules! declared {
    ($($kind:ident: $make:expr;)+) => {
        $(impl Declared for $kind {
            fn declare(declaration: &Declaration) -> prometheus::Result<Self> {
                let make: fn(&Declaration) -> prometheus::Result<Self> = $make;
                make(declaration)
            }
        })+
    };
}

declared! {
    Counter: |row| Self::with_opts(row.opts());
    CounterVec: |row| Self::new(row.opts(), row.labels);
    Gauge: |row| Self::with_opts(row.opts());
    Histogram: |row| Self::with_opts(row.histogram_opts());
    HistogramVec: |row| Self::new(row.histogram_opts(), row.labels);
    IntCounter: |row| Self::with_opts(row.opts());
    IntCounterVec: |row| Self::new(row.opts(), row.labels);
    IntGauge: |row| Self::with_opts(row.opts());
    IntGaugeVec: |row| Self::new(row.opts(), row.labels);
}

#[expect(clippy::expect_used, reason = "the table is constant, and every test registers all of it")]
fn register<F: Declared>(registry: &Registry, declaration: &Declaration) -> F {
    let family = F::declare(declaration).expect("the declaration is valid");
    registry.register(Box::new(family.clone())).expect("the name is declared once");
    family
}
