//! Agents: models that call tools in a loop.
//!
//! What it is: tools ([`Tool`], [`ToolRegistry`], the ones built in), two strategies
//! ([`ToolCalling`] and [`ReAct`]) behind one state machine ([`Machine`]), the driver that does what it
//! says, and [`Agent`], which puts them together.
//! What it does not do: it logs nothing, stores nothing and reads no environment; whoever runs an
//! agent watches its [`RunEvent`]s. The machine performs no IO.
//! Whom it depends on: `playhouse-llm`. The feature `http` adds the tool `http_get`, and hyper and rustls.
//!
//! In reading order: [`tool`] → [`tools`] → [`strategy`] → [`run`] → [`agent`] → [`speech`]; [`config`] beside them, and
//! with the feature `mcp` the tools of Model Context Protocol servers (`mcp`).

pub mod agent;
pub mod config;
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod run;
pub mod speech;
pub mod strategy;
pub mod tool;
pub mod tools;

pub use agent::{Agent, ReActAgent, ToolCallingAgent};
pub use config::AgentConfig;
pub use run::{Action, Bounds, Driver, Machine, Run, RunEvent, RunStatus, StepRecord, Task, ToolOutcome};
pub use speech::AgentProvider;
pub use strategy::{ReAct, Strategy, StrategyKind, ToolCalling};
pub use tool::{RegistryError, Tool, ToolError, ToolFn, ToolLimits, ToolRegistry, ToolResult};
