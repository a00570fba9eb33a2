//! What may be typed after `playhouse keys`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use playhouse_store::BudgetPeriod;

pub(super) const KEYS_HELP: &str = "\
Works on the database; a server may be running on it, and takes note within seconds. The key itself is
shown once, when it is made: only its hash is kept.

Examples:
  playhouse keys create --name search --model 'gpt-4o*' --rpm 60 --tpm 90000
  playhouse keys create --name trial --budget-usd 5 --per month --expires 30d
  playhouse keys
  playhouse keys show 019ac6e4-7a3c-7def-8000-000000000001
  playhouse keys update 019ac6e4-7a3c-7def-8000-000000000001 --rpm 120 --tpm none
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
    /// Change what a key may do; 'none' takes a limit away
    Update(KeysUpdate),
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

/// Flags of `keys update`.
#[derive(ClapArgs, Clone, Debug)]
pub struct KeysUpdate {
    /// Where and how.
    #[command(flatten)]
    pub source: KeysSource,
    /// What is to be otherwise; the rest stays.
    #[command(flatten)]
    pub changes: KeyChanges,
    /// The key's id
    pub id: String,
}

/// What is to be otherwise about a key: one of these at least.
#[derive(ClapArgs, Clone, Debug)]
#[group(required = true, multiple = true)]
pub struct KeyChanges {
    /// What people call it
    #[arg(long)]
    pub name: Option<String>,
    /// A model that it may ask, or a pattern, instead of those before; may be given again; 'none' allows all
    #[arg(long = "model", value_name = "GLOB")]
    pub models: Vec<OrNone<String>>,
    /// How many requests it may make in a minute, or 'none' for no limit
    #[arg(long, value_name = "N")]
    pub rpm: Option<OrNone<u64>>,
    /// How many tokens it may use in a minute, or 'none' for no limit
    #[arg(long, value_name = "N")]
    pub tpm: Option<OrNone<u64>>,
    /// How many US dollars it may spend (with --per), or 'none' for no limit
    #[arg(long, value_name = "X")]
    pub budget_usd: Option<OrNone<f64>>,
    /// The time that the budget is for, in UTC
    #[arg(long, value_enum, requires = "budget_usd")]
    pub per: Option<PeriodName>,
    /// When it stops to be of use, as a moment or in so many days (30d), or 'none' for never
    #[arg(long, value_name = "WHEN")]
    pub expires: Option<OrNone<String>>,
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

/// A value, or the word `none` for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrNone<T>(pub Option<T>);

impl<T: FromStr> FromStr for OrNone<T> {
    type Err = T::Err;

    fn from_str(typed: &str) -> Result<Self, T::Err> {
        match typed {
            "none" => Ok(Self(None)),
            value => value.parse().map(|value| Self(Some(value))),
        }
    }
}

impl From<PeriodName> for BudgetPeriod {
    fn from(name: PeriodName) -> Self {
        match name {
            PeriodName::Day => Self::Day,
            PeriodName::Month => Self::Month,
        }
    }
}
