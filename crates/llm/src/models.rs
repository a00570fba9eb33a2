//! Which models there are to ask for.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Context, Error};

/// A model that can be asked for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// The name a request may carry.
    pub id: Arc<str>,
    /// Who offers it.
    pub owned_by: Arc<str>,
    /// When it was made, in Unix seconds, where that is known.
    pub created: Option<u64>,
}

/// Anything that can say which models it answers for.
#[async_trait]
pub trait Models: Send + Sync {
    /// Lists the models, in the order they should be shown.
    ///
    /// # Errors
    /// When the list cannot be had at all.
    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error>;

    /// Lists the models that whoever asks may have: all of them, where nobody knows better.
    ///
    /// # Errors
    /// When the list cannot be had at all.
    async fn list_models_for(&self, context: &Context) -> Result<Vec<ModelInfo>, Error> {
        let _anybody = context;
        self.list_models().await
    }
}
