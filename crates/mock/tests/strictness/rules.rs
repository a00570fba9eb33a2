//! Every rule takes its own good examples and refuses its own bad ones before any other rule does.

use std::collections::BTreeMap;

use playhouse_mock::protocols::{RuleCard, Violation, anthropic, openai};

use serde_json::{Value, json};

use crate::subject::{message_violations, violations};

fn rules() -> Vec<RuleCard> {
    [openai::rules(), anthropic::rules()].concat()
}

/// How the requests of a rule are checked.
fn check_of(rule: &str) -> Option<fn(&Value) -> Vec<Violation>> {
    match rule.split_once('/')?.0 {
        "openai-chat" => Some(violations),
        "anthropic-messages" => Some(message_violations),
        _ => None,
    }
}

/// Every example that `of` finds in a rule, with what it is complained of first.
fn examples(of: fn(RuleCard) -> Vec<Value>) -> Vec<(&'static str, Value, Option<Violation>)> {
    let checked = rules().into_iter().filter_map(|card| Some((card.rule, check_of(card.rule)?, of(card))));
    let each = checked.flat_map(|(rule, check, examples)| {
        examples.into_iter().map(move |example| {
            let first = check(&example).into_iter().next();
            (rule, example, first)
        })
    });
    each.collect()
}

#[test]
fn every_rule_has_a_source_and_examples_of_both() {
    let cards = rules();
    assert!(cards.len() > 300, "only {} rules", cards.len());
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
    let examples = examples(|card| card.taken).into_iter();
    let refused = examples.filter_map(|(rule, taken, first)| Some((rule, shortened(&taken), first?)));
    assert_eq!(refused.collect::<Vec<_>>(), []);
}

#[test]
fn examples_that_are_to_be_refused_are_refused_for_their_rule_first() {
    let astray = examples(|card| card.refused).into_iter().filter_map(|(rule, refused, first)| {
        (first.as_ref().map(|found| found.rule) != Some(rule)).then(|| (rule, shortened(&refused), first))
    });
    assert_eq!(astray.collect::<Vec<_>>(), []);
}

#[test]
fn a_request_that_is_wrong_all_over_is_complained_of_within_bounds() {
    let messages: Vec<Value> = (0..10_000).map(Value::from).collect();
    let found = violations(&json!({"model": "gpt-4o", "messages": messages, "stop": messages}));
    assert!((2..200).contains(&found.len()), "{} complaints", found.len());
    let found =
        message_violations(&json!({"model": "claude-opus-5", "messages": messages, "system": messages}));
    assert!((2..200).contains(&found.len()), "{} complaints", found.len());
}

fn shortened(request: &Value) -> String {
    request.to_string().chars().take(400).collect()
}
