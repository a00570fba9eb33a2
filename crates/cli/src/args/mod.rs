//! What may be typed: the commands and their flags.

mod keys;
mod mock;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use keys::{
    KeyChanges, KeysArgs, KeysCommand, KeysCreate, KeysList, KeysRevoke, KeysShow, KeysSource, KeysUpdate,
    OrNone, PeriodName,
};
pub use mock::{MockArgs, StrictName};

use crate::config::Flags;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "playhouse", version, about = ABOUT, long_about = LONG_ABOUT, after_help = AFTER_HELP, propagate_version = true)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const ABOUT: &str = "Run LLM apps in production, and rehearse them without an LLM. Try `playhouse demo`.";

const LONG_ABOUT: &str = "\
Playhouse runs LLM apps in production: chat sessions, streaming, retries, accounting and metrics \
in front of any OpenAI-compatible provider. It also rehearses them without an LLM: `playhouse demo` \
is the whole server with a test double behind it, and needs no key, no network and no database.

New here? Start with `playhouse demo`.";

const AFTER_HELP: &str = "\
Examples:
  playhouse demo                          try everything, with no key and no network
  OPENAI_API_KEY=sk-... playhouse serve   serve with a real provider
  playhouse chat \"What is a session?\"     ask a running server
  playhouse calls stats --by model        what the models cost
  playhouse mock script.yaml              stand in for the model in tests

Exit codes: 0 done, 1 failed, 2 wrong command line or configuration.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve with the configured providers
    #[command(after_help = SERVE_HELP)]
    Serve(ServeArgs),
    /// Serve with the test double: no key, no network, no database to set up
    #[command(after_help = DEMO_HELP)]
    Demo(ServeArgs),
    /// Stand in for an LLM in tests: scripted, faulted, strict, verifiable
    #[command(after_help = mock::HELP)]
    Mock(MockArgs),
    /// Chat with a running server, in the terminal or in a pipe
    #[command(after_help = CHAT_HELP)]
    Chat(ChatArgs),
    /// Show the call log: which model answered, how fast, at what cost
    #[command(after_help = CALLS_HELP)]
    Calls(CallsArgs),
    /// Make, list, change and revoke API keys, each with the models, limits and budget it has
    #[command(after_help = keys::KEYS_HELP)]
    Keys(KeysArgs),
    /// Check the configuration and print what it comes to, or check scripts of the double
    #[command(after_help = CHECK_HELP)]
    Check(CheckArgs),
    /// Ask a running server whether it is well; made for container health checks
    #[command(after_help = HEALTH_HELP)]
    Health(HealthArgs),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(CompletionsArgs),
}

const SERVE_HELP: &str = "\
The configuration is playhouse.toml, then the environment, then these flags. Every key of the file
is also a variable: `retries` in [upstream] is PLAYHOUSE_UPSTREAM__RETRIES.

Examples:
  OPENAI_API_KEY=sk-... playhouse serve
  OPENAI_API_KEY_FILE=/run/secrets/openai playhouse serve --data-dir /var/lib/playhouse
  PLAYHOUSE_API_KEYS=key-1,key-2 playhouse serve --listen 0.0.0.0:8000";

const DEMO_HELP: &str = "\
The answers are canned; everything else is the real server. Providers and models of the
configuration are left aside.

Examples:
  playhouse demo
  playhouse demo --listen 127.0.0.1:9000 --log-format text
  playhouse chat                          in a second terminal";

const CHECK_HELP: &str = "\
Prints TOML, and for each value the file's line, the variable or the flag that it is from. With a
problem it prints every one of them and exits with 2.

With scripts of `playhouse mock`, it checks those in place of the configuration, and warns of rules
that can never match.

Examples:
  playhouse check
  playhouse check --config staging.toml
  playhouse check script.yaml";

/// Flags of the commands that use the whole configuration.
#[derive(ClapArgs, Debug)]
pub struct ServeArgs {
    /// Flags that set keys of the configuration.
    #[command(flatten)]
    pub flags: Flags,
}

/// Flags of `check`.
#[derive(ClapArgs, Debug)]
pub struct CheckArgs {
    /// Scripts of `playhouse mock` to check in place of the configuration
    #[arg(value_name = "SCRIPT")]
    pub scripts: Vec<PathBuf>,
    /// Flags that set keys of the configuration.
    #[command(flatten)]
    pub flags: Flags,
}

const CHAT_HELP: &str = "\
Within a conversation, /help lists the commands, Ctrl-C stops an answer and Ctrl-D leaves.

Examples:
  playhouse chat
  playhouse chat \"Say hello in French\"
  echo \"Say hello in French\" | playhouse chat
  playhouse chat --session ada --model openai/gpt-4o-mini";

/// Flags of `chat`.
#[derive(ClapArgs, Debug)]
pub struct ChatArgs {
    /// One question; the answer is printed and that is all
    pub message: Option<String>,
    /// The server [env: PLAYHOUSE_URL] [default: http://127.0.0.1:8000]
    #[arg(long)]
    pub url: Option<String>,
    /// The key to show the server; better set by variable [env: PLAYHOUSE_API_KEY]
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<secrecy::SecretString>,
    /// The conversation to go on with [default: a new one]
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// The model to ask [default: the server's]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// The agent to ask; its thoughts and tool calls are shown, dimmed
    #[arg(long, value_name = "NAME", conflicts_with = "model")]
    pub agent: Option<String>,
}

const CALLS_HELP: &str = "\
Reads the database in the data folder; a server may be running on it.

Examples:
  playhouse calls
  playhouse calls --outcome error --limit 20
  playhouse calls --json | jq .cost_usd
  playhouse calls tail
  playhouse calls stats --by day
  playhouse calls --verify";

/// Flags of `calls`.
#[derive(ClapArgs, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CallsArgs {
    /// What to show of the log.
    #[command(subcommand)]
    pub command: Option<CallsCommand>,
    /// Compare the call ledger with the database; exits with 1 if a record is missing or differs
    #[arg(long, conflicts_with_all = ["model", "session", "run", "request", "outcome", "limit"])]
    pub verify: bool,
    /// Which calls to list.
    #[command(flatten)]
    pub list: CallsList,
}

/// What to show of the call log.
#[derive(Debug, Subcommand)]
pub enum CallsCommand {
    /// List the newest calls (the same as `playhouse calls`)
    List(CallsList),
    /// Print calls as they end, until Ctrl-C
    Tail(CallsTail),
    /// Sum up calls, tokens, cost and times
    Stats(CallsStats),
}

/// Where the call log is, and how to print it.
#[derive(ClapArgs, Clone, Debug)]
pub struct CallsSource {
    /// One JSON object a line instead of a table
    #[arg(long)]
    pub json: bool,
    /// The folder that holds the database [env: PLAYHOUSE_DATA_DIR] [default: playhouse-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// The configuration file that names the folder [env: PLAYHOUSE_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which calls are wanted.
#[derive(ClapArgs, Clone, Debug)]
pub struct CallsFilter {
    /// Only calls that asked for this model
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Only calls of this conversation
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// Only calls that were steps of this run of an agent
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Only calls made for this request
    #[arg(long, value_name = "ID")]
    pub request: Option<String>,
    /// Only calls made with the API key of this id (see `playhouse keys`)
    #[arg(long, value_name = "ID")]
    pub key: Option<String>,
    /// Only calls that ended so
    #[arg(long, value_enum)]
    pub outcome: Option<OutcomeName>,
}

/// Flags of `calls list`.
#[derive(ClapArgs, Clone, Debug)]
pub struct CallsList {
    /// Where and how.
    #[command(flatten)]
    pub source: CallsSource,
    /// Which.
    #[command(flatten)]
    pub filter: CallsFilter,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

/// Flags of `calls tail`.
#[derive(ClapArgs, Clone, Debug)]
pub struct CallsTail {
    /// Where and how.
    #[command(flatten)]
    pub source: CallsSource,
    /// Which.
    #[command(flatten)]
    pub filter: CallsFilter,
    /// How many calls of before to begin with
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub limit: u32,
}

/// Flags of `calls stats`.
#[derive(ClapArgs, Clone, Debug)]
pub struct CallsStats {
    /// Where and how.
    #[command(flatten)]
    pub source: CallsSource,
    /// What each row stands for
    #[arg(long, value_enum, default_value = "day")]
    pub by: StatsBy,
    /// Only calls of this many days, today included
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub days: Option<u32>,
    /// Only calls made with the API key of this id (see `playhouse keys`)
    #[arg(long, value_name = "ID")]
    pub key: Option<String>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OutcomeName {
    /// With a whole answer
    Ok,
    /// With an error
    Error,
    /// The caller went away first
    Cancelled,
}

/// What a row of sums stands for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StatsBy {
    /// A day (UTC)
    Day,
    /// A model
    Model,
    /// A model on a day
    DayAndModel,
}

const HEALTH_HELP: &str = "\
Exits with 0 if the server answers 200, with 1 if it does not. Without a URL it asks the address
that the configuration would listen on.

Examples:
  playhouse health
  playhouse health --ready
  playhouse health http://10.0.0.5:8000

In a Dockerfile:
  HEALTHCHECK CMD [\"/playhouse\", \"health\"]";

/// Flags of `health`.
#[derive(ClapArgs, Debug)]
pub struct HealthArgs {
    /// The server [default: the configured address]
    pub url: Option<String>,
    /// Ask whether it takes requests, not only whether it lives
    #[arg(long)]
    pub ready: bool,
    /// How long to wait, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 3000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub timeout_ms: u64,
    /// The configuration file that names the address [env: PLAYHOUSE_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  playhouse completions bash > ~/.local/share/bash-completion/completions/playhouse
  playhouse completions zsh > \"${fpath[1]}/_playhouse\"
  playhouse completions fish > ~/.config/fish/completions/playhouse.fish";

/// Flags of `completions`.
#[derive(ClapArgs, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}
