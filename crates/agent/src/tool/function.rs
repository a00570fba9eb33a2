//! Tools from async functions.

use std::fmt::Display;
use std::marker::PhantomData;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::{Tool, ToolError};

/// A tool made of an async function whose argument says what its input is.
///
/// What the function returns is given to the model as text: a string as it is, anything else as JSON.
///
/// ```
/// use playhouse_agent::{ToolFn, ToolRegistry};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
/// use serde_json::json;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct City {
///     /// The city's name.
///     city: String,
/// }
///
/// async fn weather(City { city }: City) -> Result<String, std::io::Error> {
///     Ok(format!("It is sunny in {city}."))
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let tool = ToolFn::new("get_weather", "Tells the weather of a city.", weather).idempotent();
/// let tools = ToolRegistry::new().with(tool).unwrap();
/// assert_eq!(tools.execute("get_weather", json!({"city": "Oslo"})).await.output, "It is sunny in Oslo.");
/// # });
/// ```
pub struct ToolFn<F, A> {
    name: String,
    description: String,
    schema: Value,
    idempotent: bool,
    function: F,
    arguments: PhantomData<fn(A)>,
}

impl<F, A, T, E, Answer> ToolFn<F, A>
where
    F: Fn(A) -> Answer + Send + Sync,
    Answer: Future<Output = Result<T, E>> + Send,
    A: DeserializeOwned + JsonSchema,
    T: Serialize,
    E: Display,
{
    /// A tool of this name that calls the function.
    pub fn new(name: impl Into<String>, description: impl Into<String>, function: F) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            schema: input_schema::<A>(),
            idempotent: false,
            function,
            arguments: PhantomData,
        }
    }

    /// The same tool, marked as one that may be called twice without harm.
    #[must_use]
    pub fn idempotent(self) -> Self {
        Self { idempotent: true, ..self }
    }
}

#[async_trait]
impl<F, A, T, E, Answer> Tool for ToolFn<F, A>
where
    F: Fn(A) -> Answer + Send + Sync,
    Answer: Future<Output = Result<T, E>> + Send,
    A: DeserializeOwned + JsonSchema,
    T: Serialize,
    E: Display,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn input_schema(&self) -> &Value {
        &self.schema
    }

    fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    async fn call(&self, arguments: Value, _deadline: Instant) -> Result<String, ToolError> {
        // In a block, so that nothing that cannot be sent is held over the wait.
        let answer = {
            let arguments = serde_json::from_value(arguments)
                .map_err(|error| ToolError::new(format!("the arguments do not fit: {error}")))?;
            (self.function)(arguments)
        };
        text(answer.await.map_err(|error| ToolError::new(error.to_string()))?)
    }
}

fn text(answer: impl Serialize) -> Result<String, ToolError> {
    match serde_json::to_value(answer) {
        Ok(Value::String(text)) => Ok(text),
        Ok(value) => Ok(value.to_string()),
        Err(error) => Err(ToolError::new(format!("the tool's answer cannot be written: {error}"))),
    }
}

/// The schema of a type, without what only its author needs.
pub(crate) fn input_schema<A: JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(A).to_value();
    if let Some(keys) = schema.as_object_mut() {
        keys.shift_remove("$schema");
        keys.shift_remove("title");
    }
    schema
}
