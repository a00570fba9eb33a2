//! What a run does next. No IO, no clock: it is told what happened, and says what is to be done.

use playhouse_llm::{Message, Prompt, ToolCall, ToolSpec};

use super::repetition::Repetition;
use super::{Bounds, Ending, RunStatus, StepRecord};
use crate::strategy::{Reading, Strategy, StrategyKind, Wish};
use crate::tool::ToolResult;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Ask the model what [`Machine::prompt`] holds, and tell with [`Machine::take_reply`].
    CallModel,
    /// Run these tools, and tell with [`Machine::take_results`].
    CallTools(Vec<ToolCall>),
    /// Nothing: it has ended.
    Done(Ending),
}

/// A run as a state machine: call the model → call tools → done.
///
/// ```
/// use playhouse_agent::run::{Action, Bounds, Machine, StepRecord};
/// use playhouse_agent::StrategyKind;
/// use playhouse_llm::{Message, Prompt};
///
/// let prompt = Prompt::new(vec![Message::user("What is 2+2?")]);
/// let mut machine = Machine::new(StrategyKind::ToolCalling, prompt, Vec::new(), Bounds::default());
/// assert_eq!(machine.action(), &Action::CallModel);
///
/// machine.take_reply(Message::assistant("4"), Default::default());
/// let Action::Done(ending) = machine.action() else { panic!("it has been answered") };
/// assert_eq!(ending.answer.as_deref(), Some("4"));
/// ```
#[derive(Clone, Debug)]
pub struct Machine {
    strategy: StrategyKind,
    bounds: Bounds,
    tools: Vec<ToolSpec>,
    prompt: Prompt,
    action: Action,
    spent: Spent,
    repetition: Repetition,
    unclear: u32,
    /// The last thing that was said or found out, for a run that ends without an answer.
    best: Option<String>,
    /// Calls of the step that go beyond what one step may ask for.
    excess: Vec<ToolCall>,
}

/// What a model's reply took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// How many steps.
    pub steps: u32,
    /// How many tokens.
    pub tokens: u64,
    /// How much money, as far as prices are known.
    pub cost_usd: f64,
}

impl Spent {
    /// What a step took that is on record.
    fn of(record: &StepRecord) -> Self {
        Self {
            steps: 1,
            tokens: record.usage.as_ref().map_or(0, |usage| usage.total_tokens),
            cost_usd: record.cost_usd.unwrap_or_default(),
        }
    }
}

/// What the machine made of a reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// What the model thought aloud.
    pub thought: Option<String>,
    /// The tools it wants.
    pub calls: Vec<ToolCall>,
}

impl Machine {
    /// A run that begins with this conversation.
    pub fn new(strategy: StrategyKind, mut prompt: Prompt, tools: Vec<ToolSpec>, bounds: Bounds) -> Self {
        strategy.prepare(&mut prompt, &tools);
        Self {
            strategy,
            bounds,
            tools,
            prompt,
            action: Action::CallModel,
            spent: Spent::default(),
            repetition: Repetition::default(),
            unclear: 0,
            best: None,
            excess: Vec::new(),
        }
    }

    /// Goes through steps that were taken before; says whether the last one's tools have not all
    /// answered, so that the rest of them is to run.
    pub fn replay(&mut self, steps: &[StepRecord]) -> bool {
        for record in steps {
            self.take_reply(record.said.clone(), Spent::of(record));
            let Action::CallTools(calls) = &self.action else { continue };
            let result_of = |call: &ToolCall| {
                let known = record.outcomes.iter().find(|known| known.call_id == call.id);
                known.map(|known| known.result.clone())
            };
            match calls.iter().map(result_of).collect::<Option<Vec<_>>>() {
                Some(results) => self.take_results(&results),
                None => return true,
            }
        }
        false
    }

    /// What is to be done next.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// What the model is to be asked.
    pub fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    /// What the run has taken so far.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// The number of the step that the run is at, from 1.
    pub fn step(&self) -> u32 {
        match self.action {
            Action::CallModel => self.spent.steps + 1,
            _ => self.spent.steps,
        }
    }

    /// Takes in what the model said, and what that took.
    pub fn take_reply(&mut self, said: Message, spent: Spent) -> Taken {
        self.spent.steps += 1;
        self.spent.tokens += spent.tokens;
        self.spent.cost_usd += spent.cost_usd;
        let Reading { said, thought, wish } = self.strategy.read(&said, self.spent.steps, &self.tools);
        self.best = thought.clone().or(self.best.take());
        let calls = match &wish {
            Wish::Call(calls) => calls.clone(),
            _ => Vec::new(),
        };
        self.action = self.follow(said, wish);
        Taken { thought, calls }
    }

    /// Takes in the results of the tools, in the order of their calls.
    pub fn take_results(&mut self, results: &[ToolResult]) {
        let Action::CallTools(mut calls) = std::mem::replace(&mut self.action, Action::CallModel) else {
            return;
        };
        let found = results.iter().rev().find(|result| result.success).map(|result| result.output.clone());
        self.best = found.or(self.best.take());
        let mut results = results.to_vec();
        results.extend(self.excess.iter().map(|_| self.too_many()));
        calls.append(&mut self.excess);
        self.prompt.messages.extend(self.strategy.results(&calls, &results));
    }

    /// What would be made of this reply if it were whole.
    pub fn read(&self, said: &Message) -> Reading {
        self.strategy.read(said, self.step(), &self.tools)
    }

    /// The answer, once there is a whole one.
    pub fn answer(&self) -> Option<&str> {
        match &self.action {
            Action::Done(Ending { status: RunStatus::Completed, answer, .. }) => answer.as_deref(),
            _ => None,
        }
    }

    /// Takes note of an answer that has begun and will not be whole.
    pub fn hear_part(&mut self, part: &str) {
        if !part.is_empty() {
            self.best = Some(part.to_owned());
        }
    }

    /// Ends the run although it has no answer.
    pub fn end(&mut self, status: RunStatus, reason: impl Into<String>) {
        self.action = self.ended(status, reason.into());
    }

    fn follow(&mut self, said: Message, wish: Wish) -> Action {
        let was_unclear = std::mem::take(&mut self.unclear);
        match wish {
            Wish::Answer(answer) => {
                self.prompt.messages.push(said);
                Action::Done(Ending { status: RunStatus::Completed, answer: Some(answer), reason: None })
            }
            Wish::Unclear(problem) => {
                self.unclear = was_unclear + 1;
                self.ask_again(said, &problem)
            }
            Wish::Call(calls) => self.call(said, calls),
        }
    }

    fn ask_again(&mut self, said: Message, problem: &str) -> Action {
        if self.best.is_none() {
            self.best = Some(said.text()).filter(|text| !text.is_empty());
        }
        if self.unclear >= self.bounds.max_unclear_replies {
            let reason =
                format!("the model could not be understood {} times in a row: {problem}", self.unclear);
            return self.ended(RunStatus::Unclear, reason);
        }
        if let Some(end) = self.at_a_bound() {
            return end;
        }
        // Vendors refuse a message without content.
        self.prompt.messages.extend(Some(said).filter(|said| !said.text().is_empty()));
        self.prompt.messages.push(self.strategy.correction(problem, &self.tools));
        Action::CallModel
    }

    fn call(&mut self, said: Message, mut calls: Vec<ToolCall>) -> Action {
        if let Some(call) = self.repetition.count(&calls, self.bounds.max_repeated_calls) {
            let (tool, max) = (&call.name, self.bounds.max_repeated_calls);
            let reason =
                format!("the tool '{tool}' was called with the same arguments more than {max} times");
            return self.ended(RunStatus::RepeatedCalls, reason);
        }
        if let Some(end) = self.at_a_bound() {
            return end;
        }
        self.excess = calls.split_off(calls.len().min(self.bounds.max_calls_per_step));
        self.prompt.messages.push(said);
        Action::CallTools(calls)
    }

    /// The end, if the model may not be asked once more: then tools need not run any more either.
    fn at_a_bound(&self) -> Option<Action> {
        let (spent, bounds) = (&self.spent, &self.bounds);
        let (status, reason) = if spent.steps >= bounds.max_steps {
            (RunStatus::StepLimit, format!("{} steps were not enough", spent.steps))
        } else if bounds.max_tokens > 0 && spent.tokens >= bounds.max_tokens {
            let (used, max) = (spent.tokens, bounds.max_tokens);
            (RunStatus::TokenLimit, format!("{used} tokens were used, {max} are allowed"))
        } else if bounds.max_cost_usd > 0.0 && spent.cost_usd >= bounds.max_cost_usd {
            let (used, max) = (spent.cost_usd, bounds.max_cost_usd);
            (RunStatus::CostLimit, format!("{used:.6} US dollars were spent, {max} are allowed"))
        } else {
            return None;
        };
        Some(self.ended(status, reason))
    }

    fn ended(&self, status: RunStatus, reason: String) -> Action {
        Action::Done(Ending { status, answer: self.best.clone(), reason: Some(reason) })
    }

    fn too_many(&self) -> ToolResult {
        let max = self.bounds.max_calls_per_step;
        ToolResult::failure(format!("not run: at most {max} tools can be called in one step"))
    }
}
