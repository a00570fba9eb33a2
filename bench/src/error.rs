//! What stops a bench program. A request that fails under load is no error here: it is counted.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why a program could not do its work at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start the async runtime: {0}")]
    Runtime(io::Error),
    #[error("cannot listen on {address}: {source}; choose another --listen")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot read the body file {path}: {source}")]
    Body { path: PathBuf, source: io::Error },
    #[error("the body file {path} is no JSON object: {source}")]
    BodyShape { path: PathBuf, source: serde_json::Error },
    #[error("the url {url} is not of the form http://address:port/path: {reason}")]
    Url { url: String, reason: String },
    #[error("cannot connect to {address}: {source}; is the server up?")]
    Connect { address: SocketAddr, source: io::Error },
    #[error("cannot start {program}: {source}")]
    Spawn { program: String, source: io::Error },
    #[error("the server ended before it answered ({status}); see {log}")]
    Ended { status: ExitStatus, log: PathBuf },
    #[error("no 200 on http://{address}{path} within {timeout_ms} ms; see {log}")]
    NoAnswer { address: SocketAddr, path: String, timeout_ms: u64, log: PathBuf },
    #[error("cannot read the memory of process {pid} from {path}: {reason}")]
    Memory { pid: u32, path: PathBuf, reason: String },
    #[error("cannot write the log file {path}: {source}")]
    Log { path: PathBuf, source: io::Error },
}
