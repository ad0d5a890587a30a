//! The connections that are open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
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
    by_number: HashMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    watch: Arc<Watch>,
    task: AbortHandle,
    /// From where it comes, unless many share it.
    network: Option<IpNet>,
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

    /// Serves a connection from this network in a task of its own, which is told when the server stops.
    pub(super) fn spawn<F>(
        self: &Arc<Self>,
        network: Option<IpNet>,
        serve: impl FnOnce(Arc<Watch>, watch::Receiver<bool>) -> F,
    ) where
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
        connections.by_number.insert(number, Connection { watch, task: task.abort_handle(), network });
    }

    /// Closes what takes too long, for ever.
    pub(super) async fn watch_over(self: Arc<Self>, every: Duration) {
        loop {
            sleep(every).await;
            self.close_what_takes_too_long();
        }
    }

    fn close_what_takes_too_long(&self) {
        for Connection { watch, task, .. } in self.connections().by_number.values() {
            watch.have_the_rest_looked_at();
            if let Some(why) = watch.takes_too_long(&self.patience) {
                tracing::debug!(why, "a connection is closed");
                task.abort();
            }
        }
    }

    /// Closes a connection so that one from this network has a place.
    ///
    /// It is the one that has been without a request for longest, and at least for so long: whoever has just come has
    /// had no time for one. Where each has one, it is the one in which nothing has moved for longest, for so long that
    /// nothing but its peer can be what is waited for. A network that holds more than half of all connections has no
    /// such time: it makes room for every other network at once, whatever it sends.
    pub(super) fn make_room(&self, newcomer: Option<IpNet>, at_least: Duration) {
        let connections = self.connections();
        let open = || connections.by_number.values().filter(|connection| !connection.task.is_finished());
        let crowd = crowd(open()).filter(|crowd| newcomer != Some(*crowd));
        let closed = match crowd {
            Some(crowd) => quietest(
                || open().filter(|connection| connection.network == Some(crowd)),
                Duration::ZERO,
                Duration::ZERO,
            ),
            None => quietest(open, at_least, self.patience.work),
        };
        if let Some(connection) = closed {
            connection.task.abort();
        }
    }

    /// Tells every connection that the server stops.
    pub(super) fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Closes what has been without a request for so long, has had its answers, and cannot be told to go.
    pub(super) fn close_what_is_quiet(&self, for_long: Duration) {
        for Connection { watch, task, .. } in self.connections().by_number.values() {
            let is_done = !watch.owes_an_answer() && !watch.says_goodbye();
            if is_done && watch.quiet().is_some_and(|quiet| quiet >= for_long) {
                task.abort();
            }
        }
    }

    /// Closes every connection, and says how many there were.
    pub(super) fn close_all(&self) -> usize {
        let connections = self.connections();
        connections.by_number.values().for_each(|connection| connection.task.abort());
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

/// The network of more than half of the connections, if there is one.
fn crowd<'a>(open: impl Iterator<Item = &'a Connection>) -> Option<IpNet> {
    let (mut all, mut counts) = (0, HashMap::new());
    for connection in open {
        all += 1;
        if let Some(network) = connection.network {
            *counts.entry(network).or_insert(0) += 1;
        }
    }
    counts.into_iter().find(|(_, count)| count * 2 > all).map(|(network, _)| network)
}

/// The connection that has been without a request for longest, and at least for so long; else the one in which
/// nothing has moved for longest, and for so long.
fn quietest<'a, I>(open: impl Fn() -> I, quiet_for: Duration, silent_for: Duration) -> Option<&'a Connection>
where
    I: Iterator<Item = &'a Connection>,
{
    let quiet = open().filter_map(|connection| Some((connection.watch.quiet()?, connection)));
    let quiet = quiet.filter(|(quiet, _)| *quiet >= quiet_for).max_by_key(|(quiet, _)| *quiet);
    let silent = || open().map(|connection| (connection.watch.silence(), connection));
    let silent = || silent().filter(|(silence, _)| *silence >= silent_for).max_by_key(|(silence, _)| *silence);
    quiet.or_else(silent).map(|(_, connection)| connection)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::task::yield_now;
    use tokio::time::advance;

    use super::*;
    use crate::listener::watch::UnderWay;

    const SECOND: Duration = Duration::from_secs(1);

    /// Connections that last, each with a request under way.
    struct Crowded {
        open: Arc<Open>,
        watches: Vec<(Arc<Watch>, Option<UnderWay>)>,
    }

    impl Crowded {
        /// One from each of these networks, a second apart.
        async fn from(networks: &[Option<&str>]) -> Self {
            let patience = Patience { head: SECOND, idle: SECOND, write: SECOND, work: SECOND * 60 };
            let mut crowded = Self { open: Arc::new(Open::new(patience)), watches: Vec::new() };
            for name in networks {
                let watches = &mut crowded.watches;
                crowded.open.spawn(name.map(network), |watch, _| {
                    let under_way = watch.begin();
                    watches.push((watch, Some(under_way)));
                    pending()
                });
                advance(SECOND).await;
            }
            crowded
        }

        /// Which connection makes room for one from this network.
        async fn makes_room(&self, newcomer: Option<&str>) -> Option<u64> {
            let before = self.numbers();
            self.open.make_room(newcomer.map(network), SECOND);
            yield_now().await;
            let after = self.numbers();
            before.into_iter().find(|number| !after.contains(number))
        }

        fn numbers(&self) -> Vec<u64> {
            self.open.connections().by_number.keys().copied().collect()
        }

        fn ends_its_request(&mut self, number: usize) {
            self.watches[number].1 = None;
        }
    }

    fn network(name: &str) -> IpNet {
        name.parse().unwrap()
    }

    const ONE: Option<&str> = Some("192.0.2.0/24");
    const OTHER: Option<&str> = Some("198.51.100.0/24");
    const THIRD: Option<&str> = Some("2001:db8::/48");

    #[tokio::test(start_paused = true)]
    async fn a_network_of_more_than_half_makes_room_for_others_and_not_for_itself() {
        let mut crowded = Crowded::from(&[OTHER, ONE, ONE, ONE, None]).await;
        assert_eq!(crowded.makes_room(ONE).await, None, "everybody has a request under way");
        assert_eq!(crowded.makes_room(OTHER).await, Some(1));
        assert_eq!(crowded.makes_room(THIRD).await, None, "two of four are not more than half");
        crowded.ends_its_request(3);
        assert_eq!(crowded.makes_room(THIRD).await, None, "it may have its next one at once");
        advance(SECOND).await;
        assert_eq!(crowded.makes_room(THIRD).await, Some(3), "it is without one");
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_crowd_whoever_has_no_request_goes_first() {
        let mut crowded = Crowded::from(&[ONE, ONE, ONE, OTHER]).await;
        crowded.ends_its_request(2);
        assert_eq!(crowded.makes_room(None).await, Some(2));
        assert_eq!(crowded.makes_room(None).await, Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_share_a_proxy_are_no_crowd() {
        let crowded = Crowded::from(&[None, None, None, ONE]).await;
        assert_eq!(crowded.makes_room(ONE).await, None);
        advance(SECOND * 60).await;
        assert_eq!(crowded.makes_room(ONE).await, Some(0), "nothing has moved in it for longest");
    }
}
