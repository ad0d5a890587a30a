//! The signals by which others end the program.

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::failure::{Failure, said};

/// Takes the signals from the system, and tells whether the program is asked to end, by SIGTERM or SIGINT. A second one
/// ends it at once, whatever it is at.
///
/// SIGXFSZ is taken as well, so that a write beyond the longest file there may be fails as any other, where it would end
/// the process else.
///
/// # Errors
/// Those of the system.
pub(crate) fn asked_to_end() -> Result<watch::Receiver<bool>, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(said)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(said)?;
    let beyond_longest_file = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map_err(said)?;
    let (asked, is_asked) = watch::channel(false);
    tokio::spawn(async move {
        let _beyond_longest_file = beyond_longest_file;
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        asked.send_replace(true);
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(130);
    });
    Ok(is_asked)
}
