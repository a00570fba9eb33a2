//! How fast a server begins to answer, a probe or a request, and what it weighs before it has work.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::error::Error;
use crate::stats::percentile;

/// Between two tries to reach the server: the grain of the figure.
const POLL: Duration = Duration::from_micros(200);

/// What to start, and how to see that it is up.
#[derive(Args)]
pub(crate) struct Options {
    /// Address that the server will listen on.
    #[arg(long)]
    address: SocketAddr,
    /// Path that answers 200 once it is up.
    #[arg(long, default_value = "/health")]
    path: String,
    /// A file with a JSON body to post there; without it, the path is asked with GET.
    #[arg(long)]
    body: Option<PathBuf>,
    /// The API key to send as bearer token.
    #[arg(long, default_value = "sk-test")]
    key: String,
    /// How often to start it.
    #[arg(long, default_value_t = 10)]
    runs: u32,
    /// How long it is left alone before its memory is read, in milliseconds.
    #[arg(long, default_value_t = 300)]
    idle_ms: u64,
    /// How long it may take to come up, in milliseconds.
    #[arg(long, default_value_t = 20_000)]
    timeout_ms: u64,
    /// File that takes its output.
    #[arg(long)]
    log: PathBuf,
    /// The command; `{run}` in an argument stands for the number of the run.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Start it again and again, one after another; each is killed before the next.
pub(crate) fn run(options: &Options) -> Result<Report, Error> {
    let request = options.request()?;
    let runs = (0..options.runs).map(|run| options.start_once(run, &request));
    let mut runs = runs.collect::<Result<Vec<_>, _>>()?;
    let mut column = |pick: fn(&Run) -> u32| {
        runs.sort_unstable_by_key(pick);
        runs.iter().map(pick).collect::<Vec<_>>()
    };
    Ok(Report { starts_us: column(|run| run.start_us), idles_kib: column(|run| run.idle_kib) })
}

struct Run {
    start_us: u32,
    idle_kib: u32,
}

/// A started server, killed when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already: then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Options {
    fn start_once(&self, run: u32, request: &[u8]) -> Result<Run, Error> {
        let start = Instant::now();
        let mut server = self.spawn(run)?;
        while !self.is_up(request) {
            self.still_hoped_for(&mut server, start)?;
            thread::sleep(POLL);
        }
        let start_us = u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX);
        thread::sleep(Duration::from_millis(self.idle_ms));
        Ok(Run { start_us, idle_kib: resident_kib(server.0.id())? })
    }

    fn spawn(&self, run: u32) -> Result<Server, Error> {
        let log = self.open_log().map_err(|source| Error::Log { path: self.log.clone(), source })?;
        let mut words = self.command.iter().map(|word| word.replace("{run}", &run.to_string()));
        let program = words.next().unwrap_or_default();
        let mut command = Command::new(&program);
        command.args(words).stdin(Stdio::null()).stdout(log.0).stderr(log.1);
        command.spawn().map(Server).map_err(|source| Error::Spawn { program, source })
    }

    /// An error once the server has ended or has had its time.
    fn still_hoped_for(&self, server: &mut Server, start: Instant) -> Result<(), Error> {
        if let Ok(Some(status)) = server.0.try_wait() {
            return Err(Error::Ended { status, log: self.log.clone() });
        }
        if start.elapsed() > Duration::from_millis(self.timeout_ms) {
            let (address, path, timeout_ms) = (self.address, self.path.clone(), self.timeout_ms);
            return Err(Error::NoAnswer { address, path, timeout_ms, log: self.log.clone() });
        }
        Ok(())
    }

    fn open_log(&self) -> std::io::Result<(File, File)> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        Ok((log.try_clone()?, log))
    }

    fn is_up(&self, request: &[u8]) -> bool {
        self.ask(request).is_ok_and(|head| head.starts_with(b"HTTP/1.1 200"))
    }

    fn request(&self) -> Result<Vec<u8>, Error> {
        let Self { path, address, key, .. } = self;
        let head = format!("host: {address}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n");
        let Some(file) = &self.body else {
            return Ok(format!("GET {path} HTTP/1.1\r\n{head}\r\n").into_bytes());
        };
        let body = fs::read(file).map_err(|source| Error::Body { path: file.clone(), source })?;
        let length = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        let mut request = format!("POST {path} HTTP/1.1\r\n{head}{length}\r\n").into_bytes();
        request.extend(body);
        Ok(request)
    }

    fn ask(&self, request: &[u8]) -> std::io::Result<[u8; 12]> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_millis(self.timeout_ms)))?;
        stream.write_all(request)?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head)
    }
}

/// `VmRSS` of a process in KiB.
fn resident_kib(pid: u32) -> Result<u32, Error> {
    let path = Path::new("/proc").join(pid.to_string()).join("status");
    let memory = |reason: String| Error::Memory { pid, path: path.clone(), reason };
    let status = fs::read_to_string(&path).map_err(|error| memory(error.to_string()))?;
    let field = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = field.and_then(|value| value.split_whitespace().next()?.parse().ok());
    kib.ok_or_else(|| memory("it has no VmRSS; the process has ended".to_owned()))
}

/// Figures as `name=value`, one a line.
pub(crate) struct Report {
    starts_us: Vec<u32>,
    idles_kib: Vec<u32>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "start_p50_us={}", percentile(&self.starts_us, 50.0))?;
        writeln!(f, "start_max_us={}", percentile(&self.starts_us, 100.0))?;
        writeln!(f, "idle_p50_kib={}", percentile(&self.idles_kib, 50.0))
    }
}
