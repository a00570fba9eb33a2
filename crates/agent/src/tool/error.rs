//! What can go wrong with tools.

/// A tool could not do what it was asked; the message is for the model to read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ToolError(String);

impl ToolError {
    /// A failure with what a model needs to know of it.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// A tool cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The name is not one that vendors take.
    #[error("'{0}' is no name for a tool: it takes 1 to 64 letters, digits, '_' and '-'")]
    BadName(String),
    /// The name is taken.
    #[error("there are two tools named '{0}'; give one of them another name")]
    Duplicate(String),
    /// The schema is none.
    #[error("the input schema of the tool '{tool}' cannot be used: {reason}")]
    BadSchema {
        /// The tool.
        tool: String,
        /// What is wrong with it.
        reason: String,
    },
}
