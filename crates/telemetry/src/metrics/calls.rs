//! What a call adds to the metrics.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use playhouse_llm::{CallRecord, ErrorKind, Operation, Outcome, Usage};
use prometheus::{Counter, Histogram, IntCounter};

use super::families::Families;
use super::pairs::{NO_PROVIDER, Pairs};
use super::seconds;

/// The `error_type` of a failure that has no name of ours.
const UNKNOWN_ERROR: &str = "_OTHER";

/// Handles for the calls of each provider and model.
#[derive(Debug, Default)]
pub(super) struct CallMetrics {
    chat: Pairs<PairMetrics>,
    embeddings: Pairs<PairMetrics>,
    /// What OpenTelemetry calls the vendor behind each provider.
    vendors: OnceLock<HashMap<String, &'static str>>,
}

/// The handles of one provider and model.
#[derive(Debug)]
struct PairMetrics {
    operation: Operation,
    vendor: Box<str>,
    model: Box<str>,
    duration: Histogram,
    served_duration: Histogram,
    input_tokens: Histogram,
    /// None where nothing is written.
    written: Option<WrittenMetrics>,
    cost: Counter,
    tokens: TokenCounters,
}

/// The handles of what a model writes, token by token.
#[derive(Debug)]
struct WrittenMetrics {
    first_chunk: Histogram,
    per_chunk: Histogram,
    first_token: Histogram,
    per_token: Histogram,
    output_tokens: Histogram,
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

    fn vendor<'a>(&self, provider: &'a str) -> &'a str {
        self.vendors.get().and_then(|vendors| vendors.get(provider)).copied().unwrap_or(provider)
    }

    pub(super) fn observe(&self, families: &Families, record: &CallRecord) {
        let provider = record.provider.as_deref().unwrap_or(NO_PROVIDER);
        let answered = record.outcome == Outcome::Ok;
        let pair = self.pair(families, record.operation, (provider, &record.model), answered);
        if answered {
            pair.observe_answered(record);
        } else {
            let labels = [pair.operation.as_str(), &pair.vendor, &pair.model, error_type(record)];
            let duration = seconds(record.duration_ms);
            families.call_duration.with_label_values(&labels).observe(duration);
            families.served_duration.with_label_values(&labels).observe(duration);
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
            PairMetrics::new(families, operation, self.vendor(provider), provider, model)
        })
    }
}

impl PairMetrics {
    /// The conventions' own metrics name the vendor, ours the provider as it is configured.
    fn new(families: &Families, operation: Operation, vendor: &str, provider: &str, model: &str) -> Self {
        let named = |last| [operation.as_str(), vendor, model, last];
        let writes = operation == Operation::Chat;
        Self {
            operation,
            vendor: vendor.into(),
            model: model.into(),
            duration: families.call_duration.with_label_values(&named("")),
            served_duration: families.served_duration.with_label_values(&named("")),
            input_tokens: families.call_tokens.with_label_values(&named("input")),
            written: writes.then(|| WrittenMetrics::new(families, [operation.as_str(), vendor, model])),
            cost: families.cost.with_label_values(&[provider, model]),
            tokens: TokenCounters::new(families, provider, model),
        }
    }

    fn observe_answered(&self, record: &CallRecord) {
        self.duration.observe(seconds(record.duration_ms));
        self.served_duration.observe(seconds(record.duration_ms));
        if let Some(usage) = &record.usage {
            self.input_tokens.observe(usage.prompt_tokens as f64);
        }
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

impl WrittenMetrics {
    fn new(families: &Families, names: [&str; 3]) -> Self {
        let [operation, vendor, model] = names;
        Self {
            first_chunk: families.first_chunk.with_label_values(&names),
            per_chunk: families.per_chunk.with_label_values(&names),
            first_token: families.first_token.with_label_values(&names),
            per_token: families.per_token.with_label_values(&names),
            output_tokens: families.call_tokens.with_label_values(&[operation, vendor, model, "output"]),
        }
    }

    fn observe(&self, record: &CallRecord) {
        if let Some(ttft_ms) = record.ttft_ms.filter(|_| record.stream) {
            self.first_token.observe(seconds(ttft_ms));
            self.first_chunk.observe(seconds(ttft_ms));
            self.observe_per_token(record, ttft_ms);
        }
        if let Some(usage) = &record.usage {
            self.output_tokens.observe(usage.completion_tokens as f64);
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
