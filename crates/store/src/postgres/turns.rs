//! Turns: many begin and end together, and each is told what came of it.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::PostgresStore;
use super::failure::{Verdict, away, unreadable};
use super::gather::{Boarding, Passenger};
use super::turn_begin::Attempt;
use super::unheard::{self, Unheard};
use crate::begun::Begun;
use crate::draft::{NewTurn, TurnEnd};
use crate::ids::TurnId;
use crate::{StoreError, TurnState};

/// How often a beginning is tried that others have come in the way of: a session that is deleted and begun
/// anew meanwhile, a turn that ends in the moment it is found running.
const ATTEMPTS: usize = 5;

/// Why nothing was added: the turn that runs in the session, and whether the id is in use.
const IN_THE_WAY: &str = "\
SELECT (SELECT id FROM turns WHERE session = (SELECT key FROM sessions WHERE sessions.id = $1 AND owner = $3)
        AND state = 'running' ORDER BY number DESC LIMIT 1),
    EXISTS (SELECT FROM turns WHERE id = $2)";
const FIND_STATE: &str = "SELECT state FROM turns WHERE id = $1";
const INTERRUPT: &str = "UPDATE turns SET state = 'interrupted' WHERE id = $1 AND state = 'running'";

/// A turn that has begun, and what watches over it until its caller has heard of it.
type Watched = (Begun, Unheard);

/// A turn that is to begin.
pub(super) struct Beginning {
    turn: NewTurn,
    reply: oneshot::Sender<Result<Watched, StoreError>>,
}

/// A turn that is to end.
pub(super) struct Ending {
    end: TurnEnd,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

impl Passenger for Beginning {
    fn bytes(&self) -> usize {
        self.turn.question.content.len()
    }

    fn clashes_with(&self, other: &Self) -> bool {
        let (one, other) = (&self.turn, &other.turn);
        let key = |turn: &NewTurn| turn.idempotency.map(|key| key.id);
        (one.session_id == other.session_id && one.owner == other.owner)
            || one.id == other.id
            || (one.idempotency.is_some() && key(one) == key(other))
    }
}

impl Passenger for Ending {
    fn bytes(&self) -> usize {
        self.end.answer.as_ref().map_or(0, |answer| answer.content.len())
    }

    fn clashes_with(&self, other: &Self) -> bool {
        self.end.id == other.end.id
    }
}

impl PostgresStore {
    /// Begins a turn, whatever becomes of the caller; one that has gone finds it ended again.
    pub(super) async fn begin(&self, turn: NewTurn) -> Result<Watched, StoreError> {
        let (reply, outcome) = oneshot::channel();
        match self.inner.beginnings.board(Beginning { turn, reply }) {
            Boarding::Flight(mut flight) => {
                let store = self.clone();
                tokio::spawn(async move {
                    while let Some(beginnings) = flight.next() {
                        store.begin_together(beginnings).await;
                    }
                });
            }
            Boarding::Next => {}
            Boarding::Full => return Err(self.crowded()),
        }
        outcome.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Ends a turn.
    pub(super) async fn finish(&self, end: TurnEnd) -> Result<(), StoreError> {
        let (reply, outcome) = oneshot::channel();
        match self.inner.endings.board(Ending { end, reply }) {
            Boarding::Flight(mut flight) => {
                let store = self.clone();
                tokio::spawn(async move {
                    while let Some(endings) = flight.next() {
                        store.end_together(endings).await;
                    }
                });
            }
            Boarding::Next => {}
            Boarding::Full => return Err(self.crowded()),
        }
        outcome.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn begin_together(&self, beginnings: Vec<Beginning>) {
        let (turns, replies): (Vec<_>, Vec<_>) =
            beginnings.into_iter().map(|beginning| (beginning.turn, beginning.reply)).unzip();
        let attempts = self.try_begin(&turns).await;
        let waiting = turns.into_iter().zip(replies).map(|(turn, reply)| Beginning { turn, reply });
        match attempts {
            Ok(attempts) => waiting.zip(attempts).for_each(|(beginning, attempt)| match attempt {
                Attempt::Begun(begun) => beginning.tell(self, Ok(begun)),
                attempt => self.settle_apart(beginning, Some(attempt)),
            }),
            // Nothing has begun, and only one of them may be to blame.
            Err(Verdict::Statement(_) | Verdict::Again(_)) if waiting.len() > 1 => {
                waiting.for_each(|beginning| self.settle_apart(beginning, None));
            }
            Err(verdict) => {
                let error = verdict.into_error();
                waiting.for_each(|beginning| beginning.tell(self, Err(error.clone())));
            }
        }
    }

    /// Goes on with one turn alone, and lets the others not wait for it.
    fn settle_apart(&self, beginning: Beginning, attempt: Option<Attempt>) {
        let store = self.clone();
        tokio::spawn(async move {
            let begun = store.settle(&beginning.turn, attempt).await;
            beginning.tell(&store, begun);
        });
    }

    /// Begins a turn of which one attempt may have been made.
    async fn settle(&self, turn: &NewTurn, attempt: Option<Attempt>) -> Result<Begun, StoreError> {
        let begun = self.begin_in_the_end(turn, attempt).await;
        if matches!(&begun, Err(refusal) if !refusal.is_unavailable()) {
            self.release_key(turn.idempotency.as_ref(), Uuid::from_bytes(turn.id)).await?;
        }
        begun
    }

    async fn begin_in_the_end(
        &self,
        turn: &NewTurn,
        mut attempt: Option<Attempt>,
    ) -> Result<Begun, StoreError> {
        for _ in 0..ATTEMPTS {
            let known = match attempt.take() {
                Some(attempt) => attempt,
                None => self.try_alone(turn).await?,
            };
            let running_turn = match known {
                Attempt::Begun(begun) => return Ok(begun),
                Attempt::Walking(begun, rest) => return self.walk_on(turn, begun, &rest).await,
                Attempt::Running(other) => Some(other),
                Attempt::Beaten => None,
            };
            self.check_key(turn.idempotency.as_ref(), Some(Uuid::from_bytes(turn.id))).await?;
            match running_turn {
                Some(other) => return Err(running(turn, other)),
                None => self.look_in_the_way(turn).await?,
            }
        }
        let session = &turn.session_id;
        Err(away(self.place(), &format!("session '{session}' is begun and deleted too often at a time")))
    }

    async fn try_alone(&self, turn: &NewTurn) -> Result<Attempt, StoreError> {
        let attempts = self.try_begin(std::slice::from_ref(turn)).await;
        Ok(attempts.map_err(Verdict::into_error)?.pop().unwrap_or(Attempt::Beaten))
    }

    /// Whether a turn runs or the id is in use; if neither, the way is free again.
    async fn look_in_the_way(&self, turn: &NewTurn) -> Result<(), StoreError> {
        let id = Uuid::from_bytes(turn.id);
        let row = self.short().query_opt(IN_THE_WAY, &[&&*turn.session_id, &id, &&*turn.owner]).await?;
        let found = row.map_or(Ok((None, false)), |row| Ok((row.try_get(0)?, row.try_get(1)?)));
        match found.map_err(|error: Error| unreadable(self.place(), &error))? {
            (Some(other), _) => Err(running(turn, other)),
            (None, true) => Err(StoreError::invalid(format!("turn id '{id}' has been used before"))),
            (None, false) => Ok(()),
        }
    }

    async fn end_together(&self, endings: Vec<Ending>) {
        let (ends, replies): (Vec<_>, Vec<_>) =
            endings.into_iter().map(|ending| (ending.end, ending.reply)).unzip();
        let ended = self.try_end(&ends).await;
        let waiting = ends.into_iter().zip(replies).map(|(end, reply)| Ending { end, reply });
        match ended {
            Ok(ended) => waiting.for_each(|ending| match ended.contains(&ending.end.id) {
                true => {
                    self.inner.remembered.ended(&ending.end);
                    ending.tell(Ok(()));
                }
                false => self.end_apart(ending, true),
            }),
            Err(Verdict::Statement(_) | Verdict::Again(_)) if waiting.len() > 1 => {
                waiting.for_each(|ending| self.end_apart(ending, false));
            }
            Err(verdict) => {
                let error = verdict.into_error();
                waiting.for_each(|ending| ending.tell(Err(error.clone())));
            }
        }
    }

    /// Ends one turn alone, or finds out why it could not be ended.
    fn end_apart(&self, ending: Ending, tried: bool) {
        let store = self.clone();
        tokio::spawn(async move {
            let ended = match tried {
                true => Ok(false),
                false => store.end_alone(&ending.end).await,
            };
            let outcome = match ended {
                Ok(true) => Ok(()),
                Ok(false) => Err(store.why_not_finished(ending.end.id).await.unwrap_or_else(|error| error)),
                Err(error) => Err(error),
            };
            ending.tell(outcome);
        });
    }

    async fn end_alone(&self, end: &TurnEnd) -> Result<bool, StoreError> {
        let ended = self.try_end(std::slice::from_ref(end)).await;
        Ok(ended.map_err(Verdict::into_error)?.contains(&end.id))
    }

    async fn why_not_finished(&self, turn: TurnId) -> Result<StoreError, StoreError> {
        let id = Uuid::from_bytes(turn);
        let found = self.short().query_opt(FIND_STATE, &[&id]).await?;
        let state = found.map(|row| state_at(&row, 0)).transpose();
        let turn_id = id.to_string().into();
        Ok(match state.map_err(|error| unreadable(self.place(), &error))? {
            Some(state) => StoreError::TurnEnded { turn_id, state },
            None => StoreError::TurnNotFound { turn_id },
        })
    }

    /// Ends one turn as interrupted, if it is running.
    pub(super) async fn interrupt_turn(&self, turn: TurnId) -> Result<(), StoreError> {
        self.short().execute(INTERRUPT, &[&Uuid::from_bytes(turn)]).await.map(drop)
    }

    fn crowded(&self) -> StoreError {
        away(self.place(), "more turns wait for it than may")
    }
}

impl Beginning {
    /// Tells the caller. What has begun, or may have, for one who has gone, is ended again.
    fn tell(self, store: &PostgresStore, begun: Result<Begun, StoreError>) {
        let watch = || Unheard::new(store.clone(), unheard::Begun::Turn(self.turn.id));
        if matches!(&begun, Err(error) if error.is_unavailable()) {
            drop(watch());
        }
        // Whoever has gone takes nothing; what watches ends what has begun.
        let _ = self.reply.send(begun.map(|begun| (begun, watch())));
    }
}

impl Ending {
    fn tell(self, outcome: Result<(), StoreError>) {
        // The caller may have gone; its turn has ended all the same.
        let _ = self.reply.send(outcome);
    }
}

/// A state in a row.
pub(super) fn state_at(
    row: &Row,
    column: usize,
) -> Result<TurnState, Box<dyn std::error::Error + Send + Sync>> {
    let name: &str = row.try_get(column)?;
    TurnState::named(name).ok_or_else(|| format!("'{name}' is no state of a turn").into())
}

fn running(turn: &NewTurn, other: Uuid) -> StoreError {
    let session_id = Arc::clone(&turn.session_id);
    StoreError::TurnRunning { session_id, turn_id: other.to_string().into() }
}

fn closed() -> StoreError {
    StoreError::unavailable("the store is being closed")
}
