//! Conversations in SQLite.

use async_trait::async_trait;

use super::SqliteStore;
use super::deletion;
use super::transcript::{Reader, unreadable};
use super::turns;
use super::unheard::{Abandoned, Unheard};
use crate::draft::{new_turn, turn_end};
use crate::ids::turn_id;
use crate::{
    BeginTurn, BegunTurn, FinishTurn, MessagePage, Page, Scope, SessionDetail, SessionPage, Sessions,
    StoreError, Turn,
};

#[async_trait]
impl Sessions for SqliteStore {
    async fn begin_turn(&self, begin: BeginTurn) -> Result<BegunTurn, StoreError> {
        let window = begin.history;
        let turn = new_turn(begin, self.replica)?;
        let writer = self.writer()?;
        let unheard = Unheard::new(writer, Abandoned::Turn(turn.id));
        match writer.write(move |db| turns::begin(db, &turn)).await {
            Ok(begun) => {
                let turn = begun.into_turn(window).map_err(|error| unreadable(self.path(), &error));
                turn.inspect(|_| unheard.heard())
            }
            Err(refusal) => {
                unheard.heard();
                Err(refusal)
            }
        }
    }

    async fn finish_turn(&self, finish: FinishTurn) -> Result<(), StoreError> {
        let end = turn_end(finish, self.replica)?;
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

    async fn turn(&self, scope: &Scope, id: &str) -> Result<Option<Turn>, StoreError> {
        let Ok(id) = turn_id(id) else { return Ok(None) };
        let owner = scope.owner();
        self.read(move |db, path| Reader::new(db, path).turn(id, owner.as_deref())).await
    }
}
