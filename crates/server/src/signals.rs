//! The signals by which others end the program.

use rustix::process::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::failure::{Failure, said};

/// Those that ask for an end.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Stream,
    interrupt: Stream,
    _beyond_longest_file: Stream,
}

impl Signals {
    /// Takes them from the system, which would end the process at once.
    ///
    /// SIGXFSZ is among them: without it a write beyond the longest file that there may be fails as any other does.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn take() -> Result<Self, Failure> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(said)?,
            interrupt: signal(SignalKind::interrupt()).map_err(said)?,
            _beyond_longest_file: signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map_err(said)?,
        })
    }

    /// Waits until the program is asked to end: by SIGTERM or SIGINT.
    pub(crate) async fn end(&mut self) {
        tokio::select! { _ = self.terminate.recv() => {}, _ = self.interrupt.recv() => {} }
    }
}
