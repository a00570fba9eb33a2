//! An answer written as it comes, and what it took below it.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use super::api::{Answer, ChatError, Done, Piece};
use crate::console::Console;
use crate::failure::Failure;

/// Why an answer was not written to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// It broke off.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// It cannot be written.
    #[error(transparent)]
    Output(#[from] Failure),
}

/// Writes an answer piece by piece.
pub(super) async fn print(answer: &mut Answer, console: &Console) -> Result<Done, Stop> {
    let is_shown = console.shows_output();
    let mut is_midline = false;
    loop {
        match answer.next().await {
            Ok(Piece::Text(text)) => {
                let text = if is_shown { harmless(&text) } else { text };
                is_midline = if text.is_empty() { is_midline } else { !text.ends_with('\n') };
                console.write(&text)?;
            }
            Ok(Piece::Step(step)) => {
                if io::stderr().is_terminal() {
                    end_line(std::mem::take(&mut is_midline), console)?;
                    console.remark(&console.err.dim(&harmless(&step.to_string())));
                }
            }
            Ok(Piece::Done(done)) => {
                end_line(is_midline, console)?;
                return Ok(done);
            }
            Err(error) => {
                end_line(is_midline, console)?;
                return Err(error.into());
            }
        }
    }
}

fn end_line(is_midline: bool, console: &Console) -> Result<(), Failure> {
    if is_midline { console.write("\n") } else { Ok(()) }
}

/// The same text without what a terminal would obey: a model's words shall only be read.
fn harmless(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect()
}

/// What an answer took, in one line.
pub(super) fn summary(done: &Done, started: Instant) -> String {
    summary_after(done, started.elapsed())
}

fn summary_after(done: &Done, took: Duration) -> String {
    let tokens =
        done.usage.map(|usage| format!("{} tokens in, {} out", usage.prompt_tokens, usage.completion_tokens));
    let cut = done
        .finish_reason
        .as_deref()
        .filter(|reason| *reason != "stop")
        .map(|reason| format!("ended by {reason}"));
    let parts = [tokens, Some(format!("{:.1} s", took.as_secs_f64())), Some(harmless(&done.model)), cut];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::super::api::TokenCounts;
    use super::*;

    #[test]
    fn a_terminal_gets_nothing_to_obey() {
        assert_eq!(harmless("red \u{1b}[31mink\u{7}\r\n\tand \u{9b}more"), "red [31mink\n\tand more");
    }

    #[test]
    fn the_summary_tells_what_is_known() {
        let mut done = Done {
            session_id: "s".to_owned(),
            model: "m-1".to_owned(),
            finish_reason: Some("stop".to_owned()),
            usage: Some(TokenCounts { prompt_tokens: 12, completion_tokens: 34 }),
        };
        assert_eq!(summary_after(&done, Duration::from_millis(1234)), "12 tokens in, 34 out · 1.2 s · m-1");
        done.usage = None;
        done.finish_reason = Some("length".to_owned());
        assert_eq!(summary_after(&done, Duration::from_millis(80)), "0.1 s · m-1 · ended by length");
    }
}
