//! A run: one task of an agent, from its input to its end.
//!
//! In reading order: [`bounds`] → [`record`] (what is kept of a step) → [`ending`] → [`machine`] (what is
//! done next) → [`event`] (what is told) → `driver` (who does it).

pub mod bounds;
pub mod ending;
pub mod event;
pub mod machine;
pub mod record;

mod driver;
mod model_call;
mod repetition;
mod tool_calls;

pub use bounds::Bounds;
pub use driver::{Driver, Task};
pub use ending::{Ending, RunStatus};
pub use event::{Run, RunEvent};
pub use machine::{Action, Machine};
pub use record::{StepRecord, ToolOutcome};
