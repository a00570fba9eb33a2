//! What the machine made of a case, for a person to read.

use std::fmt::Write;

use playhouse_agent::{Action, Machine};
use playhouse_llm::{Message, Part, Prompt};

use crate::case::{Case, Happening, tools};

/// Runs a case; a line for each transition, indented what the model is told.
pub(crate) fn report(case: &Case) -> String {
    let prompt = Prompt::new(vec![Message::user(&*case.user)]);
    let mut machine = Machine::new(case.strategy, prompt, tools(), case.bounds.clone());
    let mut told = machine.prompt().messages.len();
    let mut report = String::new();
    let mut happenings = case.happenings.iter().peekable();
    while let Some(happening) = happenings.next() {
        match happening {
            Happening::Model(said) => take_reply(&mut machine, said, &mut report),
            Happening::Result(first) => {
                let mut results = vec![first.clone()];
                while let Some(Happening::Result(next)) =
                    happenings.next_if(|next| matches!(next, Happening::Result(_)))
                {
                    results.push(next.clone());
                }
                machine.take_results(&results);
            }
        }
        let messages = &machine.prompt().messages;
        messages[told.min(messages.len())..].iter().for_each(|message| tell(message, &mut report));
        told = messages.len();
        action(machine.action(), &mut report);
    }
    report
}

fn take_reply(machine: &mut Machine, said: &Message, report: &mut String) {
    let spent = playhouse_agent::run::machine::Spent { steps: 1, tokens: 100, cost_usd: 0.01 };
    let taken = machine.take_reply(said.clone(), spent);
    if let Some(thought) = taken.thought {
        writeln!(report, "thought: {thought:?}").unwrap();
    }
}

fn tell(message: &Message, report: &mut String) {
    write!(report, "    {:?}:", message.role).unwrap();
    for part in &message.parts {
        match part {
            Part::Text { text, .. } => write!(report, " {text:?}").unwrap(),
            Part::ToolCall(call) => {
                write!(report, " @call {} {} {}", call.id, call.name, call.arguments).unwrap();
            }
            Part::ToolResult { call_id, parts, .. } => {
                write!(report, " @result {call_id} {parts:?}").unwrap()
            }
            other => write!(report, " {other:?}").unwrap(),
        }
    }
    report.push('\n');
}

fn action(action: &Action, report: &mut String) {
    match action {
        Action::CallModel => writeln!(report, "→ ask the model").unwrap(),
        Action::CallTools(calls) => {
            for call in calls {
                writeln!(report, "→ call {} {}", call.name, call.arguments).unwrap();
            }
        }
        Action::Done(ending) => {
            writeln!(report, "→ {} {:?}", ending.status, ending.answer).unwrap();
            if let Some(reason) = &ending.reason {
                writeln!(report, "  because {reason}").unwrap();
            }
        }
    }
}
