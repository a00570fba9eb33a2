//! A conversation at the prompt, until whoever types has had enough.

use std::time::Instant;

use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{Config, Editor};
use tokio::runtime::Runtime;

use super::Thread;
use super::api::ChatClient;
use super::line::{self, HELP, Line};
use super::printer::{Stop, print, summary};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

/// The lines typed so far stay in memory: what people ask is nobody's to keep on disk.
type Prompt = Editor<(), MemHistory>;

/// Asks and answers until Ctrl-D or `/quit`.
pub(super) fn hold(
    runtime: &Runtime,
    client: &ChatClient,
    thread: Thread,
    console: &Console,
) -> Result<u8, Failure> {
    let config = Config::builder().auto_add_history(true).build();
    let prompt: Result<Prompt, _> = Editor::with_history(config, MemHistory::new());
    let mut prompt = prompt.map_err(|error| Failure::work(format!("cannot use this terminal: {error}")))?;
    let mut conversation = Conversation { runtime, client, thread, has_begun: false, console };
    conversation.name_session();
    conversation.say(&format!("{} · /help lists the commands, Ctrl-D leaves", client.url()));
    loop {
        match prompt.readline("> ") {
            Ok(line) => {
                if conversation.take(&line)? == Next::Leave {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => conversation.say("Ctrl-D leaves"),
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(Failure::work(format!("cannot read from this terminal: {error}"))),
        }
    }
    conversation.take_leave();
    Ok(exit::OK)
}

#[derive(PartialEq, Eq)]
enum Next {
    Stay,
    Leave,
}

struct Conversation<'a> {
    runtime: &'a Runtime,
    client: &'a ChatClient,
    thread: Thread,
    /// Whether anything has been asked in this session.
    has_begun: bool,
    console: &'a Console,
}

impl Conversation<'_> {
    fn take(&mut self, line: &str) -> Result<Next, Failure> {
        match line::read(line) {
            Line::Empty => {}
            Line::Question(question) => self.ask(question)?,
            Line::New => {
                self.thread.session_id = None;
                self.name_session();
                self.say("a new conversation");
            }
            Line::Session(Some(id)) => {
                self.thread.session_id = Some(id.to_owned());
                self.has_begun = true;
                self.say(&format!("session {id} from here"));
            }
            Line::Session(None) => self.say(self.thread.session_id.as_deref().unwrap_or_default()),
            Line::Agent(Some(name)) => {
                (self.thread.agent, self.thread.model) = (Some(name.to_owned()), None);
                self.say(&format!("agent {name} from here; /model NAME leaves it"));
            }
            Line::Agent(None) => {
                self.say(self.thread.agent.as_deref().unwrap_or("no agent: the model alone"))
            }
            Line::Model(Some(name)) => {
                (self.thread.model, self.thread.agent) = (Some(name.to_owned()), None);
                self.say(&format!("model {name} from here"));
            }
            Line::Model(None) => {
                self.say(self.thread.model.as_deref().unwrap_or("the server's default model"))
            }
            Line::Help => self.say(HELP),
            Line::Quit => return Ok(Next::Leave),
            Line::Unknown(line) => {
                self.say(&format!("there is no command '{line}'; /help lists them, //... asks it as it is"))
            }
        }
        Ok(Next::Stay)
    }

    /// Gives a new session its name here, so that it goes on even if its first answer is stopped.
    fn name_session(&mut self) {
        self.has_begun = self.thread.session_id.is_some();
        self.thread.session_id.get_or_insert_with(|| uuid::Uuid::now_v7().to_string());
    }

    /// Asks, and writes the answer until it ends or Ctrl-C does.
    fn ask(&mut self, question: &str) -> Result<(), Failure> {
        let started = Instant::now();
        self.has_begun = true;
        let (client, thread, console) = (self.client, &self.thread, self.console);
        let outcome = self.runtime.block_on(async {
            let answered = async {
                let mut answer = client.ask(thread, question).await?;
                print(&mut answer, console).await
            };
            tokio::select! {
                outcome = answered => Some(outcome),
                _ = tokio::signal::ctrl_c() => None,
            }
        });
        match outcome {
            Some(Ok(done)) => {
                self.say(&summary(&done, started));
                self.thread.session_id = Some(done.session_id);
            }
            Some(Err(Stop::Chat(error))) => {
                console.remark(&format!("{}: {error}", console.err.error("error")))
            }
            Some(Err(Stop::Output(failure))) => return Err(failure),
            None => self.say("\nstopped"),
        }
        Ok(())
    }

    /// Says something that is not part of the conversation.
    fn say(&self, text: &str) {
        self.console.remark(&self.console.err.dim(text));
    }

    fn take_leave(&self) {
        if let Some(id) = self.thread.session_id.as_ref().filter(|_| self.has_begun) {
            self.say(&format!("to go on later: playhouse chat --session {id}"));
        }
    }
}
