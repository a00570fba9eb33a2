//! The names a line's fields have taken.

/// The names every line has, or may have, besides the event's own.
const STANDARD: [&str; 8] =
    ["timestamp", "level", "message", "logger", "module", "function", "line", "exception"];

/// The names of the scope's ids, which an event's own fields may take.
const IDS: [&str; 3] = ["request_id", "trace_id", "span_id"];

/// A name without the underscores at its end: names of different stems stay different, however many
/// underscores follow them.
pub(super) fn stem(name: &str) -> &str {
    name.trim_end_matches('_')
}

/// Whether a line may have something of this name that no field of its event is.
pub(super) fn can_be_taken(name: &str) -> bool {
    STANDARD.into_iter().chain(IDS).any(|taken| taken == stem(name))
}

/// The names taken within one line, so that none comes twice.
#[derive(Debug)]
pub(super) struct Keys {
    /// A bit for each name taken. Most names are new, and one look here proves it.
    seen: u64,
    own: Vec<(&'static str, usize)>,
}

impl Keys {
    pub(super) fn clear(&mut self) {
        self.seen = standard_bits();
        self.own.clear();
    }

    /// Takes a name; the answer is how many underscores must follow it to make it new.
    pub(super) fn take(&mut self, name: &'static str) -> usize {
        let mut underscores = 0;
        while self.is_taken(name, underscores) {
            underscores += 1;
        }
        self.seen |= bit(name, underscores);
        self.own.push((name, underscores));
        underscores
    }

    /// Whether an event's own field has this name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.seen & bit(name, 0) != 0 && self.own.iter().any(|own| same(*own, (name, 0)))
    }

    fn is_taken(&self, name: &str, underscores: usize) -> bool {
        self.seen & bit(name, underscores) != 0
            && (self.own.iter().any(|own| same(*own, (name, underscores)))
                || underscores == 0 && STANDARD.contains(&name))
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self { seen: standard_bits(), own: Vec::new() }
    }
}

/// Equal for names that are written equal: it looks at the length and the first letter only.
const fn bit(name: &str, underscores: usize) -> u64 {
    let first = if name.is_empty() { b'_' } else { name.as_bytes()[0] };
    1 << (((name.len() + underscores) * 7 + first as usize) % 64)
}

const fn standard_bits() -> u64 {
    let mut bits = 0;
    let mut at = 0;
    while at < STANDARD.len() {
        bits |= bit(STANDARD[at], 0);
        at += 1;
    }
    bits
}

fn same(left: (&str, usize), right: (&str, usize)) -> bool {
    if left.0.len() + left.1 != right.0.len() + right.1 {
        return false;
    }
    let (shorter, longer) = if left.0.len() <= right.0.len() { (left.0, right.0) } else { (right.0, left.0) };
    longer.strip_prefix(shorter).is_some_and(|rest| rest.bytes().all(|byte| byte == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(names: &[&'static str]) -> Vec<String> {
        let mut keys = Keys::default();
        let written = names.iter().map(|name| format!("{name}{}", "_".repeat(keys.take(name))));
        written.collect()
    }

    #[test]
    fn new_names_stay() {
        assert_eq!(taken(&["model", "provider", "mode"]), ["model", "provider", "mode"]);
    }

    #[test]
    fn taken_names_get_underscores() {
        assert_eq!(taken(&["line", "a", "a", "a"]), ["line_", "a", "a_", "a__"]);
        assert_eq!(taken(&["line_", "line", "line_"]), ["line_", "line__", "line___"]);
    }

    #[test]
    fn contains_knows_own_names_only() {
        let mut keys = Keys::default();
        keys.take("request_id");
        assert!(keys.contains("request_id"));
        assert!(!keys.contains("trace_id"));
        assert!(!keys.contains("message"));
    }
}
