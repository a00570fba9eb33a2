//! Runs over a provider in process: what is told, in which order, and how they end.

mod bounds;
mod endings;
mod resuming;
mod speaking;
mod stage;
mod tools;
