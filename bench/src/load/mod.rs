//! Load generators: many checked streams, requests on a schedule, requests one after another.

pub(crate) mod closed;
mod connection;
mod drive;
mod lateness;
pub(crate) mod rate;
mod response;
pub(crate) mod streams;
mod tally;
mod target;
