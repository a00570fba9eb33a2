//! The task that a turn belongs to: it goes on when its client leaves, unless that is to end it.

use std::pin::{Pin, pin};
use std::sync::Arc;

use playhouse_edge::Problem;
use playhouse_llm::{Error, ErrorKind};
use playhouse_store::Scope;
use playhouse_telemetry::RequestScope;

use super::events;
use super::stored_turn::StoredTurn;
use super::streamed_turn::{Heard, Progress, StreamedTurn};
use super::turn::{Answered, Question, Turn};
use crate::app::App;
use crate::config::OnDisconnect;
use crate::live::{Follower, KEEP_ALIVE, Subject, Teller, Told};
use crate::turns::NotBegun;
use crate::turns::desk::Place;
use crate::turns::pace::Pace;

/// How many events are written before they are sent: those that came together go out together.
const MOST_AT_ONCE: usize = 32;

/// Has a question answered as a whole.
pub(super) async fn answer(
    app: &App,
    question: Question,
    on_disconnect: OnDisconnect,
) -> Result<Answered, NotBegun> {
    let place = app.turns().enter()?;
    let scope = RequestScope::from(&*question.context);
    let work = whole(app.clone(), question, place);
    match on_disconnect {
        OnDisconnect::Cancel => work.await,
        OnDisconnect::Continue => match tokio::spawn(scope.run(work)).await {
            Ok(answered) => answered,
            Err(_) => Err(lost().into()),
        },
    }
}

/// Has a question answered in pieces; returns once there is a stream to follow.
pub(super) async fn stream(
    app: &App,
    question: Question,
    on_disconnect: OnDisconnect,
) -> Result<Follower, NotBegun> {
    let place = app.turns().enter()?;
    let subject = Subject::Turn(question.turn_id.clone());
    let follower = StoredTurn::of(app, Scope::Everything, &question.turn_id).follower(0);
    let (teller, mut told) = Teller::new(&subject, app.turns().shared.live.clone(), on_disconnect);
    let scope = RequestScope::from(&*question.context);
    tokio::spawn(scope.run(StreamTask { app: app.clone(), subject, teller }.run(question, place)));
    match told.recv().await {
        Some(Told::Refused(refused)) => Err(refused),
        Some(_) => Ok(follower.told(told)),
        None => Err(lost().into()),
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Internal, "the turn was lost; the log says how")
}

async fn whole(app: App, question: Question, mut place: Place) -> Result<Answered, NotBegun> {
    let subject = Subject::Turn(question.turn_id.clone());
    let asking = async { Ok(Turn::begin(&app, question).await?.ask().await?) };
    tokio::select! {
        biased;
        error = place.stopped(subject) => Err(error.into()),
        answered = asking => answered,
    }
}

/// Ready when a turn is to stop, with why.
type Stop<'place> = Pin<&'place mut (dyn Future<Output = Error> + Send)>;

struct StreamTask {
    app: App,
    subject: Subject,
    teller: Teller,
}

impl StreamTask {
    async fn run(mut self, question: Question, mut place: Place) {
        let stopped = pin!(place.stopped(self.subject.clone()));
        let mut stop: Stop<'_> = stopped;
        let beginning = Turn::begin(&self.app, question);
        let turn = match unless_stopped(&mut stop, &self.teller, beginning).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(refused)) => return self.teller.tell(Told::Refused(refused)),
            Err(error) => return self.teller.tell(Told::Refused(error.into())),
        };
        let request_id = turn.request_id();
        match unless_stopped(&mut stop, &self.teller, turn.ask_streamed(KEEP_ALIVE)).await {
            Ok(Ok(turn)) => self.go_through(turn, stop).await,
            Ok(Err(error)) | Err(error) => {
                self.teller.tell(Told::Refused(error.clone().into()));
                self.fail(&error, &request_id).await;
            }
        }
    }

    async fn go_through(mut self, mut turn: StreamedTurn, mut stop: Stop<'_>) {
        self.teller.tell(Told::Began);
        let mut pace = Pace::new();
        loop {
            let heard = match unless_stopped(&mut stop, &self.teller, turn.hear(&mut pace)).await {
                Ok(heard) => heard,
                Err(error) => return self.interrupt(turn, &error).await,
            };
            match self.take_in(&mut turn, heard, &mut pace).await {
                None => {}
                Some(Ok(())) => {
                    events::done(&mut self.teller, &turn);
                    return self.teller.close().await;
                }
                Some(Err(error)) => return self.fail(&error, &turn.open.request_id).await,
            }
            let error = tokio::select! {
                biased;
                () = self.teller.flush() => continue,
                error = &mut stop => error,
            };
            return self.interrupt(turn, &error).await;
        }
    }

    /// Writes what has come, and what came meanwhile; returns the end, if it is there.
    async fn take_in(
        &mut self,
        turn: &mut StreamedTurn,
        mut heard: Heard,
        pace: &mut Pace,
    ) -> Option<Result<(), Error>> {
        let mut taken = 0;
        loop {
            match turn.take_in(heard, pace).await {
                Progress::Pieces(pieces) => events::pieces(&mut self.teller, &pieces),
                Progress::Step(event) => events::step(&mut self.teller, &event),
                Progress::Silence => self.teller.tell(Told::Silence),
                Progress::Nothing => {}
                Progress::Done => return Some(Ok(())),
                Progress::Failed(error) => return Some(Err(error)),
            }
            taken += 1;
            if taken == MOST_AT_ONCE {
                return None;
            }
            heard = turn.heard_already()?;
        }
    }

    async fn interrupt(self, turn: StreamedTurn, error: &Error) {
        let request_id = turn.open.request_id.clone();
        turn.interrupt().await;
        self.fail(error, &request_id).await;
    }

    async fn fail(mut self, error: &Error, request_id: &Arc<str>) {
        self.teller.event("error", &Problem::from(error).of_request(request_id));
        self.teller.close().await;
    }
}

/// What comes of some work; an error when the turn is to stop first, or its client has left and that is
/// to end it.
async fn unless_stopped<T>(
    stop: &mut Stop<'_>,
    teller: &Teller,
    work: impl Future<Output = T>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        error = stop => Err(error),
        () = teller.left() => Err(Error::new(ErrorKind::Cancelled, "the client left")),
        done = work => Ok(done),
    }
}
