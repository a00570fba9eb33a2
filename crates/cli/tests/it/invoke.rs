//! Runs the binary in an environment of the test's own.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// One run of the binary, to be described and then made.
pub(crate) struct Invocation {
    command: Command,
    input: String,
}

/// What came of a run; displays as a snapshot.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// `playhouse` with these words and an empty environment.
pub(crate) fn playhouse<'a>(words: impl IntoIterator<Item = &'a str>) -> Invocation {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhouse"));
    command.args(words).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::piped());
    Invocation { command, input: String::new() }
}

impl Invocation {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn input(mut self, input: &str) -> Self {
        self.input = input.to_owned();
        self
    }

    pub(crate) fn run(mut self) -> Outcome {
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads no input may have ended already.
        let _ = stdin.write_all(self.input.as_bytes());
        drop(stdin);
        Outcome::from(child.wait_with_output().unwrap())
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "exit code: {}", self.code)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(formatter, "----- {name} -----\n{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}
