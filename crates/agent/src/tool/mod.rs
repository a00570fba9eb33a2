//! Tools: what a model may call.

mod arguments;
mod error;
mod function;
mod limits;
mod registry;
mod result;

use async_trait::async_trait;
use serde_json::Value;
use tokio::time::Instant;

pub use arguments::parse_arguments;
pub use error::{RegistryError, ToolError};
pub use function::ToolFn;
pub(crate) use function::input_schema;
pub use limits::ToolLimits;
pub use registry::ToolRegistry;
pub use result::ToolResult;

/// Something a model can call by name with JSON arguments.
///
/// The description and the schema are written for the model to read. A short way to make one from an
/// async function is [`ToolFn`].
///
/// ```
/// use async_trait::async_trait;
/// use playhouse_agent::{Tool, ToolError, ToolRegistry};
/// use serde_json::{Value, json};
/// use tokio::time::Instant;
///
/// struct Shout {
///     schema: Value,
/// }
///
/// #[async_trait]
/// impl Tool for Shout {
///     fn name(&self) -> &str {
///         "shout"
///     }
///
///     fn description(&self) -> &str {
///         "Says it louder."
///     }
///
///     fn input_schema(&self) -> &Value {
///         &self.schema
///     }
///
///     async fn call(&self, arguments: Value, _deadline: Instant) -> Result<String, ToolError> {
///         Ok(arguments["text"].as_str().unwrap_or_default().to_uppercase())
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]});
/// let tools = ToolRegistry::new().with(Shout { schema }).unwrap();
/// assert_eq!(tools.execute("shout", json!({"text": "hello"})).await.output, "HELLO");
/// assert!(!tools.execute("shout", json!({})).await.success);
/// # });
/// ```
#[async_trait]
pub trait Tool: Send + Sync {
    /// The name the model calls it by: 1 to 64 letters, digits, `_` and `-`.
    fn name(&self) -> &str;

    /// What it does, for the model to read.
    fn description(&self) -> &str;

    /// The JSON Schema of its input, which is an object.
    fn input_schema(&self) -> &Value;

    /// Whether calling it twice does the same as calling it once.
    ///
    /// A run that was cut off by a crash can be resumed only if all of its tools say so.
    fn is_idempotent(&self) -> bool {
        false
    }

    /// Runs it. The arguments satisfy the schema.
    ///
    /// At the deadline the call is dropped; what must not be cut in the middle looks at it beforehand.
    ///
    /// # Errors
    /// What went wrong, in words that help the model to try again.
    async fn call(&self, arguments: Value, deadline: Instant) -> Result<String, ToolError>;
}
