//! One connection, and the statements it has prepared.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use tokio::task::AbortHandle;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row, Statement};

use super::connector::Connected;

/// What statements are called with.
pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Something to be done on a connection.
pub(super) enum Work<'a> {
    /// A statement of the program, which is prepared once and returns rows.
    Query(&'static str, Params<'a>),
    /// A statement of the program that returns none.
    Execute(&'static str, Params<'a>),
    /// A statement that is written for the occasion, and planned for its values.
    Once(&'a str, &'a [(&'a (dyn ToSql + Sync), Type)]),
    /// Statements of the program that read, with the same parameters, what was there at one moment.
    Snapshot(&'a [&'static str], Params<'a>),
}

/// What came of it.
pub(super) enum Answer {
    /// The rows of one statement.
    Rows(Vec<Row>),
    /// How many rows were touched.
    Touched(u64),
    /// The rows of each statement.
    Sets(Vec<Vec<Row>>),
}

/// A connection.
pub(super) struct Link {
    client: Client,
    task: AbortHandle,
    /// By the address of their text, which is that of the program.
    statements: Mutex<HashMap<usize, Statement>>,
}

impl Link {
    /// A link over a new connection.
    pub(super) fn new(connected: Connected) -> Self {
        Self { client: connected.client, task: connected.task, statements: Mutex::default() }
    }

    /// Whether it is of no more use.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Closes it whoever waits for an answer.
    pub(super) fn close(&self) {
        self.task.abort();
    }

    /// Does a piece of work.
    pub(super) async fn run(&self, work: &Work<'_>) -> Result<Answer, Error> {
        match *work {
            Work::Query(sql, params) => {
                let rows = self.client.query(&self.statement(sql).await?, params).await?;
                Ok(Answer::Rows(rows))
            }
            Work::Execute(sql, params) => {
                Ok(Answer::Touched(self.client.execute(&self.statement(sql).await?, params).await?))
            }
            Work::Once(sql, params) => Ok(Answer::Rows(self.client.query_typed(sql, params).await?)),
            Work::Snapshot(statements, params) => Ok(Answer::Sets(self.snapshot(statements, params).await?)),
        }
    }

    /// All statements go out together, so that the whole takes one round trip.
    async fn snapshot(&self, sqls: &[&'static str], params: Params<'_>) -> Result<Vec<Vec<Row>>, Error> {
        let mut prepared = Vec::with_capacity(sqls.len());
        for sql in sqls {
            prepared.push(self.statement(sql).await?);
        }
        let open = CloseUnlessDone { link: self, done: false };
        let begin = self.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        let queries = join_all(prepared.iter().map(|statement| self.client.query(statement, params)));
        let commit = self.client.batch_execute("COMMIT");
        let (begun, sets, ended) = tokio::join!(biased; begin, queries, commit);
        open.finish();
        begun.and(ended)?;
        sets.into_iter().collect()
    }

    async fn statement(&self, sql: &'static str) -> Result<Statement, Error> {
        let address = sql.as_ptr() as usize;
        if let Some(known) = self.statements().get(&address) {
            return Ok(known.clone());
        }
        // Two may prepare the same; that costs a little once.
        let statement = self.client.prepare(sql).await?;
        self.statements().insert(address, statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> MutexGuard<'_, HashMap<usize, Statement>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes a connection on which work was given up in the middle, so that nothing stays open on it.
struct CloseUnlessDone<'link> {
    link: &'link Link,
    done: bool,
}

impl CloseUnlessDone<'_> {
    fn finish(mut self) {
        self.done = true;
    }
}

impl Drop for CloseUnlessDone<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.link.close();
        }
    }
}

impl Answer {
    /// The rows of the only statement.
    pub(super) fn into_rows(self) -> Vec<Row> {
        match self {
            Self::Rows(rows) => rows,
            Self::Touched(_) => Vec::new(),
            Self::Sets(sets) => sets.into_iter().flatten().collect(),
        }
    }

    /// The rows of each statement.
    pub(super) fn into_sets(self) -> Vec<Vec<Row>> {
        match self {
            Self::Rows(rows) => vec![rows],
            Self::Touched(_) => Vec::new(),
            Self::Sets(sets) => sets,
        }
    }

    /// How many rows were touched.
    pub(super) fn touched(&self) -> u64 {
        match self {
            Self::Touched(touched) => *touched,
            Self::Rows(_) | Self::Sets(_) => 0,
        }
    }
}
