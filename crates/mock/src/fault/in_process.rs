//! What a fault means to somebody who reads events in process, without a wire to break.

use playhouse_llm::{Chunk, Error, ErrorKind};

use super::{Fault, chunks};
use crate::script::FaultKind;

impl Fault {
    /// Does to the pieces of an answer what a client of the wire would see of it.
    ///
    /// # Errors
    /// When nothing of the answer would arrive.
    pub(crate) fn befall(&self, pieces: &mut Vec<Chunk>, failure: &mut Option<Error>) -> Result<(), Error> {
        let Some(kind) = self.kind() else { return Ok(()) };
        let told = |kind: ErrorKind| Error::new(kind, format!("the mock met the fault {self}"));
        match kind {
            FaultKind::Refuse | FaultKind::ResetBeforeHeaders | FaultKind::ResetInHeaders => {
                return Err(told(ErrorKind::Unreachable));
            }
            FaultKind::Empty | FaultKind::WrongContentType => return Err(told(ErrorKind::BadReply)),
            FaultKind::ResetAfterHeaders | FaultKind::Cut | FaultKind::Stall | FaultKind::MissingDone => {
                self.break_off(pieces);
                *failure = Some(told(ErrorKind::Interrupted));
            }
            FaultKind::MalformedChunk | FaultKind::InvalidUtf8 | FaultKind::TruncatedJson => {
                self.break_off(pieces);
                *failure = Some(told(ErrorKind::BadReply));
            }
            FaultKind::ErrorEvent => {
                self.break_off(pieces);
                *failure = Some(told(ErrorKind::Upstream));
            }
            FaultKind::MissingFinish => pieces.retain(|chunk| !is_finish(chunk)),
            FaultKind::DuplicateChunk => duplicate(pieces, self.middle(pieces)),
            FaultKind::ReorderedChunks => reorder(pieces, self.middle(pieces)),
            FaultKind::LengthInToolJson => chunks::stop_for_length(pieces),
            FaultKind::Drip | FaultKind::Status => {}
        }
        Ok(())
    }

    fn break_off(&self, pieces: &mut Vec<Chunk>) {
        let kept = self.middle(pieces);
        pieces.truncate(kept);
        pieces.retain(|chunk| !is_finish(chunk));
    }

    fn middle(&self, pieces: &[Chunk]) -> usize {
        self.spec.after_events.map_or(pieces.len() / 2, |events| events as usize).min(pieces.len())
    }
}

fn is_finish(chunk: &Chunk) -> bool {
    chunk.choices.iter().any(|choice| choice.finish.is_some())
}

fn duplicate(pieces: &mut Vec<Chunk>, at: usize) {
    if let Some(piece) = pieces.get(at).cloned() {
        pieces.insert(at, piece);
    }
}

fn reorder(pieces: &mut [Chunk], at: usize) {
    if at > 0 && at < pieces.len() {
        pieces.swap(at - 1, at);
    }
}
