//! What parameters ask of each other and of the model.

/// A rule between parameters: how to find what breaks it, and examples of both.
#[derive(Debug)]
pub(crate) struct Rule<Find: 'static> {
    pub(crate) id: &'static str,
    /// Where the vendor, or somebody whom it refused, says so.
    pub(crate) source: &'static str,
    /// Members of requests that are taken, as JSON; they stand beside those of the smallest request.
    pub(crate) takes: &'static [&'static str],
    /// Members of requests that are refused, as JSON.
    pub(crate) refuses: &'static [&'static str],
    pub(crate) find: Find,
}
