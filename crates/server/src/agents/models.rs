//! Agents as models: `agent:<name>` on every protocol.

use std::sync::Arc;

use async_trait::async_trait;
use playhouse_agent::speech;
use playhouse_llm::{
    BoxAnswer, Context, CountTokens, Error, EventStream, Malformed, ModelInfo, Models, Operation, Provider,
    Request, TokenCount,
};
use playhouse_provider::Estimate;

use super::desk::{Assignment, RunDesk};
use super::roster::MODEL_PREFIX;
use crate::keys::gate::Gate;
use crate::turns::NotBegun;

const NO_EMBEDDINGS: &str = "agents answer in words and have no embeddings; ask for those of a model";

/// Answers for agents itself, and has everybody else answered as before.
pub(crate) struct WithAgents {
    pub(crate) desk: Arc<RunDesk>,
    pub(crate) models: Arc<dyn Models>,
    pub(crate) counter: Arc<dyn CountTokens>,
    pub(crate) gate: Gate,
}

// Written out rather than as an `async fn`: passing on needs no future of its own.
impl Provider for WithAgents {
    fn chat<'life, 'future>(&'life self, request: Request) -> BoxAnswer<'future>
    where
        'life: 'future,
        Self: 'future,
    {
        match request.model.strip_prefix(MODEL_PREFIX) {
            Some(_) => Box::pin(self.run(request)),
            None => self.desk.provider.chat(request),
        }
    }
}

impl WithAgents {
    async fn run(&self, request: Request) -> Result<EventStream, Error> {
        let name = request.model.strip_prefix(MODEL_PREFIX).unwrap_or_default();
        let agent = self.desk.roster.get(name)?;
        self.gate.check_model(&request.context, &agent.model).await?;
        if request.operation() == Operation::Embeddings {
            return Err(Error::invalid_request(Malformed::at("model", NO_EMBEDDINGS)));
        }
        let prompt = speech::prompt_of(&request)?;
        let (stream, context) = (request.stream, request.context.clone());
        let run = self
            .desk
            .start(Assignment {
                model: agent.model.clone(),
                agent,
                prompt,
                stream,
                context,
                idempotency: None,
            })
            .await
            .map_err(NotBegun::into_error)?;
        speech::answer(run.into_stream(), request.model, stream).await
    }
}

#[async_trait]
impl CountTokens for WithAgents {
    /// What an agent's instructions add is not counted.
    async fn count_tokens(&self, request: Request) -> Result<TokenCount, Error> {
        match request.model.strip_prefix(MODEL_PREFIX) {
            Some(name) => {
                let agent = self.desk.roster.get(name)?;
                self.gate.check_model(&request.context, &agent.model).await?;
                Estimate.count_tokens(request).await
            }
            None => {
                self.gate.check_model(&request.context, &request.model).await?;
                self.counter.count_tokens(request).await
            }
        }
    }
}

#[async_trait]
impl Models for WithAgents {
    /// The agents first.
    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        let agents = self.desk.roster.iter().map(|agent| ModelInfo {
            id: format!("{MODEL_PREFIX}{}", agent.name).into(),
            owned_by: Arc::from("playhouse"),
            created: None,
        });
        let mut models: Vec<ModelInfo> = agents.collect();
        models.extend(self.models.list_models().await?);
        Ok(models)
    }

    /// Those that the request's key may ask: an agent where it may ask the agent's model.
    async fn list_models_for(&self, context: &Context) -> Result<Vec<ModelInfo>, Error> {
        let models = self.list_models().await?;
        let asked = |model: &ModelInfo| {
            let agent = model.id.strip_prefix(MODEL_PREFIX).and_then(|name| self.desk.roster.get(name).ok());
            agent.map_or_else(|| model.id.clone(), |agent| agent.model.clone())
        };
        self.gate.visible(context, models, asked).await
    }
}
