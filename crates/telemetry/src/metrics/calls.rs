//! What a call adds to the metrics.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use playhouse_llm::{CallRecord, ErrorKind, Operation, Outcome, Usage};
use prometheus::{Counter, Histogram, IntCounter};

use super::families::Families;
use super::pairs::{NO_PROVIDER, Pairs};
use super::seconds;
use super::served::ServedModels;

/// The `error_type` of a failure that has no name of ours.
const UNKNOWN_ERROR: &str = "_OTHER";

/// Handles for the calls of each provider and model.
#[derive(Debug, Default)]
pub(super) struct CallMetrics {
    chat: Pairs<PairMetrics>,
    embeddings: Pairs<PairMetrics>,
    /// What OpenTelemetry calls the vendor behind each provider.
    vendors: OnceLock<HashMap<String, &'static str>>,
    /// Where each provider is.
    servers: OnceLock<HashMap<Arc<str>, Server>>,
}

/// The handles of one provider and model.
#[derive(Debug)]
struct PairMetrics {
    operation: Operation,
    vendor: Box<str>,
    model: Box<str>,
    server: Server,
    /// Those that name the model that answered.
    client: ServedModels<ClientMetrics>,
    served_duration: Histogram,
    /// None where nothing is written.
    written: Option<WrittenMetrics>,
    cost: Counter,
    tokens: TokenCounters,
}

/// A host and a port; empty where a provider is not elsewhere.
#[derive(Clone, Debug, Default)]
struct Server {
    address: Arc<str>,
    port: Box<str>,
}

/// The handles of one model that answered where one was asked for.
#[derive(Debug)]
struct ClientMetrics {
    served_model: Box<str>,
    duration: Histogram,
    input_tokens: Histogram,
    /// None where nothing is written.
    output_tokens: Option<Histogram>,
}

/// The handles of what a model writes, token by token.
#[derive(Debug)]
struct WrittenMetrics {
    first_chunk: Histogram,
    per_chunk: Histogram,
    first_token: Histogram,
    per_token: Histogram,
}

#[derive(Debug)]
struct TokenCounters {
    prompt: IntCounter,
    completion: IntCounter,
    cached: IntCounter,
    cache_write: IntCounter,
    reasoning: IntCounter,
}

impl CallMetrics {
    pub(super) fn name_vendors(&self, vendors: HashMap<String, &'static str>) {
        // Named once, where the server is put together.
        let _ = self.vendors.set(vendors);
    }

    pub(super) fn name_servers(&self, servers: impl Iterator<Item = (Arc<str>, (Arc<str>, u16))>) {
        let named = servers
            .map(|(provider, (address, port))| (provider, Server { address, port: port.to_string().into() }));
        // As above.
        let _ = self.servers.set(named.collect());
    }

    fn server(&self, provider: &str) -> Server {
        self.servers.get().and_then(|servers| servers.get(provider)).cloned().unwrap_or_default()
    }

    fn vendor<'a>(&self, provider: &'a str) -> &'a str {
        self.vendors.get().and_then(|vendors| vendors.get(provider)).copied().unwrap_or(provider)
    }

    pub(super) fn observe(&self, families: &Families, record: &CallRecord) {
        let provider = record.provider.as_deref().unwrap_or(NO_PROVIDER);
        let answered = record.outcome == Outcome::Ok;
        let pair = self.pair(families, record.operation, (provider, &record.model), answered);
        let client = pair.client(families, record.model_served.as_deref());
        if answered {
            client.observe(record);
            pair.observe_answered(record);
        } else {
            pair.observe_failed(families, &client, record);
        }
        pair.observe_spent(record);
    }

    pub(super) fn observe_chunks(
        &self,
        families: &Families,
        provider: &str,
        model: &str,
        later: u32,
        took: Duration,
    ) {
        if later > 0
            && let Some(written) = &self.pair(families, Operation::Chat, (provider, model), true).written
        {
            written.per_chunk.observe(took.as_secs_f64() / f64::from(later));
        }
    }

    fn pair(
        &self,
        families: &Families,
        operation: Operation,
        (provider, model): (&str, &str),
        answered: bool,
    ) -> Arc<PairMetrics> {
        let pairs = match operation {
            Operation::Chat => &self.chat,
            Operation::Embeddings => &self.embeddings,
        };
        pairs.get(provider, model, answered, |provider, model| {
            let server = self.server(provider);
            PairMetrics::new(families, operation, (self.vendor(provider), server), provider, model)
        })
    }
}

impl PairMetrics {
    /// The conventions' own metrics name the vendor, ours the provider as it is configured.
    fn new(
        families: &Families,
        operation: Operation,
        (vendor, server): (&str, Server),
        provider: &str,
        model: &str,
    ) -> Self {
        let writes = operation == Operation::Chat;
        Self {
            operation,
            vendor: vendor.into(),
            model: model.into(),
            server,
            client: ServedModels::default(),
            served_duration: families.served_duration.with_label_values(&[
                operation.as_str(),
                vendor,
                model,
                "",
            ]),
            written: writes.then(|| WrittenMetrics::new(families, [operation.as_str(), vendor, model])),
            cost: families.cost.with_label_values(&[provider, model]),
            tokens: TokenCounters::new(families, provider, model),
        }
    }

    fn client(&self, families: &Families, served: Option<&str>) -> Arc<ClientMetrics> {
        self.client.get(served, |served| ClientMetrics {
            served_model: served.into(),
            duration: families.call_duration.with_label_values(&self.labels(served, "")),
            input_tokens: families.call_tokens.with_label_values(&self.labels(served, "input")),
            output_tokens: self
                .written
                .as_ref()
                .map(|_| families.call_tokens.with_label_values(&self.labels(served, "output"))),
        })
    }

    fn labels<'a>(&'a self, served: &'a str, last: &'a str) -> [&'a str; 7] {
        let Server { address, port } = &self.server;
        [self.operation.as_str(), &self.vendor, &self.model, served, address, port, last]
    }

    fn observe_failed(&self, families: &Families, client: &ClientMetrics, record: &CallRecord) {
        let (error, duration) = (error_type(record), seconds(record.duration_ms));
        let labels = self.labels(&client.served_model, error);
        families.call_duration.with_label_values(&labels).observe(duration);
        let labels = [self.operation.as_str(), &self.vendor, &self.model, error];
        families.served_duration.with_label_values(&labels).observe(duration);
    }

    fn observe_answered(&self, record: &CallRecord) {
        self.served_duration.observe(seconds(record.duration_ms));
        if let Some(written) = &self.written {
            written.observe(record);
        }
    }

    /// A call that broke off has its price too, where upstream said so.
    fn observe_spent(&self, record: &CallRecord) {
        if let Some(usage) = &record.usage {
            self.tokens.add(usage);
        }
        if let Some(cost_usd) = record.cost_usd.filter(|cost_usd| cost_usd.is_finite() && *cost_usd > 0.0) {
            self.cost.inc_by(cost_usd);
        }
    }
}

impl ClientMetrics {
    fn observe(&self, record: &CallRecord) {
        self.duration.observe(seconds(record.duration_ms));
        if let Some(usage) = &record.usage {
            self.input_tokens.observe(usage.prompt_tokens as f64);
            self.output_tokens.iter().for_each(|tokens| tokens.observe(usage.completion_tokens as f64));
        }
    }
}

impl WrittenMetrics {
    fn new(families: &Families, names: [&str; 3]) -> Self {
        Self {
            first_chunk: families.first_chunk.with_label_values(&names),
            per_chunk: families.per_chunk.with_label_values(&names),
            first_token: families.first_token.with_label_values(&names),
            per_token: families.per_token.with_label_values(&names),
        }
    }

    fn observe(&self, record: &CallRecord) {
        if let Some(ttft_ms) = record.ttft_ms.filter(|_| record.stream) {
            self.first_token.observe(seconds(ttft_ms));
            self.first_chunk.observe(seconds(ttft_ms));
            self.observe_per_token(record, ttft_ms);
        }
    }

    fn observe_per_token(&self, record: &CallRecord, ttft_ms: f64) {
        let later_tokens = record.usage.as_ref().map_or(0, |usage| usage.completion_tokens.saturating_sub(1));
        if later_tokens > 0 {
            self.per_token.observe(seconds(record.duration_ms - ttft_ms) / later_tokens as f64);
        }
    }
}

impl TokenCounters {
    fn new(families: &Families, provider: &str, model: &str) -> Self {
        let kind = |kind| families.tokens.with_label_values(&[provider, model, kind]);
        Self {
            prompt: kind("prompt"),
            completion: kind("completion"),
            cached: kind("cached"),
            cache_write: kind("cache_write"),
            reasoning: kind("reasoning"),
        }
    }

    fn add(&self, usage: &Usage) {
        self.prompt.inc_by(usage.prompt_tokens);
        self.completion.inc_by(usage.completion_tokens);
        add_some(&self.cached, usage.cached_tokens);
        add_some(&self.cache_write, usage.cache_write_tokens);
        add_some(&self.reasoning, usage.reasoning_tokens);
    }
}

fn add_some(counter: &IntCounter, count: Option<u64>) {
    if let Some(count) = count.filter(|count| *count > 0) {
        counter.inc_by(count);
    }
}

/// The names of failures, and no other text, so that the label is bounded.
fn error_type(record: &CallRecord) -> &'static str {
    let named = |error: &str| ErrorKind::ALL.into_iter().map(ErrorKind::as_str).find(|name| *name == error);
    match record.outcome {
        Outcome::Cancelled => ErrorKind::Cancelled.as_str(),
        _ => record.error.as_deref().and_then(named).unwrap_or(UNKNOWN_ERROR),
    }
}
