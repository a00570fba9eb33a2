//! A throw-away PostgreSQL.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use super::service::{Service, bound_to_us, free_port, log_of, run, until};
use super::{binaries, certificate};

/// Another process may take a port between the moment it is found free and its use.
const TRIES: usize = 5;
/// PostgreSQL refuses to run as root; its packages bring this user.
const UNPRIVILEGED: &str = "postgres";
const USER: &str = "playhouse";
/// Nothing asks for it; it is there to be hidden.
const PASSWORD: &str = "s3cret-of-a-test";
/// Nothing here is worth a flush, and many servers run at a time.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "shared_buffers=32MB",
    "max_connections=100",
    "logging_collector=off",
];

/// A PostgreSQL server that ends with this handle.
pub struct PostgresServer {
    binaries: PathBuf,
    has_tls: bool,
    folder: TempDir,
    port: u16,
    databases: AtomicU32,
    service: Mutex<Option<Service>>,
}

/// An empty database of a server, for one test.
pub struct TestDatabase {
    server: Arc<PostgresServer>,
    name: String,
}

/// A server for one test alone; `None` where PostgreSQL is not installed.
pub fn start() -> Option<Arc<PostgresServer>> {
    let Some(binaries) = binaries::of_postgres() else {
        binaries::missing("PostgreSQL");
        return None;
    };
    Some(Arc::new(PostgresServer::start(&binaries, false)))
}

/// A server for one test alone that speaks TLS, as `localhost`; `None` where PostgreSQL or OpenSSL's program, which
/// makes its certificate, is not installed.
pub fn start_with_tls() -> Option<Arc<PostgresServer>> {
    let Some(binaries) = binaries::of_postgres() else {
        binaries::missing("PostgreSQL");
        return None;
    };
    if !certificate::can_be_made() {
        return None;
    }
    Some(Arc::new(PostgresServer::start(&binaries, true)))
}

/// The server that all tests of this process share.
pub fn shared() -> Option<Arc<PostgresServer>> {
    static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return Some(server);
    }
    let server = start()?;
    *shared = Arc::downgrade(&server);
    Some(server)
}

/// An empty database on the server that all tests of this process share.
pub fn database() -> Option<TestDatabase> {
    shared().map(|server| server.database())
}

impl TestDatabase {
    /// Where it is: `postgres://…@127.0.0.1:<port>/<name>`.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// The server it is on.
    pub fn server(&self) -> &Arc<PostgresServer> {
        &self.server
    }

    /// Has `psql` run statements in it, and returns what they print, without any decoration.
    pub fn sql(&self, statements: &str) -> String {
        self.server.sql(&self.name, statements)
    }
}

impl PostgresServer {
    fn start(binaries: &Path, has_tls: bool) -> Self {
        for _ in 0..TRIES {
            let folder = tempfile::tempdir().expect("a folder for PostgreSQL");
            // Its own user has to come through; the data below are for that user alone.
            fs::set_permissions(folder.path(), Permissions::from_mode(0o755))
                .expect("a folder to come through");
            fill(&folder.path().join("data"), binaries);
            let port = free_port().expect("a free port for PostgreSQL");
            let (databases, service) = (AtomicU32::new(0), Mutex::default());
            if has_tls {
                certify(&folder.path().join("data"));
            }
            let server = Self { binaries: binaries.to_owned(), has_tls, folder, port, databases, service };
            if server.try_start() {
                return server;
            }
        }
        panic!("PostgreSQL does not start");
    }

    /// An empty database for one test.
    pub fn database(self: &Arc<Self>) -> TestDatabase {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        TestDatabase { server: Arc::clone(self), name }
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The certificate of the authority that signed its own, if it speaks TLS.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The port it listens on, also while it is stopped.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Has `psql` run statements in a database, and returns what they print, without any decoration.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let mut psql = Command::new(self.binaries.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        psql.arg("--dbname").arg(self.url(database)).arg("--command").arg(statements);
        let output = psql.output().expect("psql runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statements}\nfailed: {errors}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Stops it; connections are closed, and new ones refused.
    pub fn stop(&self) {
        self.end(Signal::INT);
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        if let Some(service) = self.lock().take() {
            service.crash();
        }
    }

    /// Starts it again where it was, with all it held, after it was stopped or killed.
    pub fn restart(&self) {
        self.stop();
        // Children of one that was killed hold its memory until they have ended.
        assert!(until(|| self.try_start()), "PostgreSQL does not start again: {}", log_of(&self.log()));
    }

    /// Has it stand still: connections stay open, and nothing is answered.
    pub fn pause(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Has it go on after a pause.
    pub fn resume(&self) {
        self.signal_all(Signal::CONT);
    }

    fn try_start(&self) -> bool {
        let data = self.folder.path().join("data");
        let status = data.join("postmaster.pid");
        let mut command = bound_to_us("QUIT", unprivileged(), self.binaries.join("postgres"));
        command.arg("-D").arg(&data).arg("-p").arg(self.port.to_string()).current_dir(self.folder.path());
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        if self.has_tls {
            command.args(["-c", "ssl=on"]);
        }
        let before = log_of(&self.log()).len();
        let service = Service::start(command, &self.log()).expect("PostgreSQL can be started");
        let ready = || says_ready(&log_of(&status), service.pid());
        let failed = || log_of(&self.log()).get(before..).is_some_and(|new| new.contains("FATAL"));
        let started = until(|| ready() || failed()) && !failed();
        *self.lock() = Some(service).filter(|_| started);
        started
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("postgres.log")
    }

    fn end(&self, signal: Signal) {
        if let Some(service) = self.lock().take() {
            service.end(signal);
        }
    }

    fn signal_all(&self, signal: Signal) {
        if let Some(service) = &*self.lock() {
            service.signal_all(signal);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Service>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the file that a server writes says that it has started: its first line is the process, which may
/// be one that has died, its last how far the start has come.
fn says_ready(status: &str, pid: i32) -> bool {
    let mut lines = status.lines();
    lines.next().is_some_and(|line| line.trim() == pid.to_string())
        && lines.last().is_some_and(|line| line.trim() == "ready")
}

/// The user to run as instead of root.
fn unprivileged() -> Option<&'static str> {
    geteuid().is_root().then_some(UNPRIVILEGED)
}

/// Fills a data folder. Making one takes seconds, copying one does not, so the first is kept beside the
/// tests' binaries.
fn fill(data: &Path, binaries: &Path) {
    let binary = std::env::current_exe().expect("this program has a path");
    let built = binary.parent().expect("this program lies in a folder");
    let version = binaries.to_string_lossy().replace('/', "-");
    let kept = built.join(format!("postgres{version}"));
    let lock = File::create(built.join("postgres.lock")).expect("a lock file beside this program");
    lock.lock().expect("a lock of one's own");
    if !kept.is_dir() {
        let fresh = tempfile::tempdir().expect("a folder for PostgreSQL");
        let new = built.join("postgres.new");
        fs::set_permissions(fresh.path(), Permissions::from_mode(0o777)).expect("a folder for another user");
        initdb(&fresh.path().join("data"), binaries);
        let _ = fs::remove_dir_all(&new);
        copy(&fresh.path().join("data"), &new);
        fs::rename(new, &kept).expect("a place beside this program");
    }
    drop(lock);
    copy(&kept, data);
}

/// Gives a server a certificate, in its data folder; the authority's lies beside that.
fn certify(data: &Path) {
    let folder = data.parent().expect("the data lie in a folder");
    certificate::make(folder);
    for name in ["server.key", "server.crt"] {
        fs::rename(folder.join(name), data.join(name)).expect("a place in the data folder");
    }
    if let Some(user) = unprivileged() {
        run(Command::new("chown")
            .arg(format!("{user}:{user}"))
            .args(["server.key", "server.crt"])
            .current_dir(data));
    }
}

fn initdb(data: &Path, binaries: &Path) {
    let mut initdb = bound_to_us("KILL", unprivileged(), binaries.join("initdb"));
    initdb.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER, "-D"]);
    run(initdb.arg(data).current_dir("/"));
}

/// Copies a folder with its owners.
fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-a").arg(from).arg(to));
}
