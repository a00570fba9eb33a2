//! Conversations in PostgreSQL.

use async_trait::async_trait;

use super::PostgresStore;
use super::failure::unreadable;
use crate::draft::{new_turn, turn_end};
use crate::ids::turn_id;
use crate::{
    BeginTurn, BegunTurn, FinishTurn, MessagePage, Page, Scope, SessionDetail, SessionPage, Sessions,
    StoreError, Turn,
};

#[async_trait]
impl Sessions for PostgresStore {
    async fn begin_turn(&self, begin: BeginTurn) -> Result<BegunTurn, StoreError> {
        let window = begin.history;
        let turn = new_turn(begin, self.replica)?;
        let (begun, unheard) = self.begin(turn).await?;
        let turn = begun.into_turn(window).map_err(|error| unreadable(self.place(), &error))?;
        unheard.heard();
        Ok(turn)
    }

    async fn finish_turn(&self, finish: FinishTurn) -> Result<(), StoreError> {
        self.finish(turn_end(finish, self.replica)?).await
    }

    async fn list_sessions(&self, scope: &Scope, page: Page) -> Result<SessionPage, StoreError> {
        self.session_page(scope, &page).await
    }

    async fn session(
        &self,
        scope: &Scope,
        session_id: &str,
        page: MessagePage,
    ) -> Result<Option<SessionDetail>, StoreError> {
        self.session_detail(scope, session_id, page).await
    }

    async fn delete_session(&self, scope: &Scope, session_id: &str) -> Result<bool, StoreError> {
        self.remove_session(scope, session_id).await
    }

    async fn turn(&self, scope: &Scope, id: &str) -> Result<Option<Turn>, StoreError> {
        let Ok(id) = turn_id(id) else { return Ok(None) };
        self.find_turn(scope, id).await
    }
}
