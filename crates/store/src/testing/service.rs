//! A server's process: its start, its end, and its troubles.

use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::binaries;

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// A process that ends with this handle.
pub(super) struct Service {
    pid: Pid,
    done: Sender<()>,
    keeper: Option<JoinHandle<()>>,
}

impl Service {
    /// Starts a program, with its output in a log file.
    ///
    /// The system ends it (by `death`) should this process die first: it watches the thread that started the
    /// program, so that is one which lives as long as the program is wanted.
    pub(super) fn start(mut command: Command, log: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group_of_its_own();
        let (started, pid) = mpsc::channel();
        let (done, wait) = mpsc::channel();
        let keeper = thread::Builder::new().name("test-service".to_owned());
        let keeper = keeper.spawn(move || keep(command, &started, &wait))?;
        let pid = pid.recv().map_err(|_| io::Error::other("the thread that starts the server is gone"))??;
        Ok(Self { pid, done, keeper: Some(keeper) })
    }

    /// The process.
    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Sends a signal to the process alone.
    pub(super) fn signal(&self, signal: Signal) {
        // It may have ended.
        let _ = kill_process(self.pid, signal);
    }

    /// Sends a signal to the process and its children.
    pub(super) fn signal_all(&self, signal: Signal) {
        // Of one that has ended no children are known.
        let children = self.children();
        self.signal(signal);
        for child in children {
            let _ = kill_process(child, signal);
        }
    }

    /// Ends the process by a signal, and waits until it is gone.
    pub(super) fn end(mut self, signal: Signal) {
        self.end_by(signal);
    }

    /// Ends the process and its children at once, as a crash of the machine would, and waits until it is gone.
    pub(super) fn crash(mut self) {
        // Nor shall it start any more of them meanwhile.
        self.signal(Signal::STOP);
        self.signal_all(Signal::KILL);
        self.wait();
    }

    fn end_by(&mut self, signal: Signal) {
        // A paused process takes no other signal.
        self.signal_all(Signal::CONT);
        self.signal(signal);
        self.wait();
    }

    fn wait(&mut self) {
        let Some(keeper) = self.keeper.take() else { return };
        let _ = self.done.send(());
        let _ = keeper.join();
    }

    fn children(&self) -> Vec<Pid> {
        let pid = self.pid();
        let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        list.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.keeper.is_some() {
            self.end_by(Signal::QUIT);
        }
    }
}

/// Runs a command to its end, which must be a good one.
pub(super) fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("the command can be started");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

trait ProcessGroup {
    /// Keeps a signal from the terminal away from the process.
    fn process_group_of_its_own(&mut self);
}

impl ProcessGroup for Command {
    fn process_group_of_its_own(&mut self) {
        std::os::unix::process::CommandExt::process_group(self, 0);
    }
}

/// Starts the program and waits for its end, which it brings about by force when it does not come.
fn keep(mut command: Command, started: &Sender<io::Result<Pid>>, wait: &Receiver<()>) {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return drop(started.send(Err(error))),
    };
    let _ = started.send(Ok(Pid::from_child(&child)));
    let _ = wait.recv();
    if !ends(&mut child) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn ends(child: &mut Child) -> bool {
    until(|| !matches!(child.try_wait(), Ok(None)))
}

/// Waits until a condition holds; `false` if it does not in good time.
pub(super) fn until(mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

/// A command that the system ends by a signal when the thread that started it ends.
pub(super) fn bound_to_us(death: &str, user: Option<&str>, program: PathBuf) -> Command {
    let Some(setpriv) = binaries::on_path("setpriv") else { return Command::new(program) };
    let mut command = Command::new(setpriv);
    command.arg(format!("--pdeathsig={death}"));
    if let Some(user) = user {
        command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

/// A port that nobody listens on.
pub(super) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// What a server has written to its log.
pub(super) fn log_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
