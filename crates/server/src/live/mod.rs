//! What is told while it happens: by the task that makes it happen, to whoever asked and to all who follow.
//!
//! A turn, run or response belongs to a task, never to a connection. Its [`Teller`] writes each event once, hands it
//! to the connection that asked, and adds it to the live stream that replicas share. A [`Follower`] is what
//! a connection reads: from the task directly as long as it keeps up, else from the live stream, and where
//! that is no longer kept from what is stored.
//!
//! In reading order: [`subject`] (what is followed) → [`frames`] (events as bytes) → [`teller`] →
//! [`follower`].

mod follower;
mod frames;
mod subject;
mod teller;

pub(crate) use follower::{Follower, Standing};
pub(crate) use frames::KEEP_ALIVE;
pub(crate) use subject::Subject;
pub(crate) use teller::{Teller, Told};
