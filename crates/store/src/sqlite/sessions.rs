//! Conversations in SQLite.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use playhouse_llm::{Message, Role, Usage};

use super::SqliteStore;
use super::deletion;
use super::transcript::{Reader, unreadable};
use super::turns::{self, Begun, ContextTurn, NewTurn, TurnEnd};
use super::unheard::{Abandoned, Unheard};
use crate::scope::owner_of;
use crate::stored::Stored;
use crate::window::{is_in_context, last_that_fit};
use crate::{
    BeginTurn, BegunTurn, FinishTurn, HistoryWindow, MessagePage, Page, Scope, SessionDetail, SessionPage,
    Sessions, StoreError, Turn, estimate_tokens,
};

#[async_trait]
impl Sessions for SqliteStore {
    async fn begin_turn(&self, begin: BeginTurn) -> Result<BegunTurn, StoreError> {
        let window = begin.history;
        let turn = new_turn(begin)?;
        let writer = self.writer()?;
        let unheard = Unheard::new(writer, Abandoned::Turn(turn.id));
        match writer.write(move |db| turns::begin(db, &turn)).await {
            Ok(begun) => begun_turn(begun, window, &self.path).inspect(|_| unheard.heard()),
            Err(refusal) => {
                unheard.heard();
                Err(refusal)
            }
        }
    }

    async fn finish_turn(&self, finish: FinishTurn) -> Result<(), StoreError> {
        let end = turn_end(finish)?;
        self.write(move |db| turns::finish(db, &end)).await
    }

    async fn list_sessions(&self, scope: &Scope, page: Page) -> Result<SessionPage, StoreError> {
        let owner = scope.owner();
        self.read(move |db, path| Reader::new(db, path).list(owner.as_deref(), &page)).await
    }

    async fn session(
        &self,
        scope: &Scope,
        session_id: &str,
        page: MessagePage,
    ) -> Result<Option<SessionDetail>, StoreError> {
        let (id, owner) = (session_id.to_owned(), scope.owner());
        self.read(move |db, path| Reader::new(db, path).session(&id, owner.as_deref(), page)).await
    }

    async fn delete_session(&self, scope: &Scope, session_id: &str) -> Result<bool, StoreError> {
        let (id, owner) = (session_id.to_owned(), scope.owner());
        let found = self.write(move |db| deletion::remove_session(db, &id, owner.as_deref())).await?;
        while found && self.write(|db| Ok(deletion::sweep(db)?)).await? {}
        Ok(found)
    }

    async fn turn(&self, scope: &Scope, turn_id: &str) -> Result<Option<Turn>, StoreError> {
        let Ok(id) = turns::turn_id(turn_id) else { return Ok(None) };
        let owner = scope.owner();
        self.read(move |db, path| Reader::new(db, path).turn(id, owner.as_deref())).await
    }
}

fn new_turn(begin: BeginTurn) -> Result<NewTurn, StoreError> {
    turns::check_session_id(&begin.session_id)?;
    Ok(NewTurn {
        owner: owner_of(begin.key_id.as_ref()),
        id: turns::turn_id(&begin.turn_id)?,
        session_id: begin.session_id,
        now_us: begin.now_us,
        tokens: estimate_tokens(&begin.message),
        question: Stored::question(begin.message).map_err(|error| unstorable(&error))?,
        window: begin.history,
    })
}

fn begun_turn(begun: Begun, window: HistoryWindow, path: &Path) -> Result<BegunTurn, StoreError> {
    let Begun { number, new_session, context, oversized } = begun;
    let mut history = Vec::with_capacity(context.len() * 2);
    for ContextTurn { question, answer } in context.into_iter().rev() {
        history.push(question.into_question().map_err(|error| unreadable(path, &error))?);
        history.extend(answer.into_answer().map_err(|error| unreadable(path, &error))?);
    }
    let history = if oversized { last_that_fit(history, window) } else { history };
    Ok(BegunTurn { number, new_session, history })
}

fn turn_end(finish: FinishTurn) -> Result<TurnEnd, StoreError> {
    Ok(TurnEnd {
        id: turns::turn_id(&finish.turn_id)?,
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
pub(super) fn unstorable(error: &serde_json::Error) -> StoreError {
    StoreError::invalid(format!("the message has no form in JSON: {error}"))
}
