//! What a text must be like.

use std::collections::BTreeMap;

use super::literals::required_literals;
use super::pattern::Pattern;
use crate::matching::fold::fold;
use crate::matching::problem::Problems;
use crate::matching::view::Text;
use crate::script::TextMatch;

/// What a text must be like; whatever is said must hold.
#[derive(Clone, Debug)]
pub(in crate::matching) struct TextTest {
    pub(in crate::matching) contains: Vec<Needle>,
    pub(in crate::matching) is: Option<Needle>,
    pub(in crate::matching) pattern: Option<Pattern>,
    pub(in crate::matching) ignore_case: bool,
    /// Folded texts of which one is in every text, folded, that the pattern matches; none where
    /// there is no pattern or nothing can be said.
    pub(in crate::matching) literals: Vec<String>,
}

/// A text that is looked for.
#[derive(Clone, Debug)]
pub(in crate::matching) struct Needle {
    pub(in crate::matching) written: String,
    /// In lower case, where case is ignored.
    folded: Option<String>,
}

impl TextTest {
    pub(super) fn new(spec: &TextMatch, field: &str, problems: &mut Problems) -> Self {
        let needle = |text: &String| Needle::new(text, spec.ignore_case);
        let mut test = Self {
            contains: spec.contains.iter().flat_map(|texts| &texts.0).map(needle).collect(),
            is: spec.is.as_ref().map(needle),
            pattern: None,
            ignore_case: spec.ignore_case,
            literals: Vec::new(),
        };
        let parsed = spec.matches.as_ref().map(|written| Pattern::parse(written, spec.ignore_case));
        if let Some((pattern, hir)) =
            parsed.and_then(|parsed| problems.keep(&format!("{field}.matches"), parsed))
        {
            test.literals = required_literals(&hir);
            test.pattern = Some(pattern);
        }
        test
    }

    /// Whether it says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.contains.is_empty() && self.is.is_none() && self.pattern.is_none()
    }

    pub(in crate::matching) fn holds(&self, text: &Text<'_>) -> bool {
        self.is.as_ref().is_none_or(|needle| needle.is(text))
            && self.contains.iter().all(|needle| needle.is_in(text))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(&text.written))
    }

    /// The part of the test that does not hold.
    pub(in crate::matching) fn unmet(&self, text: &Text<'_>) -> Self {
        let mut unmet = self.clone();
        unmet.is.take_if(|needle| needle.is(text));
        unmet.contains.retain(|needle| !needle.is_in(text));
        unmet.pattern.take_if(|pattern| pattern.is_match(&text.written));
        unmet
    }

    /// Adds the groups of its expression: named ones by name, all by number. What is there already
    /// stays.
    pub(super) fn capture(&self, text: &Text<'_>, captured: &mut BTreeMap<String, String>) {
        let Some(pattern) = &self.pattern else { return };
        let Some(groups) = pattern.captures(&text.written) else { return };
        let names = groups.group_info().pattern_names(regex_automata::PatternID::ZERO);
        for (number, name) in names.enumerate().skip(1) {
            let Some(group) = groups.get_group(number) else { continue };
            for key in name.map(str::to_owned).into_iter().chain([number.to_string()]) {
                captured.entry(key).or_insert_with(|| text.written[group.range()].to_owned());
            }
        }
    }

    /// Whether every text for which the other holds is one for which this holds.
    pub(super) fn follows_from(&self, other: &Self) -> bool {
        // A text in other case tells nothing of the case that this one wants.
        if other.ignore_case && !self.ignore_case && !self.is_empty() {
            return false;
        }
        let is_there = |needle: &Needle| {
            let texts = other.contains.iter().chain(&other.is);
            texts.into_iter().any(|text| needle.is_in(&Text::new(text.written.as_str())))
        };
        let is_same = |needle: &Needle| {
            other.is.as_ref().is_some_and(|text| needle.is(&Text::new(text.written.as_str())))
        };
        let matches = |pattern: &Pattern| other.pattern.as_ref().is_some_and(|other| pattern.is_same(other));
        self.contains.iter().all(is_there)
            && self.is.as_ref().is_none_or(is_same)
            && self.pattern.as_ref().is_none_or(matches)
    }
}

impl Needle {
    fn new(written: &str, ignore_case: bool) -> Self {
        Self { written: written.to_owned(), folded: ignore_case.then(|| fold(written)) }
    }

    fn is(&self, text: &Text<'_>) -> bool {
        match &self.folded {
            Some(folded) => text.folded() == folded,
            None => text.written == self.written,
        }
    }

    fn is_in(&self, text: &Text<'_>) -> bool {
        match &self.folded {
            Some(folded) => text.folded().contains(folded),
            None => text.written.contains(&self.written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::OneOrMany;

    fn test(spec: TextMatch) -> TextTest {
        TextTest::new(&spec, "when.user", &mut Problems::default())
    }

    fn contains(texts: &[&str]) -> TextMatch {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        TextMatch { contains: Some(OneOrMany(texts)), ..TextMatch::default() }
    }

    fn is(text: &str) -> TextMatch {
        TextMatch { is: Some(text.to_owned()), ..TextMatch::default() }
    }

    fn matches(pattern: &str) -> TextMatch {
        TextMatch { matches: Some(pattern.to_owned()), ..TextMatch::default() }
    }

    fn any_case(spec: TextMatch) -> TextMatch {
        TextMatch { ignore_case: true, ..spec }
    }

    #[test]
    fn whatever_is_said_must_hold() {
        let cases = [
            (contains(&["a", "c"]), "abc", true),
            (contains(&["a", "d"]), "abc", false),
            (contains(&["A"]), "abc", false),
            (any_case(contains(&["ÄB"])), "xäbc", true),
            (is("abc"), "abc", true),
            (is("abc"), "abc ", false),
            (any_case(is("ABC")), "aBc", true),
            (matches("b.$"), "abc", true),
            (any_case(matches("^A")), "abc", true),
            (TextMatch { is: Some("abc".into()), ..matches("x") }, "abc", false),
            (TextMatch::default(), "", true),
        ];
        for (spec, text, expected) in cases {
            assert_eq!(test(spec.clone()).holds(&Text::new(text)), expected, "{spec:?} on {text}");
        }
    }

    #[test]
    fn groups_are_captured_by_name_and_number_and_never_overwritten() {
        let mut captured = BTreeMap::from([("1".to_owned(), "kept".to_owned())]);
        let spec = matches(r"(?<what>\w+) in (\w+)( now)?");
        test(spec).capture(&Text::new("the weather in Paris"), &mut captured);
        let expected = [("1", "kept"), ("2", "Paris"), ("what", "weather")];
        assert_eq!(captured, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn a_narrower_test_implies_a_wider_one() {
        let cases = [
            (contains(&["weather"]), contains(&["weather in Paris"]), true),
            (contains(&["weather"]), is("the weather"), true),
            (contains(&["weather", "Paris"]), contains(&["Paris", "the weather", "x"]), true),
            (contains(&["weather", "Rome"]), contains(&["weather"]), false),
            (contains(&["weather in Paris"]), contains(&["weather"]), false),
            (is("a"), is("a"), true),
            (is("a"), contains(&["a"]), false),
            (any_case(contains(&["WEATHER"])), contains(&["weather"]), true),
            (any_case(is("A")), any_case(is("a")), true),
            (contains(&["weather"]), any_case(contains(&["weather"])), false),
            (matches("a+"), matches("a+"), true),
            (matches("a+"), any_case(matches("a+")), false),
            (any_case(matches("a+")), matches("a+"), false),
            (matches("a+"), is("aa"), false),
        ];
        for (wide, narrow, expected) in cases {
            let follows = test(wide.clone()).follows_from(&test(narrow.clone()));
            assert_eq!(follows, expected, "{wide:?} from {narrow:?}");
        }
    }
}
