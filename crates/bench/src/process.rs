//! What is measured, each in a process of its own.

use std::fs::{File, read_dir, read_to_string};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::database::Database;

use crate::load::ask;

/// What the server is told to be reached at, so that tokens can be signed beside it.
pub(crate) const PUBLIC_URL: &str = "http://localhost";
/// Linux counts the CPU time of a process in hundredths of a second, on every architecture.
const TICKS: f64 = 100.0;
/// The number of the signal that asks for an end.
const SIGTERM: i32 = 15;

/// A process that listens on an address of this machine; it ends with this value.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// How long it took from the start of the process to its first answer.
    pub(crate) started_in: Duration,
}

impl Server {
    /// The server, as the release profile builds it, with its log in a file.
    pub(crate) async fn start(database: &Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// The same with further settings.
    pub(crate) async fn start_with(database: &Database, settings: &[(&str, &str)]) -> Self {
        let address = free_address();
        let log = File::create(database.folder().join("server.log")).expect("a file for the log");
        let mut command = command(database);
        command
            .arg("serve")
            .env("USER_REGISTRY_LISTEN", address.to_string())
            .env("USER_REGISTRY_PUBLIC_URL", PUBLIC_URL)
            // All load comes from one address, unless a scenario says otherwise.
            .env("USER_REGISTRY_THROTTLES", "off")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stderr(log);
        Self::wait_for(Instant::now(), command.spawn().expect("the server starts"), address, "/health/ready").await
    }

    /// The bare route on the same database. Its address may hold a password, so no argument shows it.
    pub(crate) async fn start_bare_route(database: &Database) -> Self {
        let address = free_address();
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(["route", &address.to_string()]).stdin(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().expect("this program starts again");
        let mut input = child.stdin.take().expect("it has an input");
        input.write_all(database.url.as_bytes()).expect("it reads its input");
        drop(input);
        Self::wait_for(started, child, address, "/").await
    }

    async fn wait_for(started: Instant, mut child: Child, address: SocketAddr, path: &str) -> Self {
        while ask(address, path).await.is_err() {
            let ended = child.try_wait().expect("it can be asked");
            assert!(ended.is_none() && started.elapsed() < Duration::from_secs(30), "it does not start: {ended:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Self { child, address, started_in: started.elapsed() }
    }

    /// The CPU time it has taken so far, in user and in kernel mode.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(&self.child.id().to_string())
    }

    /// The CPU time of its threads whose names begin so.
    pub(crate) fn cpu_of_threads(&self, name: &str) -> Duration {
        let threads = read_dir(format!("/proc/{}/task", self.child.id())).expect("it runs");
        let paths = threads.map(|thread| thread.expect("a thread").path());
        let named = paths.filter(|path| read_to_string(path.join("comm")).is_ok_and(|comm| comm.starts_with(name)));
        named.map(|path| scheduled(&path)).sum()
    }

    /// Its memory in MiB: all that is resident, and the part that is no page of a file.
    pub(crate) fn resident(&self) -> (f64, f64) {
        let status = read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let mebibytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel tells it");
            line.trim_matches(|sign: char| !sign.is_ascii_digit()).parse::<f64>().expect("a number") / 1024.0
        };
        (mebibytes("VmRSS:"), mebibytes("RssAnon:"))
    }

    /// Asks it to stop, as a container engine does, and waits until it has: how long that took.
    pub(crate) async fn stop(mut self) -> Duration {
        let started = Instant::now();
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.expect("kill runs").success());
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                break status;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "it does not stop");
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        // The bare route takes no signal, and so is ended by it.
        assert!(status.success() || status.signal() == Some(SIGTERM), "it stopped with {status}");
        started.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the scheduler has counted for a thread, by its folder in `/proc`: of one that runs, until the last tick.
fn scheduled(thread: &Path) -> Duration {
    let text = read_to_string(thread.join("schedstat")).expect("the kernel keeps statistics of its scheduler");
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

/// How long the cores of the machine have been idle so far, together.
pub(crate) fn idle_cores() -> Duration {
    let text = read_to_string("/proc/stat").expect("the kernel tells it");
    // After the word "cpu" come times in user mode, in it at low priority, in kernel mode, and then those of idling
    // and of waiting for a disk.
    let fields = text.lines().next().unwrap_or_default().split_ascii_whitespace().skip(4).take(2);
    Duration::from_secs_f64(fields.map(|field| field.parse::<f64>().expect("a number")).sum::<f64>() / TICKS)
}

/// The program on a database, told nothing else.
pub(crate) fn command(database: &Database) -> Command {
    let mut command = Command::new(program());
    command
        .env_clear()
        .env("USER_REGISTRY_DATA_DIR", database.folder())
        .env("USER_REGISTRY_DATABASE_URL", &database.url);
    command
}

/// The CPU time that this process has taken so far.
pub(crate) fn own_cpu() -> Duration {
    cpu_of("self")
}

/// How much of a core this process takes from a moment on.
pub(crate) struct Generator {
    since: Instant,
    cpu: Duration,
}

impl Generator {
    pub(crate) fn from_now() -> Self {
        Self { since: Instant::now(), cpu: own_cpu() }
    }

    /// What it has taken since, for the table.
    pub(crate) fn told(&self) -> String {
        let part = (own_cpu() - self.cpu).as_secs_f64() / self.since.elapsed().as_secs_f64();
        format!("of the load generator {:.0} % of a core", part * 1e2)
    }
}

/// The program that `cargo build --release` has put beside this one.
pub(crate) fn program() -> PathBuf {
    let this = std::env::current_exe().expect("this program has a path");
    let program = this.parent().unwrap_or(Path::new(".")).join("user-registry");
    assert!(program.exists(), "{} is missing: `make bench` builds it", program.display());
    program
}

fn cpu_of(process: &str) -> Duration {
    let text = read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    // The name of the program stands in brackets and may hold anything; 11 fields after it come the times.
    let (_, fields) = text.rsplit_once(')').expect("a name in brackets");
    let ticks = fields.split_ascii_whitespace().skip(11).take(2).map(|field| field.parse::<f64>().expect("a number"));
    Duration::from_secs_f64(ticks.sum::<f64>() / TICKS)
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}
