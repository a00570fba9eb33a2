//! `/v1/agents`: which agents there are, and runs of them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use playhouse_agent::StrategyKind;
use playhouse_llm::{Context, Error, Message, Prompt};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Failure, PathId, Who};
use super::idempotency::OnceBody;
use super::run_answer::{self, Wish};
use crate::agents::desk::Assignment;
use crate::agents::roster::ServedAgent;
use crate::app::App;
use crate::config::OnDisconnect;
use crate::ops::docs::{ProblemResponse, ServerSentEvent};

/// A task for an agent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunRequest {
    /// What the agent is to do.
    #[schema(min_length = 1, example = "What is 17 times 23?")]
    input: String,
    /// Whether to tell what happens as it happens, as server-sent events.
    #[serde(default)]
    stream: bool,
    /// What becomes of the run when the client leaves: `continue` or `cancel`; by default what is configured.
    #[schema(value_type = Option<String>, pattern = "^(continue|cancel)$")]
    on_disconnect: Option<OnDisconnect>,
}

/// The agents there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentList {
    /// The agents, in the order of the configuration.
    agents: Vec<AgentView>,
}

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentView {
    /// Its name; on compatible protocols it is the model `agent:<name>`.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// The model it asks.
    model: String,
    /// How the model calls tools: `tool_calling` or `react`.
    #[schema(value_type = String)]
    strategy: StrategyKind,
    /// Whether it can run now, and if not why.
    not_ready: Option<String>,
    /// The tools it has.
    tools: Vec<ToolView>,
    /// How often it asks its model at most.
    max_steps: u32,
}

/// A tool of an agent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolView {
    /// Its name.
    name: String,
    /// What it does.
    description: String,
    /// The JSON Schema of its input.
    #[schema(value_type = Object)]
    input_schema: serde_json::Value,
    /// Whether it may be called twice without harm.
    idempotent: bool,
}

impl AgentView {
    fn of(served: &ServedAgent) -> Self {
        let (tools, not_ready) = match served.agent() {
            Ok(agent) => (agent.tools().iter().map(|tool| ToolView::of(&**tool)).collect(), None),
            Err(error) => (Vec::new(), Some(error.message)),
        };
        Self {
            name: served.name.to_string(),
            description: served.config.description.clone(),
            model: served.model.to_string(),
            strategy: served.config.strategy,
            not_ready,
            tools,
            max_steps: served.config.bounds.max_steps,
        }
    }
}

impl ToolView {
    fn of(tool: &dyn playhouse_agent::Tool) -> Self {
        Self {
            name: tool.name().to_owned(),
            description: tool.description().to_owned(),
            input_schema: tool.input_schema().clone(),
            idempotent: tool.is_idempotent(),
        }
    }
}

/// List the agents.
#[utoipa::path(
    get,
    path = "/v1/agents",
    operation_id = "list_agents",
    tag = "agents",
    responses((status = 200, body = AgentList), (status = "default", response = ProblemResponse)),
)]
pub(crate) async fn list(State(app): State<App>) -> Json<AgentList> {
    let agents = app.runs().roster.iter().map(|served| AgentView::of(served)).collect();
    Json(AgentList { agents })
}

/// Run an agent.
#[utoipa::path(
    post,
    path = "/v1/agents/{name}/runs",
    operation_id = "run_agent",
    tag = "agents",
    params(
        ("name" = String, Path, description = "The agent's name."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body give the same run."),
    ),
    request_body = RunRequest,
    responses(
        (status = 200, description = "The run, ended; with `stream`, events `run`, `delta`, `step`, `usage`, `done`, `error`.",
            content((super::runs::RunView = "application/json"), (ServerSentEvent = "text/event-stream"))),
        (status = "default", response = ProblemResponse),
    ),
)]
pub(crate) async fn run(
    State(app): State<App>,
    Who(identity): Who,
    PathId(name): PathId,
    Extension(context): Extension<Arc<Context>>,
    OnceBody(request, idempotency): OnceBody<RunRequest>,
) -> Result<Response, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    if request.input.trim().is_empty() {
        return Err(refuse(super::unfit("input", "input is empty; say what the agent is to do")));
    }
    let agent = app.runs().roster.get(&name).map_err(refuse)?;
    app.gate().check_model(&context, &agent.model).await.map_err(refuse)?;
    let prompt = Prompt::new(vec![Message::user(request.input)]);
    let model = agent.model.clone();
    let assignment = Assignment { agent, model, prompt, stream: request.stream, context, idempotency };
    let begun = app.runs().start(assignment).await;
    let on_disconnect = request.on_disconnect.unwrap_or_else(|| app.on_disconnect());
    run_answer::answer(&app, begun, Wish { stream: request.stream, on_disconnect }, &identity).await
}
