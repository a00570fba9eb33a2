//! A server that is a process of ours: messages are lines of its standard input and output.

mod child;
mod lines;
mod tail;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{Mutex, watch};
use tokio::time::{sleep, timeout};

use self::child::Child;
pub(super) use self::child::Words;
use self::lines::{LineFailure, Lines};
use super::endpoint::Launch;
use super::life::Life;

/// Lines in a row that may be no messages before the process is taken for something else than a server.
const MAX_NOISE: u32 = 1_000;
/// How much of such a line is shown, in bytes.
const MAX_EXCERPT: usize = 200;
/// How long a process may take to read one message. One that reads none is taken for dead.
const READS_WITHIN: Duration = Duration::from_secs(30);

/// How long the end of the output may come after the end of the input. It says more.
const END_WITHIN: Duration = Duration::from_secs(2);

/// The transport to a process.
pub(super) struct Stdio {
    child: Child,
    input: Arc<Mutex<Option<ChildStdin>>>,
    /// Whether something could not be written.
    is_input_closed: watch::Sender<bool>,
    output: Lines<ChildStdout>,
    words: Words,
    max_message_bytes: usize,
    life: Arc<Life>,
    /// Lines in a row that were no messages.
    noise: u32,
}

impl Stdio {
    /// Starts the program.
    ///
    /// # Errors
    /// Why it cannot be started, and what to do.
    pub(super) fn start(
        launch: &Launch,
        max_message_bytes: usize,
        life: Arc<Life>,
    ) -> Result<(Self, Words), String> {
        let started = child::start(launch).map_err(|error| cannot_start(&launch.program, &error))?;
        let stdio = Self {
            child: started.child,
            input: Arc::new(Mutex::new(Some(started.input))),
            is_input_closed: watch::Sender::new(false),
            output: Lines::new(started.output, max_message_bytes),
            words: started.words.clone(),
            max_message_bytes,
            life,
            noise: 0,
        };
        Ok((stdio, started.words))
    }

    /// Ends the process without waiting.
    pub(super) fn stop(&mut self) {
        self.child.kill();
    }

    /// The next line, or why there is none. Dropped halfway, it loses nothing.
    async fn next_line(&mut self) -> Result<Vec<u8>, String> {
        let closed = input_end(self.is_input_closed.subscribe());
        let line = async {
            match self.output.next().await {
                Ok(Some(line)) => Ok(line),
                Ok(None) => Err(self.child.end_reason().await),
                Err(LineFailure::TooLong) => {
                    Err(format!("it sent a message of more than {} bytes", self.max_message_bytes))
                }
                Err(LineFailure::Io(error)) => Err(format!("its output cannot be read: {error}")),
            }
        };
        tokio::select! {
            biased;
            line = line => line,
            () = closed => Err("it closed its input".to_owned()),
        }
    }

    /// The message in a line. What is none is passed over, as far as it goes.
    fn message(&mut self, line: &[u8]) -> Result<Option<RxJsonRpcMessage<RoleClient>>, String> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Ok(None);
        }
        if let Ok(message) = serde_json::from_slice(line) {
            self.noise = 0;
            return Ok(Some(message));
        }
        self.noise += 1;
        if self.noise == 1 || self.noise == MAX_NOISE {
            let found = format!("its output contains what is no message: {}", self.excerpt(line));
            if self.noise == MAX_NOISE {
                return Err(found);
            }
            self.life.remark(found);
        }
        Ok(None)
    }

    fn excerpt(&self, line: &[u8]) -> String {
        let start = String::from_utf8_lossy(&line[..line.len().min(MAX_EXCERPT)]);
        format!("{:?}", self.words.clean(&start))
    }
}

impl Transport<RoleClient> for Stdio {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let input = self.input.clone();
        let is_input_closed = self.is_input_closed.clone();
        let life = self.life.clone();
        async move {
            let mut line = serde_json::to_vec(&item)?;
            line.push(b'\n');
            match timeout(READS_WITHIN, write(&input, &line)).await {
                Ok(Ok(())) => {}
                // Its output will tell why.
                Ok(Err(_)) => drop(is_input_closed.send_replace(true)),
                // What was cut in the middle cannot be followed by anything.
                Err(_elapsed) => life.end("it does not read what it is sent"),
            }
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let line = self.next_line().await;
            match line.and_then(|line| self.message(&line)) {
                Ok(Some(message)) => return Some(message),
                Ok(None) => {}
                Err(reason) => {
                    self.life.end(reason);
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        // Whoever writes to a process that does not read holds the lock.
        if let Ok(mut input) = self.input.try_lock() {
            input.take();
        }
        self.child.end().await;
        Ok(())
    }
}

/// Waits for the end of the input, and a little longer.
async fn input_end(mut is_closed: watch::Receiver<bool>) {
    if is_closed.wait_for(|is_closed| *is_closed).await.is_err() {
        std::future::pending::<()>().await;
    }
    sleep(END_WITHIN).await;
}

async fn write(input: &Mutex<Option<ChildStdin>>, line: &[u8]) -> io::Result<()> {
    match &mut *input.lock().await {
        Some(input) => {
            input.write_all(line).await?;
            input.flush().await
        }
        None => Err(io::ErrorKind::NotConnected.into()),
    }
}

fn cannot_start(program: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no program '{program}'; install it, or give `command` its whole path")
        }
        io::ErrorKind::PermissionDenied => format!("the program '{program}' may not be run: {error}"),
        _ => format!("the program '{program}' cannot be run: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{ClientRequest, JsonRpcMessage, PingRequest, RequestId};

    use super::*;

    #[tokio::test]
    async fn a_process_that_closed_its_input_and_lives_on_is_taken_for_dead() {
        let script = "exec 0<&-; echo closed; sleep 1000";
        let launch = Launch {
            program: "/bin/sh".to_owned(),
            args: vec!["-c".to_owned(), script.to_owned()],
            environment: vec![("PATH".to_owned(), "/usr/bin:/bin".into())],
            secrets: Vec::new(),
        };
        let life = Arc::new(Life::default());
        let (mut stdio, _words) = Stdio::start(&launch, 1_000, life.clone()).unwrap();
        assert_eq!(stdio.next_line().await.unwrap(), b"closed\n");
        let ping = ClientRequest::PingRequest(PingRequest::default());
        stdio.send(JsonRpcMessage::request(ping, RequestId::Number(1))).await.unwrap();
        assert!(stdio.receive().await.is_none());
        assert_eq!(life.end_reason().as_deref(), Some("it closed its input"));
    }
}
