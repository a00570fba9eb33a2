//! A turn whose answer is coming in pieces.

use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use playhouse_agent::{Run, RunEvent, speech};
use playhouse_llm::{Error, ErrorKind, Event, EventStream, Reply};

use super::open_turn::OpenTurn;
use crate::agents::desk::BegunRun;
use crate::turns::pace::{Due, Pace};

/// An answer is kept as a whole, whether anybody reads it or not: it may be this long on the wire.
const MAX_STREAM_BYTES: usize = 8 << 20;

/// A turn whose answer is coming in pieces.
pub(super) struct StreamedTurn {
    pub(super) source: Source,
    pub(super) open: OpenTurn,
    /// How much of the answer has come.
    pub(super) arrived_bytes: usize,
}

/// Who answers.
pub(super) enum Source {
    Model(EventStream),
    Agent(BegunRun),
}

/// What has come, not looked at yet.
pub(super) enum Heard {
    Model(Option<Result<Event, Error>>),
    Agent(Option<RunEvent>),
    Due(Due),
}

/// What has become of a streamed turn.
pub(super) enum Progress {
    /// More text.
    Pieces(Vec<String>),
    /// Something that the agent does.
    Step(RunEvent),
    /// Nothing for a while.
    Silence,
    /// Nothing to tell.
    Nothing,
    /// The answer is whole and stored.
    Done,
    /// It broke off; what had come is stored.
    Failed(Error),
}

impl StreamedTurn {
    /// Waits for the next thing. May be dropped at any time.
    pub(super) async fn hear(&mut self, pace: &mut Pace) -> Heard {
        let heard = async {
            match &mut self.source {
                Source::Model(events) => Heard::Model(events.next().await),
                Source::Agent(run) => Heard::Agent(run.events.recv().await),
            }
        };
        tokio::select! {
            biased;
            heard = heard => heard,
            due = pace.due() => Heard::Due(due),
        }
    }

    /// The next thing, if it has come already.
    pub(super) fn heard_already(&mut self) -> Option<Heard> {
        match &mut self.source {
            Source::Model(events) => events.next().now_or_never().map(Heard::Model),
            Source::Agent(run) => run.events.try_recv().ok().map(|event| Heard::Agent(Some(event))),
        }
    }

    /// Takes it in, and stores the end if it is one.
    pub(super) async fn take_in(&mut self, heard: Heard, pace: &mut Pace) -> Progress {
        let progress = match heard {
            Heard::Model(Some(event)) => match event.and_then(|event| self.collect(&event)) {
                Ok(pieces) => Progress::Pieces(pieces),
                Err(error) => self.fail(error),
            },
            Heard::Model(None) => self.complete().await,
            Heard::Agent(event) => self.watch(event).await,
            Heard::Due(Due::Silence) => return Progress::Silence,
            Heard::Due(Due::Save) => {
                self.open.keep_progress();
                return Progress::Nothing;
            }
        };
        pace.came(matches!(&progress, Progress::Pieces(pieces) if !pieces.is_empty()));
        progress
    }

    /// Stores that it was cut off.
    pub(super) async fn interrupt(mut self) {
        self.open.interrupt().await;
    }

    /// What the agent did.
    async fn watch(&mut self, event: Option<RunEvent>) -> Progress {
        match event {
            Some(RunEvent::Delta { content, .. }) => {
                self.open.spoken.push_str(&content);
                Progress::Pieces(vec![content])
            }
            Some(RunEvent::Done(run)) => self.end(&run).await,
            Some(event) => Progress::Step(event),
            None => self.fail(Error::new(ErrorKind::Internal, "the run was lost; the log says how")),
        }
    }

    async fn end(&mut self, run: &Run) -> Progress {
        match speech::reply(run) {
            Ok(reply) => {
                self.open.collector.replace(reply);
                self.complete().await
            }
            Err(error) => self.fail(error),
        }
    }

    async fn complete(&mut self) -> Progress {
        match self.open.complete().await {
            Ok(()) => Progress::Done,
            Err(error) => Progress::Failed(error),
        }
    }

    fn fail(&mut self, error: Error) -> Progress {
        self.open.fail(&error);
        Progress::Failed(error)
    }

    fn collect(&mut self, event: &Event) -> Result<Vec<String>, Error> {
        let collector = &mut self.open.collector;
        if let Some(reply) = event.whole()? {
            collector.replace(reply.clone());
            return Ok(vec![reply.content()]);
        }
        self.arrived_bytes += event.arrived_bytes();
        if self.arrived_bytes > MAX_STREAM_BYTES {
            let message = format!("the upstream streamed more than {MAX_STREAM_BYTES} bytes as one answer");
            return Err(Error::bad_reply(message));
        }
        let chunks = event.chunks()?;
        chunks.iter().for_each(|chunk| collector.absorb(chunk));
        Ok(chunks.iter().map(|chunk| chunk.content()).filter(|content| !content.is_empty()).collect())
    }

    /// What has come so far.
    pub(super) fn reply(&self) -> &Reply {
        self.open.collector.reply()
    }

    /// The run that answers, if it is an agent that does.
    pub(super) fn run_id(&self) -> Option<&Arc<str>> {
        match &self.source {
            Source::Model(_) => None,
            Source::Agent(run) => Some(&run.id),
        }
    }
}
