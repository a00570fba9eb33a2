//! The state of answers: what is kept of them, what is told of it, and how they are gone on from.
//!
//! A server that keeps answers itself asks upstreams to keep nothing: it gives each answer an id of its own
//! ([`Mark`]), and puts what was said before in front of what is asked ([`said_again`]). An answer that is not
//! kept, and goes on from none, needs nothing of all that ([`is_stateless`]).
//!
//! In reading order: `asked` (what is sent on) → `items` (what was said, to be said again or listed) → `mark` (an
//! answer as it is kept) → `telling` (its events) → `refusals` (in OpenAI's words).

mod asked;
mod items;
mod mark;
pub mod refusals;
mod telling;

pub use asked::{is_stateless, told_upstream};
pub use items::{encode_deleted, listed, made_in, referenced, resolved, said_again};
pub use mark::Mark;
pub use telling::{Ended, Telling, Told};
