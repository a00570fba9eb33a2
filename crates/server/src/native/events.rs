//! A turn's events: `delta`, `step`, `usage`, `done`, `error`.

use playhouse_agent::RunEvent;
use serde::Serialize;

use super::chat::TokenCounts;
use super::run_events::StepEvent;
use super::streamed_turn::StreamedTurn;
use crate::live::Teller;

/// A piece of the answer.
#[derive(Serialize)]
pub(super) struct Delta<'a> {
    pub(super) content: &'a str,
}

/// The end of the answer.
#[derive(Serialize)]
pub(super) struct Done<'a> {
    pub(super) session_id: &'a str,
    pub(super) turn_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run_id: Option<&'a str>,
    pub(super) model: &'a str,
    pub(super) finish_reason: Option<&'a str>,
    pub(super) usage: Option<TokenCounts>,
}

/// Tells what was said.
pub(super) fn pieces(teller: &mut Teller, pieces: &[String]) {
    pieces.iter().for_each(|content| teller.event("delta", &Delta { content }));
}

/// Tells what the agent does.
pub(super) fn step(teller: &mut Teller, event: &RunEvent) {
    StepEvent::of(event).iter().for_each(|step| teller.event("step", step));
}

/// Tells the end of a whole answer.
pub(super) fn done(teller: &mut Teller, turn: &StreamedTurn) {
    let reply = turn.reply();
    let usage = reply.usage.as_ref().map(TokenCounts::from);
    if let Some(usage) = &usage {
        teller.event("usage", usage);
    }
    let done = Done {
        session_id: &turn.open.session_id,
        turn_id: &turn.open.turn_id,
        run_id: turn.run_id().map(|id| &**id),
        model: &reply.model,
        finish_reason: reply.finish().map(|finish| finish.as_str()),
        usage,
    };
    teller.event("done", &done);
}
