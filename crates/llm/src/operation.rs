//! What a request asks of a model.

use serde::{Deserialize, Serialize};

/// What a request asks of a model.
///
/// All kinds go the same way, through the same layers; what differs is what their bytes say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// An answer in words, or calls of tools.
    #[default]
    Chat,
    /// Vectors that stand for texts.
    Embeddings,
}

impl Operation {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Chat, Self::Embeddings];

    /// The name in logs, records, metrics and spans, as OpenTelemetry has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
        }
    }

    /// Whether it is what most requests ask for, which need not be said.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The kind of this name; one of a later version is taken for the usual one.
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|known| known.as_str() == name).unwrap_or_default()
    }
}
