//! Asking the next deployment when one cannot answer.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use playhouse_llm::{Error, ErrorKind, EventStream, Provider, Request};

use super::balance::Balance;
use super::deployment::Deployment;
use super::treatment::Treatment;

/// A chain of deployments; each is asked when the one before could not begin an answer.
///
/// Those that would refuse at once (their circuit is open, their places are taken) are passed over,
/// and asked only when nobody else is left.
pub struct Fallback {
    links: Vec<Balance>,
}

impl Fallback {
    /// A chain in the order in which it is asked.
    pub fn new(chain: Vec<Deployment>) -> Self {
        Self::of_groups(chain.into_iter().map(Balance::alone).collect())
    }

    /// A chain of groups: the next one is asked when nobody of the one before can answer.
    pub fn of_groups(links: Vec<Balance>) -> Self {
        Self { links }
    }

    /// The way of a request that has not been asked of anybody.
    pub(super) fn course(&self) -> Course {
        let asked = self.links.iter().map(|link| vec![false; link.len()]).collect();
        Course { asked: Mutex::new(asked) }
    }

    /// Asks those who are left on the way, until one can answer.
    pub(super) async fn run(&self, course: &Course, request: &Request) -> Result<EventStream, Error> {
        let mut failure = None;
        while let Some((link, index)) = self.next(course, request.stream) {
            match self.links[link].ask(index, request).await {
                Ok(events) => return Ok(events),
                Err(error) if Treatment::of(&error).fails_over => failure = more_telling(failure, error),
                Err(error) => return Err(error),
            }
        }
        Err(failure
            .unwrap_or_else(|| Error::new(ErrorKind::Internal, "a chain without deployments was asked")))
    }

    /// The next one to ask: those with room first, in order; then the others.
    fn next(&self, course: &Course, is_stream: bool) -> Option<(usize, usize)> {
        let mut asked = course.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self
            .links
            .iter()
            .zip(asked.iter())
            .enumerate()
            .find_map(|(link, (group, asked))| Some((link, group.choose(asked, is_stream)?)));
        let next = free.or_else(|| {
            asked
                .iter()
                .enumerate()
                .find_map(|(link, asked)| Some((link, asked.iter().position(|asked| !asked)?)))
        });
        if let Some((link, index)) = next {
            asked[link][index] = true;
        }
        next
    }
}

/// Whom a request has been asked of, so that nobody is asked twice; shared by its hedged tries.
pub(super) struct Course {
    asked: Mutex<Vec<Vec<bool>>>,
}

impl Course {
    /// Whether there is nobody left to ask.
    pub(super) fn is_done(&self) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().flatten().all(|asked| *asked)
    }
}

#[async_trait]
impl Provider for Fallback {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        self.run(&self.course(), &request).await
    }
}

/// What a deployment itself said tells more than that nobody was let through to one.
fn more_telling(before: Option<Error>, error: Error) -> Option<Error> {
    match before {
        Some(before) if error.kind == ErrorKind::CircuitOpen => Some(before),
        _ => Some(error),
    }
}
