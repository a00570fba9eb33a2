//! Cutting token counts out of frames that otherwise pass through.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::member::member_around;
use super::needles;
use crate::json;
use crate::sse::{Frame, lines};

/// The frames without token counts: a chunk of nothing else is dropped, a chunk with choices
/// loses its `usage`, everything else stays byte by byte.
pub(super) fn without_usage(frames: &Bytes) -> Bytes {
    let mut kept = Vec::new();
    let mut at = 0;
    for range in lines::frames_around(frames, needles::usages(frames)) {
        let Some(edited) = edit_frame(&frames.slice(range.clone())) else { continue };
        kept.push(frames.slice(at..range.start));
        kept.push(edited);
        at = range.end;
    }
    kept.push(frames.slice(at..));
    join(kept)
}

/// The frame without its token counts; `None` if it has none.
fn edit_frame(frame: &Bytes) -> Option<Bytes> {
    let data = Frame::read(frame)?.data;
    let Cow::Borrowed(data) = data else { return rewrite_frame(&data) };
    let Ok(fields) = serde_json::from_slice::<Fields<'_>>(data) else { return rewrite_frame(data) };
    let usage = fields.usage?;
    if fields.choices.is_none_or(|choices| choices.is_empty()) {
        return Some(Bytes::new());
    }
    let start = usage.get().as_ptr() as usize - frame.as_ptr() as usize;
    match member_around(frame, "usage", &(start..start + usage.get().len())) {
        Some(member) => Some(join(vec![frame.slice(..member.start), frame.slice(member.end..)])),
        None => rewrite_frame(data),
    }
}

#[derive(Deserialize)]
struct Fields<'a> {
    choices: Option<Vec<IgnoredAny>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// The way of a frame whose data is spread over lines, or written in an unusual way.
fn rewrite_frame(data: &[u8]) -> Option<Bytes> {
    let mut fields = json::parse_object(data).ok()?;
    fields.get("usage").filter(|usage| usage.is_object())?;
    fields.shift_remove("usage");
    let has_choices =
        fields.get("choices").and_then(|choices| choices.as_array()).is_some_and(|items| !items.is_empty());
    if !has_choices {
        return Some(Bytes::new());
    }
    Some(Frame::new(&serde_json::Value::Object(fields).to_string()).to_bytes())
}

/// The pieces as one; a single one that holds anything is not copied.
fn join(mut pieces: Vec<Bytes>) -> Bytes {
    pieces.retain(|piece| !piece.is_empty());
    match pieces.len() {
        0 => Bytes::new(),
        1 => pieces.remove(0),
        _ => {
            let mut joined = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
            pieces.iter().for_each(|piece| joined.extend_from_slice(piece));
            joined.freeze()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(frames: &str, expected: &str) {
        assert_eq!(without_usage(&Bytes::copy_from_slice(frames.as_bytes())), expected);
    }

    #[test]
    fn token_counts_are_cut_and_nothing_else_is_touched() {
        let plain = "data: {\"choices\":[{\"delta\":{}}],\"usage\":null}\n\n";
        check(plain, plain);
        check(
            &format!(
                "{plain}data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":1}}}}\r\n\r\n: ping\n\n{plain}"
            ),
            &format!("{plain}: ping\n\n{plain}"),
        );
        check(
            "data: {\"choices\": [1], \"usage\" : {\"a\": {}} , \"z\": 1}\n\n",
            "data: {\"choices\": [1] , \"z\": 1}\n\n",
        );
        check("data: {\"usage\": {}, \"choices\": [1]}\n\n", "data: { \"choices\": [1]}\n\n");
        check("data: {\"choices\":[1],\"usage\":{\"usage\":{}}}\n\n", "data: {\"choices\":[1]}\n\n");
        check("data: {\"choices\":[1],\ndata: \"usage\":{}}\n\n", "data: {\"choices\":[1]}\n\n");
        let groq = "data: {\"choices\":[1],\"x_groq\":{\"usage\":{}}}\n\n";
        check(groq, groq);
    }
}
