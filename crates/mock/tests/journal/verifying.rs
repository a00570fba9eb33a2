//! Expectations held against calls, and how a failure reads.

use std::sync::Arc;

use playhouse_mock::journal::Journal;
use playhouse_mock::script::When;
use playhouse_mock::verify::{Evidence, Expectations, Report, RuleState, Times, by_rules, verify};
use serde_json::{Value, json};

use crate::support::{Sample, compile, violation, when};

fn evidence(samples: impl IntoIterator<Item = Sample>) -> Evidence {
    let journal = Arc::<Journal>::default();
    for sample in samples {
        sample.answered(&journal);
    }
    Evidence { calls: journal.snapshot(), rules: Vec::new() }
}

fn check(expectations: &Expectations, evidence: &Evidence) -> Report {
    verify(expectations, evidence, &compile).unwrap()
}

fn check_json(expectations: Value, evidence: &Evidence) -> Report {
    check(&serde_json::from_value(expectations).unwrap(), evidence)
}

fn three_calls() -> Evidence {
    evidence([
        Sample::user("Hello").met_by("greeting"),
        Sample::chat(&[("system", "Be brief."), ("user", "What is the wether in Paris?")]).met_by("rest"),
        Sample::user("Goodbye").met_by("rest"),
    ])
}

#[tokio::test]
async fn what_is_as_expected_is_ok() {
    let expectations = json!({
        "calls": [{"when": {"user": "Hello"}}, {"when": {"user": "wether"}, "times": 1},
                  {"when": {"user": "weather"}, "times": "never"}, {"when": {}, "times": {"at_most": 3}}],
        "in_order": [{"user": "Hello"}, {"user": "Goodbye"}], "total": 3, "no_violations": true, "script_consumed": true,
    });
    let report = check_json(expectations, &three_calls());
    assert!(report.ok, "{report}");
    assert_eq!(report.to_string(), "every expectation is met\n");
    assert_eq!(report.calls.len(), 3);
}

#[tokio::test]
async fn a_missing_call_is_told_with_the_nearest() {
    let expectations = json!({"calls": [
        {"when": {"model": "gpt-4o-mini", "user": "What is the weather", "system": "brief"}, "times": 2}]});
    insta::assert_snapshot!(check_json(expectations, &three_calls()));
}

#[tokio::test]
async fn a_call_that_came_too_often_is_told_with_its_messages() {
    let expectations = Expectations::default().never_called(When::user("wether"));
    insta::assert_snapshot!(check(&expectations, &three_calls()));
}

#[tokio::test]
async fn calls_out_of_order_are_told() {
    let expectations = json!({"in_order": [{"user": "wether"}, {"user": "Hello"}, {"user": "Goodbye"}]});
    insta::assert_snapshot!(check_json(expectations, &three_calls()));
}

#[tokio::test]
async fn the_earliest_calls_are_taken_for_an_order() {
    let evidence = evidence(["a", "b", "a", "c"].map(Sample::user));
    let order = |texts: &[&str]| Expectations::default().in_order(texts.iter().map(|text| When::user(*text)));
    assert!(check(&order(&["a", "a", "c"]), &evidence).ok);
    assert!(check(&order(&["b", "c"]), &evidence).ok);
    assert!(!check(&order(&["a", "a", "a"]), &evidence).ok);
    assert!(!check(&order(&["c", "b"]), &evidence).ok);
}

#[tokio::test]
async fn misses_fail_unless_they_are_allowed() {
    let evidence = evidence([Sample::user("Hi").missed("weather", "user: expected \"weather\", got \"Hi\"")]);
    insta::assert_snapshot!(check(&Expectations::default(), &evidence));
    assert!(check_json(json!({"no_misses": false}), &evidence).ok);
}

#[tokio::test]
async fn complaints_fail_where_they_are_asked_for() {
    let evidence = evidence([
        Sample::user("Hi").reported(violation()),
        Sample::user("Ho").refused(violation()),
        Sample::user("fine"),
    ]);
    assert!(check(&Expectations::default(), &evidence).ok);
    insta::assert_snapshot!(check_json(json!({"no_violations": true}), &evidence));
}

#[tokio::test]
async fn answers_that_were_never_given_fail_where_they_must_be() {
    let state = |name: &str, answered, remaining| RuleState { name: name.into(), answered, remaining };
    let rules = vec![state("greeting", 1, 0), state("weather", 1, 2), state("rule 3", 0, 1)];
    let evidence = Evidence { rules, ..Evidence::default() };
    assert!(check(&Expectations::default(), &evidence).ok);
    insta::assert_snapshot!(check(&Expectations::default().script_consumed(), &evidence));
}

#[tokio::test]
async fn the_total_counts_every_call() {
    let report = check(&Expectations::default().total(Times::at_most(2)), &three_calls());
    assert_eq!(
        (report.failures[0].expected.as_str(), report.failures[0].actual.as_str()),
        ("at most 2 calls in all", "3 calls")
    );
    assert!(check(&Expectations::default().total(3), &three_calls()).ok);
}

#[tokio::test]
async fn a_whole_text_is_compared_line_by_line() {
    let evidence = evidence([Sample::user("Translate:\nGood morning\nto French")]);
    let wanted = json!({"is": "Translate:\nGood evening\nto French"});
    insta::assert_snapshot!(check_json(json!({"calls": [{"when": {"user": wanted}}]}), &evidence));
}

#[tokio::test]
async fn a_long_conversation_is_told_around_the_difference() {
    let turns: Vec<String> = (0..20).map(|turn| format!("turn {turn}")).collect();
    let messages: Vec<_> =
        turns.iter().map(|turn| ("assistant", turn.as_str())).chain([("user", "Bye")]).collect();
    let evidence = evidence([Sample::chat(&messages)]);
    let expectations = Expectations::default().called(When::user("Hello"), 1);
    let report = check(&expectations, &evidence);
    let diff: Vec<String> =
        report.failures[0].nearest.as_ref().unwrap().diff.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(diff.join("\n"));
}

#[tokio::test]
async fn a_message_that_is_missing_is_put_where_it_belongs() {
    let evidence = evidence([Sample::user("Hi")]);
    let expected = json!({"system": "Be brief.", "message": {"role": "tool", "text": "sunny"}});
    let report = check_json(json!({"calls": [{"when": expected}]}), &evidence);
    let diff: Vec<String> =
        report.failures[0].nearest.as_ref().unwrap().diff.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(diff.join("\n"));
}

#[tokio::test]
async fn headers_are_looked_at() {
    let evidence = evidence([Sample::user("Hi").header("x-team", "red")]);
    let expecting = |team: &str| json!({"calls": [{"when": {"header": {"x-team": team}}}]});
    assert!(check_json(expecting("red"), &evidence).ok);
    assert!(!check_json(expecting("blue"), &evidence).ok);
}

#[tokio::test]
async fn calls_that_could_not_be_read_match_nothing() {
    let evidence = evidence([Sample::body("{")]);
    let report = check(&Expectations::default().called(When::default(), 1), &evidence);
    assert_eq!(report.failures[0].nearest.as_ref().unwrap().differences, ["the request could not be read"]);
}

#[tokio::test]
async fn what_was_dropped_cannot_be_verified() {
    let mut evidence = three_calls();
    evidence.calls.dropped = 7;
    let report = check(&Expectations::default().total(10), &evidence);
    assert_eq!(report.failures[0].actual, "the oldest 7 were dropped for want of room");
    assert_eq!((report.failures.len(), report.earlier_calls), (1, 7), "the total has them");
}

#[test]
fn expectations_that_make_no_sense_are_refused() {
    let refused = |json: Value| {
        let expectations: Expectations = serde_json::from_value(json).unwrap();
        verify(&expectations, &Evidence::default(), &compile).unwrap_err().to_string()
    };
    let refusals = [
        refused(json!({"calls": [{"when": {}}, {"when": {"user": {"matches": "("}}}]})),
        refused(json!({"calls": [{"when": {"call": 2}}]})),
        refused(json!({"in_order": [{"state": "open"}]})),
        refused(json!({"total": {"at_least": 3, "at_most": 1}})),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn unknown_keys_are_refused() {
    for json in [
        json!({"call": []}),
        json!({"calls": [{"when": {}, "time": 1}]}),
        json!({"calls": [{"when": {"usr": "a"}}]}),
    ] {
        let read: Result<Expectations, _> = serde_json::from_value(json.clone());
        assert!(read.is_err(), "{json} was taken");
    }
}

#[tokio::test]
async fn the_conditions_of_the_engine_can_be_used() {
    let expectations = Expectations::default().called(when(json!({"user": "Hello"})), 1);
    assert!(verify(&expectations, &three_calls(), &by_rules).unwrap().ok);
    let expectations = Expectations::default().called(when(json!({"user": "weather"})), 1);
    assert!(!verify(&expectations, &three_calls(), &by_rules).unwrap().ok);
}
