//! A PostgreSQL server of a test's own, which the test may restart.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::workspace;

/// Says where the server is, and then does with `pg_ctl` what each line asks for. It ends when nobody asks any more.
const CONTROL: &str = r#"
    echo "$USER_REGISTRY_TEST_POSTGRES_URL"
    while read -r arguments; do
        "$USER_REGISTRY_TEST_POSTGRES_CONTROL" $arguments >/dev/null && echo done
    done
"#;

/// A running server, gone with this value.
#[derive(Debug)]
pub struct PostgresServer {
    script: Child,
    asks: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    /// The address of a superuser.
    pub url: String,
}

impl PostgresServer {
    /// Starts one, in the way of `make test`.
    ///
    /// # Panics
    /// When there are no programs of a server on this machine.
    #[must_use]
    pub fn start() -> Self {
        let mut script = Command::new(workspace::root().join("scripts/with-postgres"))
            .args(["bash", "-c", CONTROL])
            // The script would take the server that is there already.
            .env_remove("USER_REGISTRY_TEST_POSTGRES_URL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash is installed");
        let asks = script.stdin.take();
        let mut answers = BufReader::new(script.stdout.take().expect("it has an output")).lines();
        let url = answers.next().expect("the script says why it has no server").expect("a text");
        Self { script, asks, answers, url }
    }

    /// Restarts it, and waits until it takes connections: `fast` ends all connections in order, `immediate` ends all
    /// processes as they stand, and the next start recovers from the log.
    ///
    /// # Panics
    /// When it does not come back.
    pub fn restart(&mut self, mode: &str) {
        let asks = self.asks.as_mut().expect("the server runs");
        writeln!(asks, "restart --wait --silent --mode={mode}").expect("the script listens");
        let answer = self.answers.next().expect("the script runs").expect("a text");
        assert_eq!(answer, "done", "restart {mode}");
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // Nobody asks any more, so the script ends and takes the server with it.
        self.asks = None;
        let _ = self.script.wait();
    }
}
