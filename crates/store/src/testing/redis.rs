//! A throw-away Redis.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::binaries;
use super::service::{Service, bound_to_us, free_port, log_of, until};

/// Another process may take a port between the moment it is found free and its use.
const TRIES: usize = 5;

/// A Redis server that ends with this handle.
pub struct RedisServer {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    service: Mutex<Option<Service>>,
}

/// A server for one test alone; `None` where Redis is not installed.
pub fn start() -> Option<RedisServer> {
    let Some(program) = binaries::on_path("redis-server").or_else(|| binaries::on_path("valkey-server"))
    else {
        binaries::missing("redis-server");
        return None;
    };
    Some(RedisServer::start(program))
}

/// The server that all tests of this process share: keep keys apart by a prefix of your own.
pub fn shared() -> Option<Arc<RedisServer>> {
    static SHARED: Mutex<Weak<RedisServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return Some(server);
    }
    let server = Arc::new(start()?);
    *shared = Arc::downgrade(&server);
    Some(server)
}

impl RedisServer {
    fn start(program: PathBuf) -> Self {
        for _ in 0..TRIES {
            let folder = tempfile::tempdir().expect("a folder for Redis");
            let port = free_port().expect("a free port for Redis");
            let server = Self { program: program.clone(), folder, port, service: Mutex::default() };
            if server.try_start() {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    /// Where it is: `redis://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port it listens on, also while it is stopped.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it in good order; connections are closed, and new ones refused.
    pub fn stop(&self) {
        self.end(Signal::TERM);
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        self.end(Signal::KILL);
    }

    /// Starts it again where it was, empty, after it was stopped or killed.
    pub fn restart(&self) {
        self.stop();
        assert!(self.try_start(), "redis-server does not start again: {}", log_of(&self.log()));
    }

    /// Has it stand still: connections stay open and are accepted, and nothing is answered.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Has it go on after a pause.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn try_start(&self) -> bool {
        let mut command = bound_to_us("KILL", None, self.program.clone());
        command.args([
            "--bind",
            "127.0.0.1",
            "--port",
            &self.port.to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.arg("--dir").arg(self.folder.path()).current_dir(self.folder.path());
        let service = Service::start(command, &self.log()).expect("redis-server can be started");
        let ready = until(|| answers(self.port) || log_of(&self.log()).contains("Failed listening"));
        *self.lock() = Some(service);
        ready && answers(self.port)
    }

    fn log(&self) -> PathBuf {
        Path::join(self.folder.path(), "redis.log")
    }

    fn end(&self, signal: Signal) {
        if let Some(service) = self.lock().take() {
            service.end(signal);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(service) = &*self.lock() {
            service.signal(signal);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Service>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a server answers a ping.
fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let ping = || {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"PING\r\n")?;
        let mut pong = [0; 5];
        stream.read_exact(&mut pong)?;
        std::io::Result::Ok(&pong == b"+PONG")
    };
    ping().unwrap_or(false)
}
