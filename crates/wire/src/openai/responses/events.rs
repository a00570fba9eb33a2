//! The events of an answer that is being written, each with its number.

use bytes::{Bytes, BytesMut};
use playhouse_llm::{Quoted, Told};
use serde::Serialize;

use crate::plain::{Mould, room_for, write_json};

/// What an event of more of a text begins with, up to its number.
const TEXT: &str =
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":";

/// About what stands around such a text, and around the members of another event.
const AROUND_TEXT: usize = 240;
const AROUND_MEMBERS: usize = 64;

#[derive(Serialize)]
struct Event<'a, M> {
    #[serde(rename = "type")]
    kind: &'a str,
    sequence_number: u64,
    #[serde(flatten)]
    members: &'a M,
}

/// Events that have been told and not been taken yet.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// How many have been told.
    count: u64,
    out: BytesMut,
    /// What follows the numbers of the texts of the part at these places.
    texts: Option<([usize; 2], Mould)>,
}

impl Events {
    /// Tells an event, whose name is its type.
    pub(super) fn tell(&mut self, kind: &str, members: &impl Serialize) {
        let event = Event { kind, sequence_number: self.count, members };
        self.count += 1;
        write_json(Some(kind), &event, &mut self.out);
    }

    /// Tells an event whose members have been written.
    pub(super) fn tell_members(&mut self, kind: &str, members: &str) {
        self.out.reserve(2 * kind.len() + members.len() + AROUND_MEMBERS);
        for piece in ["event: ", kind, "\ndata: {\"type\":\"", kind, "\",\"sequence_number\":"] {
            self.out.extend_from_slice(piece.as_bytes());
        }
        self.number();
        for piece in [",", members, "}\n\n"] {
            self.out.extend_from_slice(piece.as_bytes());
        }
    }

    /// Writes the event's number, without what a formatter costs.
    fn number(&mut self) {
        let (mut digits, mut start, mut rest) = ([b'0'; 20], 20, self.count);
        while rest > 0 || start == digits.len() {
            start -= 1;
            digits[start] += (rest % 10) as u8;
            rest /= 10;
        }
        self.out.extend_from_slice(&digits[start..]);
        self.count += 1;
    }

    /// Tells more of a text, in the part of an item at these places.
    pub(super) fn tell_text(&mut self, item_id: &str, at: [usize; 2], delta: &Quoted<'_>) {
        self.out.extend_from_slice(TEXT.as_bytes());
        self.number();
        let (_, mould) = match self.texts.take() {
            Some((of, mould)) if of == at => self.texts.insert((of, mould)),
            _ => self.texts.insert((at, text_mould(item_id, at))),
        };
        mould.write(delta, &mut self.out);
    }

    /// Makes room for what is told of an event that arrived as so many bytes.
    pub(super) fn expect(&mut self, arrived_bytes: usize, told: &[Told<'_>]) {
        self.out.reserve(room_for(arrived_bytes, told, AROUND_TEXT));
    }

    /// What has been told since this was asked last.
    pub(super) fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.out).freeze()
    }

    /// Has the next event bear this number.
    pub(super) fn go_on_at(&mut self, number: u64) {
        self.count = number;
    }
}

fn text_mould(item_id: &str, [output_index, content_index]: [usize; 2]) -> Mould {
    let id = Quoted::of(item_id);
    let before = format!(
        r#","item_id":"{}","output_index":{output_index},"content_index":{content_index},"delta":""#,
        id.escaped()
    );
    Mould::new(before, "\",\"logprobs\":[]}\n\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_piece_of_text_is_written_as_any_other() {
        let (mut quick, mut whole) = (Events::default(), Events::default());
        for (at, text) in [([0, 0], " word"), ([0, 0], "\n\u{2028}\"\\\u{1}"), ([1, 2], "x")] {
            let id = format!("msg_\"{}\"", at[0]);
            quick.tell_text(&id, at, &Quoted::of(text));
            let place = json!({ "item_id": id, "output_index": at[0], "content_index": at[1], "delta": text, "logprobs": [] });
            whole.tell("response.output_text.delta", &place);
            assert_eq!(quick.take(), whole.take());
        }
    }

    #[test]
    fn written_members_are_told_as_any_others() {
        let (mut quick, mut whole) = (Events::default(), Events::default());
        for number in [0, 9, 10, u64::MAX - 1] {
            quick.go_on_at(number);
            whole.go_on_at(number);
            quick.tell_members("response.x", r#""a":{"b":"c"}"#);
            whole.tell("response.x", &json!({ "a": { "b": "c" } }));
        }
        assert_eq!(quick.take(), whole.take());
    }
}
