//! Agents as the server has them: which there are, and their runs while they run.
//!
//! A run belongs to a task of its own, which stores what happens before it tells it, writes its lines and
//! metrics, and stops at once when whoever asked for it goes away or it is cancelled.
//!
//! In reading order: [`assembly`] (agents from their configuration) and [`connecting`] (tools of MCP
//! servers) → [`roster`] (which agents there are) → [`desk`] (the runs that run) → [`task`] (one run)
//! → `keeper` and [`record`] (what is stored of it) and [`account`] (what is logged and counted) → [`models`] (agents as
//! models).

pub(crate) mod account;
pub(crate) mod assembly;
pub(crate) mod connecting;
pub(crate) mod desk;
mod keeper;
pub(crate) mod models;
pub(crate) mod record;
pub(crate) mod roster;
mod task;
