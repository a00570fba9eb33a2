//! What the command line says about the configuration.

use std::path::PathBuf;

use clap::Args;

use super::tree::{Node, Origin, Value};

/// Flags that set keys of the configuration; each goes before the environment and the file.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Configuration")]
pub struct Flags {
    /// The configuration file [env: PLAYHOUSE_CONFIG] [default: playhouse.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address to listen on [env: PLAYHOUSE_LISTEN, or PORT for the port alone] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// The folder for the database and other files [env: PLAYHOUSE_DATA_DIR] [default: playhouse-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// Listen beyond loopback although no API keys are set
    #[arg(long)]
    pub allow_open: bool,
    /// The least level to log: error, warn, info, debug or trace [env: LOG_LEVEL] [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// How logs look: json, or text for people [env: LOG_FORMAT] [default: json]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

impl Flags {
    /// Lays the flags over the tree.
    pub(crate) fn apply(&self, tree: &mut Node) {
        let texts = [
            ("--listen", ["server", "listen"], &self.listen),
            ("--data-dir", ["server", "data_dir"], &self.data_dir),
            ("--log-level", ["logging", "level"], &self.log_level),
            ("--log-format", ["logging", "format"], &self.log_format),
        ];
        for (flag, path, text) in texts {
            if let Some(text) = text {
                tree.set(&path, Node::plain(Origin::Flag(flag), text.as_str().into()));
            }
        }
        if self.allow_open {
            let origin = Origin::Flag("--allow-open");
            let node = Node { key: origin.clone(), origin, value: Value::Boolean(true) };
            tree.set(&["server", "allow_open"], node);
        }
    }
}
