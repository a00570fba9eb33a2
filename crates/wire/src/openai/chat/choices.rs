//! Which alternatives of a streamed answer have begun, and which have ended.

use serde::Deserialize;
use serde_json::value::RawValue;

/// More are not told apart.
const MAX_CHOICES: usize = 1024;

/// The alternatives seen so far. Only for answers to requests for several: every frame is parsed.
#[derive(Debug, Default)]
pub(super) struct Choices {
    seen: Vec<Choice>,
}

#[derive(Debug)]
struct Choice {
    index: u32,
    has_ended: bool,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    choices: Option<Vec<ChoiceFields<'a>>>,
}

#[derive(Deserialize)]
struct ChoiceFields<'a> {
    #[serde(default)]
    index: u32,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

impl Choices {
    /// Looks at a chunk's data; what cannot be read tells of no alternative.
    pub(super) fn look(&mut self, data: &[u8]) {
        let fields = serde_json::from_slice::<Fields<'_>>(data).ok();
        for choice in fields.and_then(|fields| fields.choices).unwrap_or_default() {
            let ends = choice.finish_reason.is_some_and(|reason| reason.get().len() > 2);
            self.note(choice.index, ends);
        }
    }

    fn note(&mut self, index: u32, ends: bool) {
        let has_room = self.seen.len() < MAX_CHOICES;
        match self.seen.iter_mut().find(|choice| choice.index == index) {
            Some(choice) => choice.has_ended |= ends,
            None if has_room => self.seen.push(Choice { index, has_ended: ends }),
            None => {}
        }
    }

    /// The first alternative that has begun and not ended.
    pub(super) fn unfinished(&self) -> Option<u32> {
        self.seen.iter().filter(|choice| !choice.has_ended).map(|choice| choice.index).min()
    }
}
