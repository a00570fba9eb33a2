//! What an attempt to have a call answered adds to the metrics.

use playhouse_llm::ErrorKind;
use prometheus::IntCounter;

use super::families::Families;
use super::pairs::Pairs;

/// Handles for the attempts at each provider and model.
#[derive(Debug, Default)]
pub(super) struct AttemptMetrics {
    pairs: Pairs<PairAttempts>,
}

#[derive(Debug)]
struct PairAttempts {
    provider: Box<str>,
    model: Box<str>,
    answered: IntCounter,
}

impl AttemptMetrics {
    pub(super) fn observe(&self, families: &Families, provider: &str, model: &str, error: Option<ErrorKind>) {
        let make = |provider: &str, model: &str| PairAttempts::new(families, provider, model);
        let pair = self.pairs.get(provider, model, error.is_none(), make);
        match error {
            None => pair.answered.inc(),
            Some(error) => {
                let labels = [&*pair.provider, &*pair.model, error.as_str()];
                families.attempts.with_label_values(&labels).inc();
            }
        }
    }
}

impl PairAttempts {
    fn new(families: &Families, provider: &str, model: &str) -> Self {
        let answered = families.attempts.with_label_values(&[provider, model, "ok"]);
        Self { provider: provider.into(), model: model.into(), answered }
    }
}
