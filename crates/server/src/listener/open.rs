//! The connections that are open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::listener::watch::{Patience, Watch};

/// How often it is looked whether the last connection has ended.
const LOOK_FOR_THE_END: Duration = Duration::from_millis(5);

/// The connections that are open.
#[derive(Debug)]
pub(super) struct Open {
    patience: Patience,
    connections: Mutex<Connections>,
    /// Whether the server stops.
    draining: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Connections {
    next: u64,
    by_number: HashMap<u64, (Arc<Watch>, AbortHandle)>,
}

/// Takes a connection off the list when its task ends, however it ends.
struct Listed {
    open: Arc<Open>,
    number: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.open.connections().by_number.remove(&self.number);
    }
}

impl Open {
    pub(super) fn new(patience: Patience) -> Self {
        Self { patience, connections: Mutex::default(), draining: watch::Sender::new(false) }
    }

    /// Serves a connection in a task of its own, which is told when the server stops.
    pub(super) fn spawn<F>(self: &Arc<Self>, serve: impl FnOnce(Arc<Watch>, watch::Receiver<bool>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let watch = Arc::new(Watch::new());
        let serving = serve(Arc::clone(&watch), self.draining.subscribe());
        // A task that ends at once finds itself on the list: it waits for this lock.
        let mut connections = self.connections();
        let number = connections.next;
        connections.next += 1;
        let listed = Listed { open: Arc::clone(self), number };
        let task = tokio::spawn(async move {
            let _listed = listed;
            serving.await;
        });
        connections.by_number.insert(number, (watch, task.abort_handle()));
    }

    /// Closes what takes too long, for ever.
    pub(super) async fn watch_over(self: Arc<Self>, every: Duration) {
        loop {
            sleep(every).await;
            self.close_what_takes_too_long();
        }
    }

    fn close_what_takes_too_long(&self) {
        for (watch, task) in self.connections().by_number.values() {
            if let Some(why) = watch.takes_too_long(&self.patience) {
                tracing::debug!(why, "a connection is closed");
                task.abort();
            }
        }
    }

    /// Closes the connection that has been without a request for longest, and at least for so long: whoever has just
    /// come has had no time for one. Where each has one, it is the one in which nothing has moved for longest, for so
    /// long that nothing but its peer can be what is waited for.
    pub(super) fn close_the_quietest(&self, at_least: Duration) {
        let connections = self.connections();
        let open = || connections.by_number.values().filter(|(_, task)| !task.is_finished());
        let quiet = open().filter_map(|(watch, task)| Some((watch.quiet()?, task)));
        let quiet = quiet.filter(|(quiet, _)| *quiet >= at_least).max_by_key(|(quiet, _)| *quiet);
        let silent = || open().map(|(watch, task)| (watch.silence(), task)).max_by_key(|(silence, _)| *silence);
        let closed = quiet.or_else(|| silent().filter(|(silence, _)| *silence >= self.patience.work));
        if let Some((_, task)) = closed {
            task.abort();
        }
    }

    /// Tells every connection that the server stops.
    pub(super) fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Closes what has been without a request for so long, has had its answers, and cannot be told to go.
    pub(super) fn close_what_is_quiet(&self, for_long: Duration) {
        for (watch, task) in self.connections().by_number.values() {
            let is_done = !watch.owes_an_answer() && !watch.says_goodbye();
            if is_done && watch.quiet().is_some_and(|quiet| quiet >= for_long) {
                task.abort();
            }
        }
    }

    /// Closes every connection, and says how many there were.
    pub(super) fn close_all(&self) -> usize {
        let connections = self.connections();
        connections.by_number.values().for_each(|(_, task)| task.abort());
        connections.by_number.len()
    }

    /// Waits until there is no connection.
    pub(super) async fn is_empty_at_last(&self) {
        while !self.connections().by_number.is_empty() {
            sleep(LOOK_FOR_THE_END).await;
        }
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        // The list is whole at every moment, whoever panicked.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
