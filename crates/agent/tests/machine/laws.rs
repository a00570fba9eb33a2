//! What holds for every reply, whatever is in it.

use playhouse_agent::strategy::Wish;
use playhouse_agent::{Bounds, Machine, ReAct, StepRecord, Strategy, StrategyKind};
use playhouse_llm::{Message, Prompt};
use proptest::prelude::{Just, TestCaseError, any, prop_assert, prop_oneof, proptest};
use proptest::strategy::Strategy as _;

use crate::case::{Happening, tools};
use crate::cases;

fn replies() -> Vec<(String, StrategyKind, Message)> {
    let replies = cases().into_iter().flat_map(|(name, case)| {
        let strategy = case.strategy;
        case.happenings.into_iter().filter_map(move |happening| match happening {
            Happening::Model(said) => Some((name.clone(), strategy, said)),
            Happening::Result(_) => None,
        })
    });
    replies.collect()
}

/// What the user is shown of a text that comes in pieces of this many bytes, or a little more.
fn shown(strategy: StrategyKind, text: &str, piece_bytes: usize) -> String {
    let mut tap = strategy.tap();
    let mut shown = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.ceil_char_boundary(piece_bytes.min(rest.len()));
        let (piece, behind) = rest.split_at(end);
        shown.push_str(&tap.pass(piece));
        rest = behind;
    }
    shown
}

/// What is shown while it comes is a beginning of the answer, and nothing where there is none.
fn check_shown(strategy: StrategyKind, said: &Message, piece_bytes: usize) -> Result<(), String> {
    let shown = shown(strategy, &said.text(), piece_bytes);
    match strategy.read(said, 1, &tools()).wish {
        Wish::Answer(answer) if answer.starts_with(&shown) => Ok(()),
        Wish::Answer(answer) => Err(format!("{shown:?} is no beginning of {answer:?}")),
        // With the vendor's tool calls nobody knows before the end whether there will be one.
        _ if shown.is_empty() || strategy == StrategyKind::ToolCalling => Ok(()),
        wish => Err(format!("{shown:?} was shown of {wish:?}")),
    }
}

#[test]
fn what_is_shown_early_is_a_beginning_of_the_answer() {
    for (name, strategy, said) in replies() {
        for piece_bytes in 1..40 {
            check_shown(strategy, &said, piece_bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[test]
fn an_answer_is_shown_as_it_comes() {
    let said = "Thought: I know it.\nAnswer: It is four.\nTwo and two\nare four.";
    assert_eq!(shown(StrategyKind::React, said, 1), "It is four.\nTwo and two\nare four.");
}

#[test]
fn a_run_that_is_gone_through_again_stands_where_it_stood() {
    for (name, case) in cases() {
        let prompt = Prompt::new(vec![Message::user("What is 2+2?")]);
        let mut machine = Machine::new(case.strategy, prompt.clone(), tools(), case.bounds.clone());
        let mut again = Machine::new(case.strategy, prompt, tools(), case.bounds.clone());
        let steps = take_steps(&mut machine, &case.happenings);
        again.replay(&steps);
        assert_eq!(again.action(), machine.action(), "{name}");
        assert_eq!(again.prompt(), machine.prompt(), "{name}");
    }
}

/// Goes through what happens and keeps what a record would.
fn take_steps(machine: &mut Machine, happenings: &[Happening]) -> Vec<StepRecord> {
    let mut steps: Vec<StepRecord> = Vec::new();
    let mut results = Vec::new();
    for happening in happenings {
        match happening {
            Happening::Model(said) => {
                let taken = machine.take_reply(said.clone(), Default::default());
                steps.push(record(steps.len(), said, taken.calls));
            }
            Happening::Result(result) => {
                let step = steps.last_mut().unwrap();
                step.outcomes.push(outcome(&step.calls[step.outcomes.len()].id, result));
                results.push(result.clone());
                let playhouse_agent::Action::CallTools(calls) = machine.action() else {
                    panic!("no tools run")
                };
                if calls.len() == results.len() {
                    machine.take_results(&std::mem::take(&mut results));
                }
            }
        }
    }
    steps
}

fn record(before: usize, said: &Message, calls: Vec<playhouse_llm::ToolCall>) -> StepRecord {
    StepRecord {
        step: u32::try_from(before).unwrap() + 1,
        said: said.clone(),
        thought: None,
        calls,
        outcomes: Vec::new(),
        model: String::new(),
        finish_reason: None,
        usage: None,
        cost_usd: None,
        duration_ms: 0.0,
    }
}

fn outcome(call_id: &str, result: &playhouse_agent::ToolResult) -> playhouse_agent::ToolOutcome {
    playhouse_agent::ToolOutcome {
        call_id: call_id.to_owned(),
        tool: String::new(),
        result: result.clone(),
        duration_ms: 0.0,
    }
}

/// Replies made of what replies are made of, in any order.
fn scraps() -> impl proptest::strategy::Strategy<Value = String> {
    let scrap = prop_oneof![
        Just("Thought:"),
        Just("Action:"),
        Just("Action Input:"),
        Just("Observation:"),
        Just("Answer:"),
        Just("**Final Answer:**"),
        Just("calculator"),
        Just("None"),
        Just("{\"expression\": \"2+2\"}"),
        Just("{'a': 1,}"),
        Just("```"),
        Just("```json\n"),
        Just("<think>"),
        Just("</think>"),
        Just("\n"),
        Just(" "),
        Just("äöü"),
        Just("four."),
        Just("[2+2]"),
        Just("("),
    ];
    proptest::collection::vec(scrap, 0..16).prop_map(|scraps| scraps.concat())
}

proptest! {
    #[test]
    fn whatever_is_said_shows_no_more_than_its_answer(text in scraps(), piece_bytes in 1_usize..20) {
        check_shown(StrategyKind::React, &Message::assistant(text), piece_bytes).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn whatever_is_said_ends_in_an_action(text in any::<String>()) {
        let prompt = Prompt::new(vec![Message::user("Hi")]);
        let mut machine = Machine::new(StrategyKind::React, prompt, tools(), Bounds::default());
        machine.take_reply(Message::assistant(&*text), Default::default());
        let kept = machine.prompt().messages.len();
        prop_assert!(kept >= 2, "the conversation is there");
        let _ = ReAct.read(&Message::assistant(text), 1, &[]);
    }
}
