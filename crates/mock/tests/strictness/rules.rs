//! Every rule takes its own good examples and refuses its own bad ones before any other rule does.

use std::collections::BTreeMap;

use playhouse_mock::protocols::openai::{RuleCard, rules};

use serde_json::{Value, json};

use crate::subject::violations;

fn chat_rules() -> impl Iterator<Item = RuleCard> {
    rules().into_iter().filter(|card| card.rule.starts_with("openai-chat/"))
}

#[test]
fn every_rule_has_a_source_and_examples_of_both() {
    let cards = rules();
    assert!(cards.len() > 150, "only {} rules", cards.len());
    for card in cards {
        assert!(card.source.starts_with("https://"), "{} has no source", card.rule);
        assert!(!card.taken.is_empty(), "{} has no example that is taken", card.rule);
        assert!(!card.refused.is_empty(), "{} has no example that is refused", card.rule);
        let examples = card.taken.iter().chain(&card.refused);
        assert!(examples.clone().all(|example| example.is_object()), "{}: {:?}", card.rule, examples);
    }
}

#[test]
fn every_rule_has_its_own_id() {
    let mut counts = BTreeMap::new();
    rules().iter().for_each(|card| *counts.entry(card.rule).or_insert(0) += 1);
    counts.retain(|_, count| *count > 1);
    assert_eq!(counts, BTreeMap::new());
}

#[test]
fn examples_that_are_to_be_taken_are_taken() {
    let examples = chat_rules().flat_map(|card| card.taken.into_iter().map(move |taken| (card.rule, taken)));
    let refused = examples.filter_map(|(rule, taken)| Some((rule, violations(&taken).into_iter().next()?)));
    assert_eq!(refused.collect::<Vec<_>>(), []);
}

#[test]
fn examples_that_are_to_be_refused_are_refused_for_their_rule_first() {
    let examples =
        chat_rules().flat_map(|card| card.refused.into_iter().map(move |refused| (card.rule, refused)));
    let astray = examples.filter_map(|(rule, refused)| {
        let first = violations(&refused).into_iter().next();
        (first.as_ref().map(|found| found.rule) != Some(rule)).then(|| (rule, shortened(&refused), first))
    });
    assert_eq!(astray.collect::<Vec<_>>(), []);
}

#[test]
fn a_request_that_is_wrong_all_over_is_complained_of_within_bounds() {
    let messages: Vec<Value> = (0..10_000).map(Value::from).collect();
    let found = violations(&json!({"model": "gpt-4o", "messages": messages, "stop": messages}));
    assert!((2..200).contains(&found.len()), "{} complaints", found.len());
}

fn shortened(request: &Value) -> String {
    request.to_string().chars().take(400).collect()
}
