//! Asking the next deployment when one cannot answer.

use std::sync::Arc;

use async_trait::async_trait;
use playhouse_llm::{Error, ErrorKind, EventStream, Provider, Request};

/// A model at a provider: one place that can serve a request.
#[derive(Clone)]
pub struct Deployment {
    /// Who serves it.
    pub provider: Arc<dyn Provider>,
    /// What the model is called there.
    pub model: Arc<str>,
}

/// A chain of deployments; each is asked when the one before could not begin an answer.
pub struct Fallback {
    chain: Vec<Deployment>,
}

impl Fallback {
    /// A chain in the order in which it is asked.
    pub fn new(chain: Vec<Deployment>) -> Self {
        Self { chain }
    }
}

#[async_trait]
impl Provider for Fallback {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let mut failure = Error::new(ErrorKind::Internal, "a chain without deployments was asked");
        for deployment in &self.chain {
            match deployment.provider.chat(request.for_model(deployment.model.clone())).await {
                Ok(events) => return Ok(events),
                Err(error) if helps(&error) => failure = error,
                Err(error) => return Err(error),
            }
        }
        Err(failure)
    }
}

/// Whether another deployment may answer what this one would not.
///
/// A wrong key, a missing right or an unknown model is one deployment's trouble; a wrong request
/// is wrong everywhere.
fn helps(error: &Error) -> bool {
    let own_trouble =
        matches!(error.kind, ErrorKind::Unauthenticated | ErrorKind::PermissionDenied | ErrorKind::NotFound);
    error.is_retryable() || (own_trouble && error.upstream.is_some())
}
