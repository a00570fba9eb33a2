//! How large a tree may grow.

use super::node::Span;
use crate::script::load::finding::Finding;

/// No sensible script is nested deeper.
const MAX_DEPTH: usize = 64;

/// Some ten times what a script of 10,000 rules has.
const MAX_NODES: usize = 2_000_000;

/// What may still be added to a tree.
pub(super) struct Budget {
    nodes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { nodes: MAX_NODES }
    }
}

impl Budget {
    /// Pays for one more value at this depth.
    pub(super) fn take(&mut self, span: Span, depth: usize) -> Result<(), Finding> {
        if depth > MAX_DEPTH {
            let message = format!("the script is nested deeper than {MAX_DEPTH} levels");
            return Err(Finding::new(message, span));
        }
        let left = self.nodes.checked_sub(1);
        let too_many = || Finding::new(format!("the script has more than {MAX_NODES} values"), span);
        self.nodes = left.ok_or_else(|| too_many().help("an alias repeats everything that it stands for"))?;
        Ok(())
    }
}
