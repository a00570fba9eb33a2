//! The circuits of a provider's models, and the board that shows those of all providers.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::time::Instant;

use super::CallSink;
use super::circuit::{BreakerPolicy, Circuit, CircuitState};

/// How many models of a provider have a circuit. Callers may make names up, so there is a bound.
const MAX_MODELS: usize = 256;
/// A longer name is no model's.
const MAX_NAME_BYTES: usize = 128;

/// A circuit for each model of one provider.
///
/// A model has one once it is [`watch`](Self::watch)ed or has failed: of the others there is
/// nothing to know.
pub struct Circuits {
    provider: Arc<str>,
    policy: BreakerPolicy,
    sink: Arc<dyn CallSink>,
    known: RwLock<HashMap<Arc<str>, Known>>,
}

#[derive(Clone)]
struct Known {
    circuit: Arc<Circuit>,
    /// Whether it was named in the configuration, and stays.
    is_watched: bool,
}

/// Where the circuit of one deployment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitReading {
    /// The provider, as it is configured.
    pub provider: Arc<str>,
    /// The model, in the provider's own name.
    pub model: Arc<str>,
    /// Where its circuit stands.
    pub state: CircuitState,
}

/// The circuits of all providers, to be read. Without any it is empty.
#[derive(Clone, Default)]
pub struct CircuitBoard {
    providers: Vec<Arc<Circuits>>,
}

impl Circuits {
    /// Circuits for the models of this provider; where they turn is told to the sink.
    pub fn new(provider: Arc<str>, policy: BreakerPolicy, sink: Arc<dyn CallSink>) -> Self {
        Self { provider, policy, sink, known: RwLock::default() }
    }

    /// Gives a model a circuit from the start, so that it is shown before anything has failed.
    pub fn watch(&self, model: &Arc<str>) {
        let circuit = Arc::new(Circuit::new(self.policy, Instant::now()));
        self.write().entry(model.clone()).or_insert(Known { circuit, is_watched: true });
    }

    /// Whether whoever asks for this model now is let through.
    pub fn is_passable(&self, model: &str) -> bool {
        self.find(model).is_none_or(|circuit| circuit.is_passable(Instant::now()))
    }

    pub(super) fn find(&self, model: &str) -> Option<Arc<Circuit>> {
        self.read().get(model).map(|known| known.circuit.clone())
    }

    /// The model's circuit, made if there is none; `None` where there are too many already, or the name
    /// is too long.
    pub(super) fn find_or_make(&self, model: &Arc<str>, now: Instant) -> Option<Arc<Circuit>> {
        if let Some(circuit) = self.find(model) {
            return Some(circuit);
        }
        let mut known = self.write();
        if known.len() >= MAX_MODELS {
            known.retain(|_, known| known.is_watched || !known.circuit.is_quiet(now));
        }
        if model.len() > MAX_NAME_BYTES || (known.len() >= MAX_MODELS && !known.contains_key(model)) {
            return None;
        }
        let make = || Known { circuit: Arc::new(Circuit::new(self.policy, now)), is_watched: false };
        Some(known.entry(model.clone()).or_insert_with(make).circuit.clone())
    }

    pub(super) fn tell(&self, model: &str, state: CircuitState) {
        self.sink.circuit(&self.provider, model, state);
    }

    pub(super) fn provider(&self) -> &str {
        &self.provider
    }

    fn readings(&self, now: Instant) -> Vec<CircuitReading> {
        let known = self.read();
        let readings = known.iter().map(|(model, known)| CircuitReading {
            provider: self.provider.clone(),
            model: model.clone(),
            state: known.circuit.state(now),
        });
        readings.collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Arc<str>, Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Arc<str>, Known>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CircuitBoard {
    /// A board of these providers' circuits.
    pub fn new(providers: impl IntoIterator<Item = Arc<Circuits>>) -> Self {
        Self { providers: providers.into_iter().collect() }
    }

    /// Where every circuit stands, by provider and model.
    pub fn readings(&self) -> Vec<CircuitReading> {
        let now = Instant::now();
        let mut readings: Vec<_> = self.providers.iter().flat_map(|known| known.readings(now)).collect();
        readings.sort_by(|one, other| (&one.provider, &one.model).cmp(&(&other.provider, &other.model)));
        readings
    }
}
