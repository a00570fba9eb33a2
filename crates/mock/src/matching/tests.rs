//! What must hold of any rules and any request.

use std::cmp::Reverse;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use playhouse_llm::{Message, Prompt, Request, Role, ToolSpec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::call::{Facts, Form};
use crate::script::{MessageMatch, OneOrMany, TextMatch, When};

/// Texts that are in each other, and letters that change their size with their case.
const TEXTS: &[&str] =
    &["a", "b", "ab", "A", "Ab", "aba", "ba", "straße", "STRASSE", "Σς", "σ", "K", "k", ""];
const PATTERNS: &[&str] =
    &["ab+", "^a", "(a|ba)b", "(?i)ab", r"\w+ß", "a?b", "[ab]{2}", "k$", ".*", "ς|k", r"(\w)b \w"];
const MODELS: &[&str] = &["gpt", "gpt-4o", "gpt*", "*4o", "g?t", "*", "GPT"];

fn text_match() -> impl Strategy<Value = TextMatch> {
    let contains = proptest::collection::vec(select(TEXTS).prop_map(str::to_owned), 1..3).prop_map(OneOrMany);
    let is = proptest::collection::vec(select(TEXTS), 1..3).prop_map(|texts| texts.join(" "));
    let matches = select(PATTERNS).prop_map(str::to_owned);
    let parts = (maybe(contains), maybe(is), maybe(matches), any::<bool>());
    parts.prop_map(|(contains, is, matches, ignore_case)| TextMatch { contains, is, matches, ignore_case })
}

fn maybe<T: Clone + std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::weighted(0.4, strategy)
}

fn when() -> impl Strategy<Value = When> {
    let protocol = maybe(select(vec!["openai-chat".to_owned(), "openai-models".to_owned()]));
    let model = maybe(select(MODELS).prop_map(str::to_owned));
    let message = maybe(message_match());
    let tools = maybe(select(TEXTS).prop_map(|tool| OneOrMany(vec![tool.to_owned()])));
    let header = maybe(text_match().prop_map(|value| ("X-Team".to_owned(), value)));
    let state = maybe(Just(Arc::from("open")));
    let texts = (maybe(text_match()), maybe(text_match()), message, header);
    ((protocol, model, maybe(any::<bool>()), tools, state), texts).prop_map(
        |((protocol, model, stream, tools, state), (user, system, message, header))| When {
            protocol,
            model,
            stream,
            tools,
            state,
            user,
            system,
            message,
            header: header.into_iter().collect(),
            ..When::default()
        },
    )
}

fn message_match() -> impl Strategy<Value = MessageMatch> {
    let role = maybe(select(&[Role::System, Role::User][..]));
    (role, maybe(text_match())).prop_map(|(role, text)| MessageMatch { role, text })
}

/// Conditions of one kind, which often follow from each other.
fn simple_when() -> impl Strategy<Value = When> {
    prop_oneof![
        text_match().prop_map(|user| When { user: Some(user), ..When::default() }),
        message_match().prop_map(|message| When { message: Some(message), ..When::default() }),
        select(MODELS).prop_map(When::model),
        text_match().prop_map(|team| When { header: [("x-team".into(), team)].into(), ..When::default() }),
    ]
}

fn rules(when: impl Strategy<Value = When>, count: usize) -> impl Strategy<Value = RuleSet> {
    let script = proptest::collection::vec(when, 1..count);
    script.prop_map(|whens| {
        let rules = whens.into_iter().map(|when| Rule::reply("x").when(when));
        RuleSet::compile(rules.fold(Script::default(), Script::rule)).unwrap()
    })
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(select(TEXTS), 0..5).prop_map(|texts| texts.join(" "))
}

fn call() -> impl Strategy<Value = Call> {
    let parts =
        (select(&MODELS[..2]), any::<bool>(), text(), text(), select(TEXTS), maybe(select(&TEXTS[..7])));
    parts.prop_map(|(model, stream, user, system, tool, header)| {
        let mut prompt = Prompt::new(vec![Message::system(system), Message::user(user)]);
        let tool = tool.to_owned();
        prompt.tools.push(ToolSpec {
            strict: None,
            name: tool,
            description: None,
            parameters: None,
            extra: Default::default(),
        });
        let request = Request::new(model, prompt).streamed(stream);
        let mut headers = HeaderMap::new();
        headers
            .extend(header.map(|value| (HeaderName::from_static("x-team"), HeaderValue::from_static(value))));
        let facts = Facts::chat("openai-chat", request, Form::default(), Default::default());
        Call { namespace: "test".into(), headers: Arc::new(headers), facts: Arc::new(facts) }
    })
}

/// How near a rule comes, found by looking at all there is.
fn nearness(rule: &Ready, view: &View<'_>) -> (bool, usize, Reverse<usize>) {
    let (held, failed): (Vec<_>, Vec<_>) =
        rule.conditions.iter().partition(|condition| condition.holds(view));
    let is_foreign = failed.iter().any(|condition| matches!(condition, Condition::Protocol(_)));
    (!is_foreign, held.len(), Reverse(failed.len()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_index_leaves_out_no_rule_that_matches(rules in rules(when(), 12), calls in proptest::collection::vec(call(), 8)) {
        for call in &calls {
            let view = View::new(call, Some(Arc::from("open")));
            let candidates = rules.index.candidates(&view);
            for (at, rule) in rules.rules.iter().enumerate() {
                prop_assert!(candidates.contains(at) || !rule.holds(&view), "rule {at} is left out");
                if let (false, Some(filed_by)) = (candidates.contains(at), rule.filed_by) {
                    prop_assert!(!rule.conditions[filed_by].holds(&view), "rule {at} is filed wrongly");
                }
            }
        }
    }

    #[test]
    fn what_hides_a_rule_answers_all_that_it_would(rules in rules(simple_when(), 40), calls in proptest::collection::vec(call(), 40)) {
        for (later, earlier) in rules.hidden() {
            prop_assert!(earlier < later);
            for call in &calls {
                let view = View::new(call, None);
                prop_assert!(!rules.rules[later].holds(&view) || rules.rules[earlier].holds(&view));
            }
        }
    }

    #[test]
    fn of_an_implied_condition_the_index_knows(narrow in simple_when(), wide in simple_when()) {
        let conditions = |when| Condition::all_of(when, &mut Problems::default());
        let (narrow, wide) = (conditions(&narrow), conditions(&wide));
        let follows = wide.iter().all(|wide| narrow.iter().any(|narrow| wide.follows_from(narrow)));
        let (index, _) = Index::build(std::slice::from_ref(&wide));
        prop_assert!(!follows || index.implied_by(&narrow).contains(0));
    }

    #[test]
    fn no_rule_comes_nearer_than_the_nearest(rules in rules(when(), 12), call in call()) {
        if let Err(miss) = rules.select(&call, &mut Progress::default()) {
            let view = View::new(&call, None);
            let nearest = nearness(&rules.rules[miss.place.unwrap()], &view);
            prop_assert_eq!(Some(nearest), rules.rules.iter().map(|rule| nearness(rule, &view)).max());
            prop_assert_eq!(miss.differences.len(), nearest.2.0);
        }
    }
}

#[test]
fn with_another_rule_set_all_but_the_state_begins_anew() {
    let script = Script::default().rule(Rule { set_state: Some("open".into()), ..Rule::reply("x").times(1) });
    let (old, new) = (RuleSet::compile(script.clone()).unwrap(), RuleSet::compile(script).unwrap());
    let call = asking("hello");
    let mut progress = Progress::default();
    old.select(&call, &mut progress).unwrap();
    assert!(old.select(&call, &mut progress).is_err());
    assert_eq!((old.answered(0, &progress), new.answered(0, &progress)), (1, 0));
    new.select(&call, &mut progress).unwrap();
    assert_eq!((old.answered(0, &progress), new.answered(0, &progress)), (0, 1));
    assert_eq!(progress.state.as_deref(), Some("open"));
}

#[test]
fn what_was_counted_stays_where_rules_are_only_added() {
    let script = Script::default().rule(Rule::reply("x").times(1));
    let more = script.clone().rule(Rule::reply("y").named("added"));
    let (old, new) = (RuleSet::compile(script).unwrap(), RuleSet::compile(more).unwrap());
    let mut progress = Progress::default();
    old.select(&asking("hello"), &mut progress).unwrap();
    new.take_over(&mut progress);
    assert_eq!(&*new.select(&asking("hello"), &mut progress).unwrap().hit.name, "added");
    assert_eq!(new.answered(0, &progress), 1);
}

#[test]
fn a_model_is_named_by_a_pattern_but_not_by_any() {
    let script = ["gpt-4*", "own", "*"].into_iter().map(|model| Rule::reply("x").when(When::model(model)));
    let rules = RuleSet::compile(script.fold(Script::default(), Script::rule)).unwrap();
    assert!(rules.names_model("gpt-4o") && rules.names_model("own"));
    assert!(!rules.names_model("other"));
}

#[test]
fn a_closure_sees_only_requests_that_match_otherwise() {
    let is_short = |call: &Call| call.facts.user.strip_prefix("say ").unwrap().len() < 5;
    let when = When { user: Some(TextMatch::from("say".to_owned())), ..When::satisfies(is_short) };
    let rules = RuleSet::compile(Script::default().rule(Rule::reply("x").when(when))).unwrap();
    let mut progress = Progress::default();
    assert!(rules.select(&asking("say hi"), &mut progress).is_ok());
    assert!(rules.select(&asking("hi"), &mut progress).is_err());
    let miss = rules.select(&asking("say good morning"), &mut progress).unwrap_err();
    assert_eq!(miss.differences, ["predicate: the closure says no"]);
}

#[test]
fn the_last_of_thousands_of_rules_is_found_and_hidden_ones_are_too() {
    let rule = |number: usize| Rule::reply("x").when(When::user(format!("item {number}.")));
    let script = (0..3_000).map(rule).fold(Script::default(), Script::rule).rule(rule(7));
    let rules = RuleSet::compile(script).unwrap();
    let hit = rules.select(&asking("Where is item 2999.?"), &mut Progress::default()).unwrap().hit;
    assert_eq!((hit.index, &*hit.name), (2_999, "rule 3000"));
    assert_eq!(rules.hidden(), [(3_000, 7)]);
}

fn asking(user: &str) -> Call {
    let request = Request::new("gpt-4o", Prompt::new(vec![Message::user(user)]));
    let facts = Facts::chat("openai-chat", request, Form::default(), Default::default());
    Call { namespace: "test".into(), headers: Arc::default(), facts: Arc::new(facts) }
}
