//! Finding the few rules that may match among thousands.
//!
//! Every rule is filed under one thing that a request must have for it to match: a model's name, a
//! text that the user's contains, a literal of a regular expression. Of several, the one that the
//! fewest rules share is taken. A request is looked at once a place (one pass over the user's text
//! finds what any rule may want in it), and gives the rules filed under what it has, and
//! those that can be filed under nothing. They are a set of bits, so they come in the script's order.

mod bits;
mod grams;
mod key;
mod texts;

use std::collections::HashMap;

use http::HeaderName;

pub(super) use bits::Bits;

use self::key::{Field, Key, Place, keys_of};
use self::texts::{TextIndex, Texts};
use super::condition::Condition;
use super::view::View;

/// Parts shorter than this are in too many texts to tell much.
const TELLING_BYTES: usize = 4;
/// How many sharers such a part counts as.
const LITTLE_TELLING: usize = 1_000;

/// The rules of a script, by what a request must have for them to match.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Rules that are filed under nothing.
    always: Bits,
    names: HashMap<Field, HashMap<String, Vec<u32>>>,
    model: TextIndex,
    user: TextIndex,
    system: TextIndex,
    message: TextIndex,
    tool_result: TextIndex,
    headers: HashMap<HeaderName, TextIndex>,
}

/// A rule on its way into the index.
struct Filing {
    /// The condition that it is filed by, if any.
    condition: Option<usize>,
    keys: Vec<Key>,
}

impl Index {
    /// An index of rules, given by their conditions; with, for each, the condition that it is filed
    /// by: it holds for no request that does not give the rule.
    pub(super) fn build(rules: &[Vec<Condition>]) -> (Self, Vec<Option<usize>>) {
        let filings = file(rules);
        let by = filings.iter().map(|filing| filing.condition).collect();
        (Self::of(filings), by)
    }

    fn of(filings: Vec<Filing>) -> Self {
        let mut index = Self { always: Bits::under(filings.len()), ..Self::default() };
        let mut texts: HashMap<Place, Texts> = HashMap::new();
        for (at, filing) in filings.into_iter().enumerate() {
            let rule = u32::try_from(at).unwrap_or(u32::MAX);
            if filing.keys.is_empty() {
                index.always.insert(at);
            }
            for key in filing.keys {
                match key {
                    Key::Whole(place, text) => texts.entry(place).or_default().add_whole(text, rule),
                    Key::Part(place, text) => texts.entry(place).or_default().add_part(text, rule),
                    Key::Name(field, name) => {
                        index.names.entry(field).or_default().entry(name).or_default().push(rule);
                    }
                }
            }
        }
        for (place, texts) in texts {
            index.put(place, texts);
        }
        index
    }

    fn put(&mut self, place: Place, texts: Texts) {
        let texts = texts.into_index();
        match place {
            Place::Model => self.model = texts,
            Place::User => self.user = texts,
            Place::System => self.system = texts,
            Place::Message => self.message = texts,
            Place::ToolResult => self.tool_result = texts,
            Place::Header(name) => drop(self.headers.insert(name, texts)),
        }
    }

    /// The rules that may match a request; no other does.
    pub(super) fn candidates(&self, view: &View<'_>) -> Bits {
        let mut found = self.always.clone();
        self.add_by_name(view, &mut found);
        self.add_by_header(view, &mut found);
        self.model.add_wanting(&view.model, &mut found);
        self.user.add_wanting(&view.user, &mut found);
        self.system.add_wanting(&view.system, &mut found);
        if !self.message.is_empty() {
            view.messages().iter().for_each(|(_, text)| self.message.add_wanting(text, &mut found));
        }
        if !self.tool_result.is_empty() {
            view.results().iter().for_each(|(_, text)| self.tool_result.add_wanting(text, &mut found));
        }
        found
    }

    fn add_by_name(&self, view: &View<'_>, found: &mut Bits) {
        let facts = &view.call.facts;
        self.add_named(Field::Protocol, [facts.protocol], found);
        self.add_named(Field::State, view.state.as_deref(), found);
        self.add_named(Field::Tool, facts.tools.iter().map(String::as_str), found);
        self.add_named(
            Field::ToolResult,
            facts.tool_results.iter().map(|result| result.name.as_str()),
            found,
        );
    }

    fn add_named<'n>(&self, field: Field, names: impl IntoIterator<Item = &'n str>, found: &mut Bits) {
        if let Some(rules) = self.names.get(&field) {
            names.into_iter().filter_map(|name| rules.get(name)).for_each(|rules| found.add_all(rules));
        }
    }

    fn add_by_header(&self, view: &View<'_>, found: &mut Bits) {
        if self.headers.is_empty() {
            return;
        }
        for name in view.call.headers.keys() {
            if let Some(texts) = self.headers.get(name) {
                view.header(name).for_each(|value| texts.add_wanting(&value, found));
            }
        }
    }

    /// The rules that may match every request for which these conditions hold; no other does, as
    /// far as [`Condition::follows_from`] can tell.
    pub(super) fn implied_by(&self, conditions: &[Condition]) -> Bits {
        let mut found = self.always.clone();
        for key in conditions.iter().flat_map(keys_of).flatten() {
            match &key {
                Key::Name(field, name) => self.add_named(*field, [name.as_str()], &mut found),
                Key::Whole(place, text) => {
                    self.texts(place).for_each(|texts| texts.add_wanting_whole(text, &mut found))
                }
                Key::Part(place, text) => {
                    self.texts(place).for_each(|texts| texts.add_wanting_part(text, &mut found))
                }
            }
        }
        found
    }

    fn texts(&self, place: &Place) -> impl Iterator<Item = &TextIndex> {
        let texts = match place {
            Place::Model => Some(&self.model),
            Place::User => Some(&self.user),
            Place::System => Some(&self.system),
            Place::Message => Some(&self.message),
            Place::ToolResult => Some(&self.tool_result),
            Place::Header(name) => self.headers.get(name),
        };
        texts.into_iter()
    }
}

/// Finds for every rule the keys that the fewest rules share.
fn file(rules: &[Vec<Condition>]) -> Vec<Filing> {
    let ways: Vec<Vec<(usize, Vec<Key>)>> = rules.iter().map(|conditions| ways_of(conditions)).collect();
    let mut sharers: HashMap<&Key, usize> = HashMap::new();
    for key in ways.iter().flatten().flat_map(|(_, keys)| keys) {
        *sharers.entry(key).or_default() += 1;
    }
    let cost =
        |keys: &[Key]| keys.iter().map(|key| sharers.get(key).unwrap_or(&0) + vagueness(key)).sum::<usize>();
    let best = |ways: &[(usize, Vec<Key>)]| (0..ways.len()).min_by_key(|way| cost(&ways[*way].1));
    let chosen: Vec<_> = ways.iter().map(|ways| best(ways)).collect();
    let filings = ways.into_iter().zip(chosen).map(|(mut ways, chosen)| match chosen {
        Some(way) => {
            let (condition, keys) = ways.swap_remove(way);
            Filing { condition: Some(condition), keys }
        }
        None => Filing { condition: None, keys: Vec::new() },
    });
    filings.collect()
}

/// The ways to file a rule: a condition, and its keys.
fn ways_of(conditions: &[Condition]) -> Vec<(usize, Vec<Key>)> {
    let ways = conditions.iter().enumerate();
    ways.flat_map(|(at, condition)| keys_of(condition).into_iter().map(move |keys| (at, keys))).collect()
}

fn vagueness(key: &Key) -> usize {
    match key {
        Key::Part(_, text) if text.len() < TELLING_BYTES => LITTLE_TELLING,
        _ => 0,
    }
}
