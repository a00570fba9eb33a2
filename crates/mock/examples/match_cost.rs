//! What matching costs: the time to prepare 10,000 rules, and to find the one that answers.
//!
//! `cargo run --release -p playhouse-mock --example match_cost`

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};
use playhouse_llm::{Message, Prompt, Request};
use playhouse_mock::call::{Call, Facts, Form};
use playhouse_mock::matching::{Progress, RuleSet};
use playhouse_mock::script::{Rule, Script, TextMatch, When};

const RULES: usize = 10_000;
const ROUNDS: usize = 10_000;
const PREPARED: usize = 5;

/// Words of which user texts are made; rules want one more that tells them apart.
const WORDS: &str = "please tell me something about the order that came from our customer in the north and \
    whether it has been paid before it was sent to the address in the city where they live now ";

fn main() {
    let rules = prepare("mixed kinds", mixed);
    let last = RULES - 1;
    measure("hit on the last rule", &rules, |_| ask(&format!("item {last} is gone"), "gpt-4o-2024"), true);
    // Expressions are compiled when they are first needed.
    measure("first hit on an expression", &rules, |round| hitting(round % 1_000 * 10 + 6), true);
    let any_rule = measure("hit on any rule", &rules, |round| hitting(round * 7_919 % RULES), true);
    measure("miss, no rule is near", &rules, |_| ask("nothing of it", "other"), false);
    measure("miss, many rules are near", &rules, |_| ask("item 12 is gone, item 5", "gpt-4o-2024"), false);

    let rules = prepare("one text, many headers", |number| Rule::reply("x").when(about_one_order(number)));
    measure("hit on the last rule", &rules, |_| from_team(last), true);
    measure("miss on the header", &rules, |_| from_team(RULES), false);

    let rules = prepare("one text begins with another", |number| {
        Rule::reply("x").when(When::user(format!("item {number}")))
    });
    measure("hit, many rules match", &rules, |_| ask(&format!("item {last}"), "gpt"), true);
    measure("miss, all rules are alike", &rules, |_| ask("itme 12", "gpt"), false);

    let rules = prepare("models with wildcards", |number| {
        Rule::reply("x").when(When { turn: Some(2), model: Some(format!("*-{number}")), ..When::default() })
    });
    measure("hit on the last rule", &rules, |_| second_turn(&format!("gpt-{last}")), true);
    measure("miss", &rules, |_| second_turn("gpt"), false);
    memory();
    println!("{{\"match_p99_us\": {:.1}}}", any_rule.as_secs_f64() * 1e6);
}

/// Of ten rules: three exact texts, two substrings, a regular expression, a model, a header, and two
/// that want a model of a family and a substring.
fn mixed(number: usize) -> Rule {
    Rule::reply("x").when(match number % 10 {
        0..=2 => When { user: Some(is(&text(&format!("exactly {number}")))), ..When::default() },
        3 | 4 => When::user(format!("customer {number} of the shop")),
        6 => When {
            user: Some(matches(&format!(r"order #{number}-(?<part>\d+) of (\w+)"))),
            ..When::default()
        },
        7 => When::model(format!("model-{number}")),
        8 => When { header: [("x-case".into(), is(&format!("case {number}")))].into(), ..When::default() },
        _ => When { model: Some("gpt-4o*".into()), ..When::user(format!("item {number} is gone")) },
    })
}

fn hitting(number: usize) -> Call {
    match number % 10 {
        0..=2 => ask(&format!("exactly {number}"), "gpt"),
        3 | 4 => ask(&format!("customer {number} of the shop"), "gpt"),
        6 => ask(&format!("order #{number}-12 of socks"), "gpt"),
        7 => ask("anything", &format!("model-{number}")),
        8 => with_header(ask("anything", "gpt"), "x-case", &format!("case {number}")),
        _ => ask(&format!("item {number} is gone"), "gpt-4o"),
    }
}

fn about_one_order(number: usize) -> When {
    When { header: [("x-team".into(), is(&format!("team {number}")))].into(), ..When::user("order") }
}

fn from_team(number: usize) -> Call {
    with_header(ask("", "gpt"), "x-team", &format!("team {number}"))
}

fn is(text: &str) -> TextMatch {
    TextMatch { is: Some(text.to_owned()), ..TextMatch::default() }
}

fn matches(pattern: &str) -> TextMatch {
    TextMatch { matches: Some(pattern.to_owned()), ..TextMatch::default() }
}

/// A kilobyte of text with this in its middle.
fn text(special: &str) -> String {
    let half: String = WORDS.chars().cycle().take(512 - special.len() / 2).collect();
    format!("{half} {special} {half}")
}

fn ask(special: &str, model: &str) -> Call {
    call(model, vec![Message::system("You are helpful."), Message::user(text(special))])
}

fn second_turn(model: &str) -> Call {
    call(model, vec![Message::user(text("first")), Message::assistant("Yes?"), Message::user(text("second"))])
}

fn call(model: &str, messages: Vec<Message>) -> Call {
    let request = Request::new(model, Prompt::new(messages));
    let facts = Facts::chat("openai-chat", request, Form::default(), Default::default());
    let usual =
        [("host", "localhost"), ("user-agent", "OpenAI/Python"), ("content-type", "application/json")];
    let call = Call { namespace: "bench".into(), headers: Arc::default(), facts: Arc::new(facts) };
    usual.into_iter().fold(call, |call, (name, value)| with_header(call, name, value))
}

fn with_header(mut call: Call, name: &'static str, value: &str) -> Call {
    let mut headers = HeaderMap::clone(&call.headers);
    let value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""));
    headers.insert(HeaderName::from_static(name), value);
    call.headers = Arc::new(headers);
    call
}

/// Prepares rules several times and says how long the fastest took: other work on the machine only
/// ever adds.
fn prepare(name: &str, rule: impl Fn(usize) -> Rule) -> RuleSet {
    let script = (0..RULES).map(rule).fold(Script::default(), Script::rule);
    let compiled = (0..PREPARED).map(|_| timed(|| compile(script.clone())).0).min().unwrap_or_default();
    let rules = compile(script);
    let (found, hidden) = timed(|| rules.hidden().len());
    println!("{name}: {RULES} rules compiled in {compiled:.1?}; {hidden} hidden, found in {found:.1?}");
    rules
}

fn compile(script: Script) -> RuleSet {
    let compiled = RuleSet::compile(script);
    compiled.unwrap_or_else(|problems| panic!("the rules are wrong: {problems:?}"))
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let made = work();
    (started.elapsed(), made)
}

/// Matches many requests, prints how long that took, and returns the 99th percentile.
fn measure(name: &str, rules: &RuleSet, call: impl Fn(usize) -> Call, hits: bool) -> Duration {
    let mut progress = Progress::default();
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|round| {
            let call = call(round);
            let (time, selected) = timed(|| rules.select(&call, &mut progress));
            assert_eq!(selected.is_ok(), hits, "{name}, round {round}");
            time
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| times[ROUNDS * share / 100];
    println!("  {name:<32} p50 {:>9.1?}  p99 {:>9.1?}  max {:>9.1?}", at(50), at(99), times[ROUNDS - 1]);
    at(99)
}

fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: not known here");
    println!("most memory at a time, scripts and requests included: {resident}");
}
