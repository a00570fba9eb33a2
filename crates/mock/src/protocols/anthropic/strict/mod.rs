//! How Anthropic checks a request: tables of what each parameter must be, and rules between them.
//!
//! What the tables are written in is every vendor's (`protocols/strict`). In reading order here:
//! [`walk`] (holding a value against its shape) → [`request`] and [`rule`] (what parameters ask of each
//! other and of the model). [`wording`] is how it is said.

pub(crate) mod request;
pub(crate) mod rule;
pub(crate) mod walk;
pub(crate) mod wording;

/// Where the parameters are described.
pub(crate) const REFERENCE: &str = "https://platform.claude.com/docs/en/api/messages/create";

/// What was measured against the real API in August and September 2026, sentence by sentence.
pub(crate) const MEASURED: &str =
    "https://github.com/kangminlee-maker/local-OAuth-CLI-API-adapter/blob/main/docs/conformance-matrix.md";
