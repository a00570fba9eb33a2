//! Server-sent events: cutting bytes into frames, reading frames, writing them.
//!
//! A *frame* is everything up to and including an empty line; lines end in LF, CR or CRLF.
//! Reading an event stream takes two steps, so that a relay can stop after the first:
//!
//! ```
//! use playhouse_wire::sse::{FrameCutter, frames};
//!
//! let mut cutter = FrameCutter::new(64 * 1024);
//! assert_eq!(cutter.push("event: delta\ndata: {\"con".into()).unwrap(), None);
//! let complete = cutter.push("tent\":\"Hi\"}\n\ndata: ".into()).unwrap().unwrap();
//!
//! let frame = frames(&complete).next().unwrap();
//! assert_eq!(frame.event, Some("delta"));
//! assert_eq!(frame.text(), r#"{"content":"Hi"}"#);
//! ```
//!
//! Writing is [`Frame::to_bytes`] and [`comment`].

mod cutter;
mod frame;
pub(crate) mod lines;

pub use cutter::{FrameCutter, Overlong};
pub(crate) use frame::split_field;
pub use frame::{Frame, Frames, comment, frames};

/// The byte-order mark, which may stand before the first line and means nothing.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
