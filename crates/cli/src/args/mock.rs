//! Flags of `mock`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use playhouse_mock::script::{Chaos, Strictness};

pub(super) const HELP: &str = "\
Without a script every request is answered with what its user said last. With scripts, the first
rule that matches answers, and a request that no rule matches is refused with the reason. Requests
that a real vendor would refuse are refused the same way.

Examples:
  playhouse mock                                   echo
  playhouse mock script.yaml                       follow a script; it is reloaded when it changes
  playhouse mock scripts/ --fast --log-format text
  playhouse mock --chaos rate=0.1,seed=42          one request in ten meets a fault
  playhouse mock --schema > script.schema.json     for editors

Point any client at it:
  OPENAI_BASE_URL=http://127.0.0.1:4010/v1 OPENAI_API_KEY=sk-test-mytest pytest";

/// Flags of `mock`.
#[derive(ClapArgs, Debug)]
pub struct MockArgs {
    /// Scripts: files (YAML, JSON, TOML), or folders of them
    #[arg(value_name = "SCRIPT")]
    pub scripts: Vec<PathBuf>,
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4010")]
    pub listen: String,
    /// What happens to requests that a real vendor would refuse
    #[arg(long, value_enum, value_name = "HOW", default_value = "on", num_args = 0..=1, default_missing_value = "on", require_equals = true)]
    pub strict: StrictName,
    /// Wait for nothing: answers come at once, whatever their pace
    #[arg(long)]
    pub fast: bool,
    /// Faults over everything: rate=0.1,seed=42,faults=429+cut
    #[arg(long, value_name = "SETTINGS", value_parser = chaos)]
    pub chaos: Option<Chaos>,
    /// What everything that is drawn is drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub seed: u64,
    /// Leave scripts as they were read, whatever becomes of the files
    #[arg(long)]
    pub no_reload: bool,
    /// End when standard input does: with the program that started it, however that ends
    #[arg(long)]
    pub until_stdin_ends: bool,
    /// How logs look: json, or text for people [env: LOG_FORMAT] [default: json]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// The least level to log: error, warn, info, debug or trace [env: LOG_LEVEL] [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// Print the JSON Schema of scripts, and do nothing else
    #[arg(long)]
    pub schema: bool,
}

/// What happens to requests that a real vendor would refuse.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StrictName {
    /// They are refused the same way
    On,
    /// They are answered, and reported
    Warn,
    /// Nobody looks
    Off,
}

impl From<StrictName> for Strictness {
    fn from(name: StrictName) -> Self {
        match name {
            StrictName::On => Self::On,
            StrictName::Warn => Self::Warn,
            StrictName::Off => Self::Off,
        }
    }
}

fn chaos(text: &str) -> Result<Chaos, String> {
    text.parse::<Chaos>().map_err(|error| error.to_string())
}
