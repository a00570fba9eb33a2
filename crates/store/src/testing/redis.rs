//! A throw-away Redis.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::service::{Service, bound_to_us, free_port, log_of, until};
use super::{binaries, certificate};

/// Another process may take a port between the moment it is found free and its use.
const TRIES: usize = 5;

/// A Redis server that ends with this handle.
pub struct RedisServer {
    program: PathBuf,
    has_tls: bool,
    folder: TempDir,
    port: u16,
    service: Mutex<Option<Service>>,
}

/// A server for one test alone; `None` where Redis is not installed.
pub fn start() -> Option<RedisServer> {
    Some(RedisServer::start(&program()?, false))
}

/// A server for one test alone that speaks TLS and nothing else, as `localhost`; `None` where Redis, or OpenSSL's
/// program, which makes its certificate, is not installed.
pub fn start_with_tls() -> Option<RedisServer> {
    let program = program()?;
    certificate::can_be_made().then(|| RedisServer::start(&program, true))
}

fn program() -> Option<PathBuf> {
    let found = binaries::on_path("redis-server").or_else(|| binaries::on_path("valkey-server"));
    if found.is_none() {
        binaries::missing("redis-server");
    }
    found
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
    fn start(program: &Path, has_tls: bool) -> Self {
        for _ in 0..TRIES {
            let folder = tempfile::tempdir().expect("a folder for Redis");
            let port = free_port().expect("a free port for Redis");
            if has_tls {
                certificate::make(folder.path());
            }
            let (program, service) = (program.to_owned(), Mutex::default());
            let server = Self { program, has_tls, folder, port, service };
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

    /// Where it is for those who check its certificate: `rediss://localhost:<port>`.
    pub fn tls_url(&self) -> String {
        format!("rediss://localhost:{}", self.port)
    }

    /// The certificate of the authority that signed its own, if it speaks TLS.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
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
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let port = self.port.to_string();
        if self.has_tls {
            command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
            command.args(["--tls-cert-file", "server.crt", "--tls-key-file", "server.key"]);
            command.args(["--tls-ca-cert-file", "ca.pem"]);
        } else {
            command.args(["--port", &port]);
        }
        command.arg("--dir").arg(self.folder.path()).current_dir(self.folder.path());
        let before = log_of(&self.log()).len();
        let service = Service::start(command, &self.log()).expect("redis-server can be started");
        let says = |words| log_of(&self.log()).get(before..).is_some_and(|new| new.contains(words));
        // One that speaks TLS is not pinged: it says itself when it is ready.
        let ready = || if self.has_tls { says("Ready to accept connections") } else { answers(self.port) };
        let ended = until(|| ready() || says("Failed listening"));
        *self.lock() = Some(service);
        ended && ready()
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
