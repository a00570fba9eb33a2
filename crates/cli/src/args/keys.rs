//! What may be typed after `playhouse keys`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

pub(super) const KEYS_HELP: &str = "\
Works on the database; a server may be running on it, and takes note within seconds. The key itself is
shown once, when it is made: only its hash is kept.

Examples:
  playhouse keys create --name search --model 'gpt-4o*' --rpm 60 --tpm 90000
  playhouse keys create --name trial --budget-usd 5 --per month --expires 30d
  playhouse keys
  playhouse keys show 019ac6e4-7a3c-7def-8000-000000000001
  playhouse keys revoke 019ac6e4-7a3c-7def-8000-000000000001";

/// Flags of `keys`.
#[derive(ClapArgs, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct KeysArgs {
    /// What to do with the keys.
    #[command(subcommand)]
    pub command: Option<KeysCommand>,
    /// Which keys to list.
    #[command(flatten)]
    pub list: KeysList,
}

/// What to do with API keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys, the newest first (the same as `playhouse keys`)
    List(KeysList),
    /// Make a key and print it, this once
    Create(KeysCreate),
    /// Show a key, and what was used with it today and this month
    Show(KeysShow),
    /// Revoke a key for good
    Revoke(KeysRevoke),
}

/// Where the keys are, and how to print them.
#[derive(ClapArgs, Clone, Debug)]
pub struct KeysSource {
    /// JSON instead of text
    #[arg(long)]
    pub json: bool,
    /// The folder that holds the database [env: PLAYHOUSE_DATA_DIR] [default: playhouse-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// The configuration file that names the folder [env: PLAYHOUSE_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Flags of `keys list`.
#[derive(ClapArgs, Clone, Debug)]
pub struct KeysList {
    /// Where and how.
    #[command(flatten)]
    pub source: KeysSource,
}

/// Flags of `keys create`.
#[derive(ClapArgs, Clone, Debug)]
pub struct KeysCreate {
    /// Where and how.
    #[command(flatten)]
    pub source: KeysSource,
    /// What people call it
    #[arg(long)]
    pub name: String,
    /// A model that it may ask, or a pattern such as 'gpt-4o*'; may be given again [default: all]
    #[arg(long = "model", value_name = "GLOB")]
    pub models: Vec<String>,
    /// How many requests it may make in a minute [default: no limit]
    #[arg(long, value_name = "N")]
    pub rpm: Option<u64>,
    /// How many tokens it may use in a minute [default: no limit]
    #[arg(long, value_name = "N")]
    pub tpm: Option<u64>,
    /// How many US dollars it may spend [default: no limit]
    #[arg(long, value_name = "X", requires = "per")]
    pub budget_usd: Option<f64>,
    /// The time that the budget is for, in UTC
    #[arg(long, value_enum, requires = "budget_usd")]
    pub per: Option<PeriodName>,
    /// When it stops to be of use: 2026-12-31T00:00:00Z, or in so many days: 30d [default: never]
    #[arg(long, value_name = "WHEN")]
    pub expires: Option<String>,
}

/// Flags of `keys show`.
#[derive(ClapArgs, Clone, Debug)]
pub struct KeysShow {
    /// Where and how.
    #[command(flatten)]
    pub source: KeysSource,
    /// The key's id
    pub id: String,
}

/// Flags of `keys revoke`.
#[derive(ClapArgs, Clone, Debug)]
pub struct KeysRevoke {
    /// Where and how.
    #[command(flatten)]
    pub source: KeysSource,
    /// The key's id
    pub id: String,
}

/// A time that a budget is for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PeriodName {
    /// From midnight to midnight
    Day,
    /// From the first of the month to the next one
    Month,
}
