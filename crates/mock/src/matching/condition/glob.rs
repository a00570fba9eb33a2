//! Names with wildcards.

/// A pattern for names: `*` stands for any characters, `?` for any one.
#[derive(Clone, Debug)]
pub(in crate::matching) struct Glob {
    pub(in crate::matching) pattern: String,
    has_wildcards: bool,
}

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        Self { pattern: pattern.to_owned(), has_wildcards: pattern.contains(['*', '?']) }
    }

    /// The one name it stands for, if there is only one.
    pub(in crate::matching) fn only_name(&self) -> Option<&str> {
        (!self.has_wildcards).then_some(self.pattern.as_str())
    }

    /// The longest text that every name has in it that it stands for.
    pub(in crate::matching) fn longest_part(&self) -> &str {
        self.pattern.split(['*', '?']).max_by_key(|part| part.len()).unwrap_or_default()
    }

    /// Whether it stands for a name.
    pub(in crate::matching) fn matches(&self, name: &str) -> bool {
        match self.has_wildcards {
            false => self.pattern == name,
            true => fits(&self.pattern, name, |_| true),
        }
    }

    /// Whether every name that the other one matches is matched by this one. It may say no where
    /// that is so (`?*` and `*?`), and never yes where it is not.
    pub(super) fn covers(&self, other: &Self) -> bool {
        // The other pattern is taken as a name: its `*` may be any length, so no `?` covers it.
        fits(&self.pattern, &other.pattern, |letter| letter != '*')
    }
}

/// Whether a name fits a pattern whose `?` stands for the letters that `is_one` says yes to.
///
/// When a letter does not fit, only the last `*` is tried again with one letter more: what came
/// before it fits already. So the work is at most the product of the lengths.
fn fits(pattern: &str, name: &str, is_one: impl Fn(char) -> bool) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    let mut last_star = None;
    loop {
        let before = name.clone();
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                name = before.clone();
                last_star = Some((pattern.clone(), before));
            }
            (Some(expected), Some(letter)) if expected == letter || (expected == '?' && is_one(letter)) => {}
            _ => {
                let Some((after_star, swallowed_to)) = &mut last_star else { return false };
                if swallowed_to.next().is_none() {
                    return false;
                }
                (pattern, name) = (after_star.clone(), swallowed_to.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn wildcards_stand_for_any_characters_or_any_one() {
        let cases = [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-4o*", "gpt-4o", true),
            ("gpt-4o*", "gpt-4o-mini", true),
            ("*mini", "gpt-4o-mini", true),
            ("*mini", "gpt-4o-mini-2024", false),
            ("gpt-?o", "gpt-4o", true),
            ("gpt-?o", "gpt-o", false),
            ("?", "ü", true),
            ("*-*-*", "a-b", false),
            ("*a*b", "aab-ab", true),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn a_pattern_covers_narrower_ones() {
        let cases = [
            ("*", "gpt-4o", true),
            ("*", "gpt-*", true),
            ("gpt-*", "gpt-4*", true),
            ("gpt-?", "gpt-?", true),
            ("gpt-?", "gpt-4", true),
            ("gpt-?", "gpt-*", false),
            ("gpt-4", "gpt-?", false),
            ("gpt-4*", "gpt-*", false),
            ("gpt-4o", "gpt-4o", true),
        ];
        for (wide, narrow, expected) in cases {
            assert_eq!(Glob::new(wide).covers(&Glob::new(narrow)), expected, "{wide} over {narrow}");
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_the_lengths() {
        let pattern = "*a".repeat(1_000) + "b";
        assert!(!Glob::new(&pattern).matches(&"a".repeat(10_000)));
    }
}
