//! Strategies: how a model is told of tools, and how what it says is understood.

mod react;
mod tool_calling;

use playhouse_llm::{Message, Prompt, ToolCall, ToolSpec};
use serde::{Deserialize, Serialize};

pub use react::ReAct;
pub use tool_calling::ToolCalling;

use crate::tool::ToolResult;

/// How a model is told of tools, and how what it says is understood. Pure: no IO, no state.
pub trait Strategy: Send + Sync {
    /// Tells the model of the tools, and how to call them.
    fn prepare(&self, prompt: &mut Prompt, tools: &[ToolSpec]);

    /// Understands what the model said in this step (counted from 1).
    fn read(&self, said: &Message, step: u32, tools: &[ToolSpec]) -> Reading;

    /// What the model is told of the results of its calls, in their order.
    fn results(&self, calls: &[ToolCall], results: &[ToolResult]) -> Vec<Message>;

    /// What the model is told when it could not be understood.
    fn correction(&self, problem: &str, tools: &[ToolSpec]) -> Message;

    /// A tap that lets through what the user may see of a reply while it comes.
    fn tap(&self) -> Box<dyn Tap>;
}

/// What the model said, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What stays of it in the conversation.
    pub said: Message,
    /// What it thought aloud.
    pub thought: Option<String>,
    /// What it wants.
    pub wish: Wish,
}

/// What a model wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// To answer the user.
    Answer(String),
    /// To have these tools called.
    Call(Vec<ToolCall>),
    /// Nobody knows: what was wrong with what it said.
    Unclear(String),
}

/// Lets through what the user may see of a reply while it comes in pieces.
///
/// All that it lets through is a beginning of what the user sees in the end.
pub trait Tap: Send {
    /// Takes in more of the reply's text; gives what of it the user may see now.
    fn pass(&mut self, text: &str) -> String;
}

/// The strategies by name, where the choice is made by configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrategyKind {
    /// The vendor's own tool calls.
    #[default]
    ToolCalling,
    /// Text that follows a form: thought, action, observation, answer.
    React,
}

impl StrategyKind {
    /// The name in configuration and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToolCalling => "tool_calling",
            Self::React => "react",
        }
    }

    fn strategy(self) -> &'static dyn Strategy {
        match self {
            Self::ToolCalling => &ToolCalling,
            Self::React => &ReAct,
        }
    }
}

impl Strategy for StrategyKind {
    fn prepare(&self, prompt: &mut Prompt, tools: &[ToolSpec]) {
        self.strategy().prepare(prompt, tools);
    }

    fn read(&self, said: &Message, step: u32, tools: &[ToolSpec]) -> Reading {
        self.strategy().read(said, step, tools)
    }

    fn results(&self, calls: &[ToolCall], results: &[ToolResult]) -> Vec<Message> {
        self.strategy().results(calls, results)
    }

    fn correction(&self, problem: &str, tools: &[ToolSpec]) -> Message {
        self.strategy().correction(problem, tools)
    }

    fn tap(&self) -> Box<dyn Tap> {
        self.strategy().tap()
    }
}
