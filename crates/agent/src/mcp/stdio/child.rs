//! The process of a server: started apart, ended for certain.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::tail::Tail;
use crate::mcp::endpoint::Launch;
use crate::mcp::redact;

/// How long a process may take to end after each way of asking it to.
const GRACE: Duration = Duration::from_secs(1);
/// How long its end, and the end of what it wrote, may come after the end of its output.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A process, with all that it started itself.
///
/// Dropped, it is killed at once; whoever can wait calls [`end`](Self::end).
pub(super) struct Child {
    process: tokio::process::Child,
    /// Its group, until that was killed after its end.
    group: Option<Pid>,
    draining: AbortHandle,
    drained: watch::Receiver<()>,
}

/// What a process wrote to its standard error, without its secrets.
#[derive(Clone)]
pub(in crate::mcp) struct Words {
    tail: Arc<Mutex<Tail>>,
    secrets: Vec<SecretString>,
}

/// A process that was just started, and what it is spoken to over.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) input: ChildStdin,
    pub(super) output: ChildStdout,
    pub(super) words: Words,
}

/// Starts a program in a group of its own, with nothing of our environment but what it is given.
pub(super) fn start(launch: &Launch) -> io::Result<Started> {
    let mut process = Command::new(&launch.program)
        .args(&launch.args)
        .env_clear()
        .envs(launch.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let group = process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
    let (Some(input), Some(output), Some(errors)) = pipes else {
        return Err(io::Error::other("its standard input and output are not to be had"));
    };
    let words = Words { tail: Arc::default(), secrets: launch.secrets.clone() };
    let (ended, drained) = watch::channel(());
    let draining = tokio::spawn(drain(errors, words.tail.clone(), ended)).abort_handle();
    Ok(Started { child: Child { process, group, draining, drained }, input, output, words })
}

/// Reads to the end, so that the process is never held up by what nobody reads.
async fn drain(mut errors: impl AsyncRead + Unpin, tail: Arc<Mutex<Tail>>, _ended: watch::Sender<()>) {
    let mut buffer = vec![0; 8 << 10];
    while let Ok(read @ 1..) = errors.read(&mut buffer).await {
        tail.lock().unwrap_or_else(PoisonError::into_inner).push(&buffer[..read]);
    }
}

impl Words {
    /// The last lines, to stand after a reason; empty if there are none.
    pub(in crate::mcp) fn appendix(&self) -> String {
        let lines = self.tail.lock().unwrap_or_else(PoisonError::into_inner).lines();
        if lines.is_empty() {
            return String::new();
        }
        let lines = redact::without(&lines.join("\n  "), &self.secrets);
        format!("; it wrote last:\n  {lines}")
    }

    /// A text of the process without its secrets.
    pub(super) fn clean(&self, text: &str) -> String {
        redact::without(text, &self.secrets)
    }
}

impl Child {
    /// Why the output has ended: waits a little for the end of the process and of what it writes.
    pub(super) async fn end_reason(&mut self) -> String {
        let status = timeout(LAST_WORDS, self.process.wait()).await;
        // It fails when the other end is gone, which is what is waited for.
        let _ = timeout(LAST_WORDS, self.drained.changed()).await;
        match status {
            Ok(Ok(status)) => format!("its process ended ({status})"),
            _ => "it closed its output".to_owned(),
        }
    }

    /// Kills the process and all that it started, without waiting.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::KILL);
        // The group is not ours any more once its first process is gone for certain.
        if matches!(self.process.try_wait(), Ok(Some(_))) {
            self.group = None;
        }
    }

    /// Ends a process whose input was closed: waits, asks, kills. It is gone when this returns.
    pub(super) async fn end(&mut self) {
        for signal in [Signal::TERM, Signal::KILL] {
            if self.wait().await.is_some() {
                break;
            }
            self.signal(signal);
        }
        let _ = self.wait().await;
        self.kill();
    }

    async fn wait(&mut self) -> Option<ExitStatus> {
        timeout(GRACE, self.process.wait()).await.ok()?.ok()
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // A group that is gone needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        self.draining.abort();
    }
}
