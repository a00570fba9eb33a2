//! What a step costs of our own time, and that tools run at the same time.
//!
//! `cargo run --release --package playhouse-agent --example step_cost`: runs of ten steps over a provider and
//! a tool in process, and a step of ten tools that each wait 100 ms. Prints one JSON object.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use playhouse_agent::{RunStatus, ToolCallingAgent, ToolFn, ToolRegistry};
use playhouse_llm::{
    Choice, Error, Event, EventStream, Extra, FinishReason, Message, Part, Provider, Reply, Request, Role,
    ToolCall,
};
use schemars::JsonSchema;
use serde::Deserialize;

const STEPS: u32 = 10;
const RUNS: u32 = 2_000;
const ROUNDS: u32 = 7;

/// Calls a tool until it has done so often enough, and answers then.
struct Model {
    tool: &'static str,
    steps: u32,
    calls: usize,
}

#[async_trait]
impl Provider for Model {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let messages = &request.prompt()?.messages;
        let said = messages.iter().filter(|message| message.role == Role::Assistant).count();
        let reply = if said + 1 < self.steps as usize { self.call(said) } else { Reply::text("Done.") };
        Ok(Box::pin(futures_util::stream::iter([Ok(Event::reply(reply))])))
    }
}

impl Model {
    fn call(&self, step: usize) -> Reply {
        let calls = (0..self.calls).map(|place| {
            Part::ToolCall(ToolCall {
                id: format!("call_{step}_{place}"),
                name: self.tool.to_owned(),
                arguments: format!(r#"{{"number": {}}}"#, step * 100 + place),
                extra: Extra::new(),
            })
        });
        let mut message = Message::assistant("");
        message.parts = calls.collect();
        let choice = Choice { index: 0, message, finish: Some(FinishReason::ToolCalls), extra: Extra::new() };
        Reply { choices: vec![choice], ..Reply::default() }
    }
}

#[derive(Deserialize, JsonSchema)]
struct Number {
    number: u64,
}

async fn twice(Number { number }: Number) -> Result<u64, Infallible> {
    Ok(number * 2)
}

async fn wait(Number { number }: Number) -> Result<u64, Infallible> {
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(number)
}

fn tools() -> Arc<ToolRegistry> {
    let twice = ToolFn::new("twice", "Doubles a number.", twice);
    let tools = ToolRegistry::new().with(twice);
    let tools = tools.and_then(|tools| tools.with(ToolFn::new("wait", "Waits.", wait)));
    Arc::new(tools.unwrap_or_else(|error| panic!("{error}")))
}

/// The time of one step, in microseconds.
async fn step_us(tools: &Arc<ToolRegistry>) -> f64 {
    let agent = ToolCallingAgent::new(tools.clone()).max_steps(STEPS);
    let model = Model { tool: "twice", steps: STEPS, calls: 1 };
    let started = Instant::now();
    for _ in 0..RUNS {
        let run = agent.run("Go on.", &model).await;
        assert_eq!((run.status, run.steps.len()), (RunStatus::Completed, STEPS as usize));
    }
    started.elapsed().as_secs_f64() * 1e6 / f64::from(RUNS * STEPS)
}

/// The time of a step of ten tools, in milliseconds.
async fn parallel_ms(tools: &Arc<ToolRegistry>) -> f64 {
    let agent = ToolCallingAgent::new(tools.clone());
    let started = Instant::now();
    let run = agent.run("Go on.", &Model { tool: "wait", steps: 2, calls: 10 }).await;
    assert_eq!(run.steps[0].outcomes.len(), 10);
    started.elapsed().as_secs_f64() * 1e3
}

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
    runtime.block_on(async {
        let tools = tools();
        step_us(&tools).await;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(step_us(&tools).await);
        }
        rounds.sort_by(f64::total_cmp);
        let median = rounds[rounds.len() / 2];
        let parallel_ms = parallel_ms(&tools).await;
        println!(r#"{{"step_us": {median:.2}, "parallel_ms": {parallel_ms:.1}}}"#);
    });
}
