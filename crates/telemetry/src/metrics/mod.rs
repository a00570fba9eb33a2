//! Every metric, and the Prometheus text of all.
//!
//! What is counted often keeps its handles: the updates of a request take a lock for reading only
//! and allocate nothing. Labels are bounded, whoever names them: routes are templates, and beyond
//! the first few hundred a model is `other`.

mod agents;
mod attempts;
mod buckets;
mod calls;
mod families;
mod guard;
mod pairs;
mod process;
mod redis;
mod refusals;
mod requests;
mod scrape;
mod served;

use std::sync::Arc;
use std::time::Duration;

use playhouse_llm::{CacheOutcome, CallRecord, ErrorKind};
use prometheus::Registry;

use attempts::AttemptMetrics;
use calls::CallMetrics;
use families::Families;
use requests::RequestMetrics;
use scrape::Scrape;

use crate::otlp::SpanCounts;

pub use agents::{RunSample, ToolCallSample};
pub use guard::GaugeGuard;
pub use redis::RedisReading;
pub use refusals::Refusal;
pub use requests::RequestSample;
pub use scrape::{CallRecordCounts, CircuitSample};

/// The content type of what [`Metrics::render`] writes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of one server.
///
/// ```
/// use std::time::Duration;
/// use playhouse_telemetry::metrics::{Metrics, RequestSample};
///
/// let metrics = Metrics::new("1.0.0", "abc123");
/// metrics.observe_request(&RequestSample {
///     method: "GET",
///     route: Some("/health"),
///     status_code: 200,
///     duration: Duration::from_millis(2),
///     upstream: None,
/// });
/// assert!(metrics.render().contains(r#"playhouse_requests_total{route="/health",status="200"} 1"#));
/// ```
#[derive(Debug)]
pub struct Metrics {
    families: Families,
    requests: RequestMetrics,
    calls: CallMetrics,
    attempts: AttemptMetrics,
    scrape: Scrape,
}

impl Metrics {
    /// Metrics at nought, of a build of this version and source revision.
    pub fn new(version: &str, revision: &str) -> Self {
        let registry = Registry::new();
        let families = Families::register(&registry);
        families.build_info.with_label_values(&[version, revision]).set(1);
        Self {
            families,
            requests: RequestMetrics::default(),
            calls: CallMetrics::default(),
            attempts: AttemptMetrics::default(),
            scrape: Scrape::new(registry),
        }
    }

    /// Says what OpenTelemetry calls the vendor behind each provider (`gen_ai.provider.name`); a
    /// provider that is not named goes by its own name.
    pub fn name_vendors(&self, vendors: impl IntoIterator<Item = (String, &'static str)>) {
        self.calls.name_vendors(vendors.into_iter().collect());
    }

    /// Says where each provider is (`server.address`, `server.port`); one that is not named is nowhere else.
    pub fn name_servers(&self, servers: impl IntoIterator<Item = (Arc<str>, (Arc<str>, u16))>) {
        self.calls.name_servers(servers.into_iter());
    }

    /// Counts a request whose answer has ended.
    pub fn observe_request(&self, sample: &RequestSample<'_>) {
        self.requests.observe(&self.families, sample);
    }

    /// Counts a call that has ended: its duration, tokens and cost.
    pub fn observe_call(&self, record: &CallRecord) {
        self.calls.observe(&self.families, record);
    }

    /// Counts one attempt to have a call answered, and how it failed if it did.
    pub fn observe_attempt(&self, provider: &str, model: &str, error: Option<ErrorKind>) {
        self.attempts.observe(&self.families, provider, model, error);
    }

    /// Counts a circuit that has opened. Whoever names it bounds how many there are.
    pub fn observe_circuit_opened(&self, provider: &str, model: &str) {
        self.families.circuit_opened.with_label_values(&[provider, model]).inc();
    }

    /// Counts a call for which the cache of answers was asked.
    pub fn observe_cache(&self, outcome: CacheOutcome) {
        self.families.cache_answers.with_label_values(&[outcome.as_str()]).inc();
    }

    /// Counts a call that an API key may not have made.
    pub fn observe_refusal(&self, refusal: Refusal) {
        self.families.key_refusals.with_label_values(&[refusal.as_str()]).inc();
    }

    /// Counts an agent's run that has ended.
    pub fn observe_run(&self, sample: &RunSample<'_>) {
        sample.observe(&self.families);
    }

    /// Counts a step of an agent's run.
    pub fn observe_step(&self, agent: &str) {
        self.families.agent_steps.with_label_values(&[agent]).inc();
    }

    /// Counts a tool call that has ended.
    pub fn observe_tool_call(&self, sample: &ToolCallSample<'_>) {
        sample.observe(&self.families);
    }

    /// Counts an HTTP request as being served until the guard is dropped.
    pub fn active_request_guard(&self) -> GaugeGuard {
        GaugeGuard::hold(&self.families.active_requests)
    }

    /// Counts a request towards the limit of concurrent requests until the guard is dropped.
    pub fn inflight_guard(&self) -> GaugeGuard {
        GaugeGuard::hold(&self.families.inflight_requests)
    }

    /// Counts a turn or background response as being answered until the guard is dropped.
    pub fn running_turn_guard(&self) -> GaugeGuard {
        GaugeGuard::hold(&self.families.running_turns)
    }

    /// Counts turns, runs and responses that were lost with the process that answered them.
    pub fn observe_lost(&self, turns: usize, runs: usize, responses: usize) {
        for (kind, lost) in [("turn", turns), ("run", runs), ("response", responses)] {
            self.families.lost_work.with_label_values(&[kind]).inc_by(lost as u64);
        }
    }

    /// Names the count of dropped log lines, which is read at each [`render`](Self::render).
    pub fn watch_dropped_log_lines(&self, count: impl Fn() -> u64 + Send + Sync + 'static) {
        self.scrape.watch_dropped_log_lines(Box::new(count));
    }

    /// Names the counts of the call records' writer, which are read at each
    /// [`render`](Self::render).
    pub fn watch_call_records(&self, counts: impl Fn() -> CallRecordCounts + Send + Sync + 'static) {
        self.scrape.watch_call_records(Box::new(counts));
    }

    /// Names the counts of spans, which are read at each [`render`](Self::render).
    pub fn watch_spans(&self, counts: impl Fn() -> SpanCounts + Send + Sync + 'static) {
        self.scrape.watch_spans(Box::new(counts));
    }

    /// Names the circuits of deployments, which are read at each [`render`](Self::render).
    pub fn watch_circuits(&self, circuits: impl Fn() -> Vec<CircuitSample> + Send + Sync + 'static) {
        self.scrape.watch_circuits(Box::new(circuits));
    }

    /// Counts the pieces of a streamed answer that was complete: how many came after the first, and in
    /// what time.
    pub fn observe_chunks(&self, provider: &str, model: &str, later: u32, took: Duration) {
        self.calls.observe_chunks(&self.families, provider, model, later, took);
    }

    /// All metrics as they are.
    pub(crate) fn gather(&self) -> Vec<prometheus::proto::MetricFamily> {
        self.scrape.gather(&self.families)
    }

    /// Names what is known of Redis, which is read at each [`render`](Self::render). Without it there are no
    /// metrics of Redis.
    ///
    /// ```
    /// use playhouse_telemetry::metrics::{Metrics, RedisReading};
    ///
    /// let metrics = Metrics::new("1.0.0", "abc123");
    /// assert!(!metrics.render().contains("playhouse_redis"));
    /// metrics.watch_redis(|| RedisReading { up: true, timeouts: 2, ..RedisReading::default() });
    /// let text = metrics.render();
    /// assert!(text.contains("playhouse_redis_up 1"));
    /// assert!(text.contains(r#"playhouse_redis_command_failures_total{reason="timeout"} 2"#));
    /// ```
    pub fn watch_redis(&self, reading: impl Fn() -> RedisReading + Send + Sync + 'static) {
        self.scrape.watch_redis(Box::new(reading));
    }

    /// All metrics in the Prometheus text format, version 0.0.4 ([`CONTENT_TYPE`]).
    pub fn render(&self) -> String {
        self.scrape.render(&self.families)
    }
}

fn seconds(milliseconds: f64) -> f64 {
    Duration::try_from_secs_f64(milliseconds / 1e3).unwrap_or_default().as_secs_f64()
}
