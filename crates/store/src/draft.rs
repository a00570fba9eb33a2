//! Turns, runs and responses on their way into a database: checked, and in the form they are kept in.

use std::sync::Arc;

use playhouse_llm::{Message, Role, Usage};

use crate::ids::{self, ResponseId, RunId, TurnId};
use crate::response::findable;
use crate::run::RUNNING;
use crate::scope::owner_of;
use crate::stored::Stored;
use crate::window::is_in_context;
use crate::{
    BeginRun, BeginTurn, FinishResponse, FinishTurn, HistoryWindow, IdempotencyKey, NewResponse, ReplicaId,
    RunStep, StoreError, TurnState, estimate_tokens,
};

/// A turn about to begin.
pub(crate) struct NewTurn {
    pub(crate) owner: Arc<str>,
    pub(crate) session_id: Arc<str>,
    pub(crate) id: TurnId,
    pub(crate) now_us: i64,
    pub(crate) question: Stored,
    pub(crate) tokens: u32,
    pub(crate) window: HistoryWindow,
    pub(crate) replica: ReplicaId,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) agent: Option<Arc<str>>,
    pub(crate) in_place_of: Option<TurnId>,
    pub(crate) idempotency: Option<IdempotencyKey>,
}

/// How a turn ends.
pub(crate) struct TurnEnd {
    pub(crate) id: TurnId,
    pub(crate) replica: ReplicaId,
    pub(crate) state: TurnState,
    pub(crate) in_context: bool,
    pub(crate) now_us: i64,
    /// How many messages and tokens the answer adds.
    pub(crate) messages: u32,
    pub(crate) tokens: u32,
    pub(crate) answer: Option<Stored>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) finish_reason: Option<Arc<str>>,
    pub(crate) error: Option<Arc<str>>,
    pub(crate) usage: Option<Usage>,
}

/// A run about to begin.
pub(crate) struct NewRun {
    pub(crate) owner: Arc<str>,
    pub(crate) id: RunId,
    pub(crate) agent: Arc<str>,
    pub(crate) model: Arc<str>,
    pub(crate) input: Stored,
    pub(crate) resumable: bool,
    pub(crate) request_id: Arc<str>,
    pub(crate) session_id: Option<Arc<str>>,
    pub(crate) turn_id: Option<TurnId>,
    pub(crate) replica: ReplicaId,
    pub(crate) idempotency: Option<IdempotencyKey>,
    pub(crate) now_us: i64,
}

/// A step about to be added.
pub(crate) struct NewStep {
    pub(crate) number: u32,
    pub(crate) at_us: i64,
    pub(crate) said: Stored,
    pub(crate) thought: Option<String>,
    /// As JSON.
    pub(crate) calls: Option<String>,
    pub(crate) model: Arc<str>,
    pub(crate) finish_reason: Option<playhouse_llm::FinishReason>,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost_usd: Option<f64>,
    pub(crate) duration_ms: f64,
}

/// A response about to be kept.
pub(crate) struct ResponseDraft {
    pub(crate) id: ResponseId,
    pub(crate) owner: Arc<str>,
    pub(crate) previous: Option<ResponseId>,
    pub(crate) replica: ReplicaId,
    pub(crate) idempotency: Option<IdempotencyKey>,
    pub(crate) items: Vec<Arc<str>>,
    /// The rest of it, as the caller has it.
    pub(crate) response: NewResponse,
}

/// How a response ends.
pub(crate) struct ResponseEnd {
    pub(crate) id: ResponseId,
    pub(crate) items: Vec<Arc<str>>,
    /// The rest of it, as the caller has it.
    pub(crate) finish: FinishResponse,
}

/// The turn that a caller wants to begin.
pub(crate) fn new_turn(begin: BeginTurn, replica: ReplicaId) -> Result<NewTurn, StoreError> {
    ids::check_session_id(&begin.session_id)?;
    let terms = begin.terms;
    Ok(NewTurn {
        owner: owner_of(begin.key_id.as_ref()),
        id: ids::turn_id(&begin.turn_id)?,
        session_id: begin.session_id,
        now_us: begin.now_us,
        tokens: estimate_tokens(&begin.message),
        question: Stored::question(begin.message).map_err(|error| unstorable(&error))?,
        window: begin.history,
        replica,
        model: terms.model,
        agent: terms.agent,
        in_place_of: terms.in_place_of.as_deref().map(ids::turn_id).transpose()?,
        idempotency: terms.idempotency,
    })
}

/// The end that a caller has for a turn.
pub(crate) fn turn_end(finish: FinishTurn, replica: ReplicaId) -> Result<TurnEnd, StoreError> {
    Ok(TurnEnd {
        replica,
        id: ids::turn_id(&finish.turn_id)?,
        state: finish.ending.state(),
        in_context: is_in_context(&finish.ending, &finish.messages),
        now_us: finish.now_us,
        messages: u32::try_from(finish.messages.len()).unwrap_or(u32::MAX),
        tokens: answer_tokens(&finish.messages, finish.usage.as_ref()),
        answer: Stored::answer(finish.messages).map_err(|error| unstorable(&error))?,
        model: finish.model,
        finish_reason: finish.finish_reason,
        error: finish.ending.error().map(Arc::from),
        usage: finish.usage,
    })
}

/// The run that a caller wants to begin.
pub(crate) fn new_run(begin: BeginRun, replica: ReplicaId) -> Result<NewRun, StoreError> {
    if begin.turn_id.is_some() && begin.session_id.is_none() {
        return Err(StoreError::invalid(
            "a run that answers a turn belongs to a session: name the session too",
        ));
    }
    Ok(NewRun {
        owner: owner_of(begin.key_id.as_ref()),
        id: ids::run_id(&begin.run_id)?,
        turn_id: begin.turn_id.as_deref().map(ids::turn_id).transpose()?,
        session_id: begin.session_id,
        agent: begin.agent,
        model: begin.model,
        input: Stored::input(begin.input).map_err(|error| unstorable(&error))?,
        resumable: begin.resumable,
        request_id: begin.request_id,
        replica,
        idempotency: begin.idempotency,
        now_us: begin.now_us,
    })
}

/// The response that a caller wants to keep.
pub(crate) fn new_response(
    mut response: NewResponse,
    replica: ReplicaId,
) -> Result<ResponseDraft, StoreError> {
    Ok(ResponseDraft {
        id: ids::response_id(&response.id)?,
        owner: owner_of(response.key_id.as_ref()),
        previous: response.previous.as_deref().map(ids::response_id).transpose()?,
        replica,
        idempotency: response.idempotency,
        items: findable(std::mem::take(&mut response.items)),
        response,
    })
}

/// The end that a caller has for a response.
pub(crate) fn response_end(mut finish: FinishResponse) -> Result<ResponseEnd, StoreError> {
    if finish.status.is_running() {
        return Err(StoreError::invalid("a response cannot end as in_progress: name how it ended"));
    }
    let items = findable(std::mem::take(&mut finish.items));
    Ok(ResponseEnd { id: ids::response_id(&finish.id)?, items, finish })
}

/// The step that a caller wants to add.
pub(crate) fn new_step(step: RunStep) -> Result<NewStep, StoreError> {
    let calls = Some(step.calls).filter(|calls| !calls.is_empty());
    let calls = calls.map(|calls| serde_json::to_string(&calls)).transpose();
    Ok(NewStep {
        number: step.number,
        at_us: step.at_us,
        said: Stored::said(step.said).map_err(|error| unstorable(&error))?,
        thought: step.thought,
        calls: calls.map_err(|error| unstorable(&error))?,
        model: step.model,
        finish_reason: step.finish_reason,
        usage: step.usage,
        cost_usd: step.cost_usd,
        duration_ms: step.duration_ms,
    })
}

/// Refuses a status that is no ending.
pub(crate) fn check_ending(status: &str) -> Result<(), StoreError> {
    match status {
        "" => Err(StoreError::invalid("a run ends with a status: name it, such as 'completed'")),
        RUNNING => Err(StoreError::invalid("a run cannot end as 'running': name how it ended")),
        _ => Ok(()),
    }
}

/// What an answer will cost in the next prompt: the vendor's count of it where there is one.
///
/// Reasoning is counted by vendors but not sent again. Where tools were used, the count covers several
/// answers and no tool results, so it does not serve.
fn answer_tokens(answer: &[Message], usage: Option<&Usage>) -> u32 {
    match (answer, usage) {
        ([only], Some(usage)) if only.role == Role::Assistant && usage.completion_tokens > 0 => {
            let said = usage.completion_tokens.saturating_sub(usage.reasoning_tokens.unwrap_or_default());
            u32::try_from(said).unwrap_or(u32::MAX)
        }
        _ => answer.iter().map(estimate_tokens).fold(0, u32::saturating_add),
    }
}

/// The message cannot be kept.
fn unstorable(error: &serde_json::Error) -> StoreError {
    StoreError::invalid(format!("the message has no form in JSON: {error}"))
}
