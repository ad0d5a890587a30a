//! The listener: it accepts connections, bounds what each of them may take, and lets them end in order.
//!
//! The framework's own server sets no limit to how long a head may take, and spins when the process runs out of
//! descriptors; so hyper serves its endpoint here.

pub(crate) mod address;
mod answer;
mod connection;
mod newcomers;
mod open;
mod socket;
pub(crate) mod tls;
pub(crate) mod watch;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::origin::{NETWORK_BITS_V4, NETWORK_BITS_V6};
use ipnet::IpNet;
use poem::{Endpoint, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use crate::listener::address::{Accepted, Address, Socket, is_of_the_peer};
use crate::listener::connection::{Connection, Peer};
use crate::listener::open::Open;
use crate::listener::tls::Tls;
use crate::listener::watch::Patience;

/// How often connections are looked at whether one of them takes too long.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The same while the server stops.
const LOOK_EVERY_LAST: Duration = Duration::from_millis(20);
/// For how long a connection must have been quiet to be closed when the server stops, or to make room: whoever has just
/// had an answer, or has just come, may be sending a request. When the server stops they are told with the answer that it
/// was the last.
const LAST_WORD: Duration = Duration::from_millis(250);
/// How long the last segment of a handshake that is under way when the server stops may be on its way.
const HANDSHAKE: Duration = Duration::from_millis(100);
/// The shortest and the longest pause when the process has run out of descriptors.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// What connections may take.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// How many may be open.
    pub(crate) connections: usize,
    /// How long each may take for what.
    pub(crate) patience: Patience,
    /// How long requests may finish when the server stops.
    pub(crate) grace: Duration,
    /// The networks of the proxies, whose connections are those of many clients.
    pub(crate) proxies: Vec<IpNet>,
}

/// A socket that listens.
pub(crate) struct Listener {
    socket: Socket,
    local: SocketAddr,
    tls: Option<Tls>,
}

impl Listener {
    /// Listens at this address, in the open unless there is a certificate.
    ///
    /// # Errors
    /// Those of the system, such as when another process listens there.
    pub(crate) async fn bind(address: &Address, tls: Option<Tls>) -> io::Result<Self> {
        let socket = Socket::bind(address).await?;
        Ok(Self { local: socket.local()?, socket, tls })
    }

    /// Serves until `ended`, and then for as long as the grace lasts.
    pub(crate) async fn serve<E>(self, endpoint: E, limits: Limits, ended: impl Future<Output = ()>)
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let serving = Serving {
            endpoint: Arc::new(endpoint),
            open: Arc::new(Open::new(limits.patience)),
            places: Arc::new(Semaphore::new(limits.connections)),
            patience: limits.patience,
            proxies: limits.proxies,
            local: self.local,
            tls: self.tls.as_ref().map(Tls::acceptor),
        };
        let watching = tokio::spawn(Arc::clone(&serving.open).watch_over(LOOK_EVERY));
        let following = self.tls.map(|tls| tokio::spawn(tls.follow_files()));
        let mut in_hand = None;
        tokio::select! {
            () = serving.accept(&self.socket, &mut in_hand) => {}
            () = ended => {}
        }
        let deadline = Instant::now() + limits.grace;
        serving.open.drain();
        let finished = async {
            serving.accept_the_last(in_hand, self.socket).await;
            serving.open.is_empty_at_last().await;
        };
        tokio::select! {
            () = finished => {}
            () = serving.close_what_is_quiet() => {}
            () = sleep_until(deadline) => {}
        }
        let cut_off = serving.open.close_all();
        if cut_off > 0 {
            tracing::warn!(connections = cut_off, "the grace is over: connections were cut off");
        }
        watching.abort();
        following.inspect(tokio::task::JoinHandle::abort);
    }
}

/// All that is needed to serve a connection.
struct Serving<E> {
    endpoint: Arc<E>,
    open: Arc<Open>,
    places: Arc<Semaphore>,
    patience: Patience,
    proxies: Vec<IpNet>,
    local: SocketAddr,
    tls: Option<TlsAcceptor>,
}

impl<E: Endpoint<Output = Response> + 'static> Serving<E> {
    /// Accepts connections for ever. What was accepted and has no place yet is `in_hand`.
    async fn accept(&self, socket: &Socket, in_hand: &mut Option<Accepted>) {
        let mut pause = PAUSES.0;
        loop {
            match socket.accept().await {
                Ok(accepted) => {
                    pause = PAUSES.0;
                    let network = self.network(&accepted);
                    *in_hand = Some(accepted);
                    let place = self.place(network).await;
                    if let Some(accepted) = in_hand.take() {
                        self.open(accepted, place);
                    }
                }
                Err(error) if is_of_the_peer(&error) => {}
                // Out of descriptors, most likely: without a pause this would spin.
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted; it is tried again");
                    self.open.make_room(None, LAST_WORD);
                    sleep(pause).await;
                    pause = PAUSES.1.min(pause * 2);
                }
            }
        }
    }

    /// The network that a connection counts for: none if it comes by the Unix socket, or is that of a proxy.
    fn network(&self, accepted: &Accepted) -> Option<IpNet> {
        let Accepted::Tcp(_, peer) = accepted else { return None };
        let ip = peer.ip().to_canonical();
        let is_proxy = self.proxies.iter().any(|network| network.contains(&ip));
        let bits = if ip.is_ipv4() { NETWORK_BITS_V4 } else { NETWORK_BITS_V6 };
        IpNet::new(ip, bits).ok().filter(|_| !is_proxy).map(|network| network.trunc())
    }

    /// A place for one more connection: if there is none, that of another.
    async fn place(&self, newcomer: Option<IpNet>) -> OwnedSemaphorePermit {
        loop {
            let place = Arc::clone(&self.places).acquire_owned();
            if self.places.available_permits() == 0 {
                self.open.make_room(newcomer, LAST_WORD);
            }
            // When every connection had a request under way, one of them may be quiet by now.
            match timeout(LAST_WORD, place).await {
                Ok(Ok(place)) => return place,
                Ok(Err(_)) => unreachable!("the semaphore is never closed"),
                Err(_) => {}
            }
        }
    }

    /// Accepts the connections that the system holds or has begun to take, and listens no more.
    async fn accept_the_last(&self, mut in_hand: Option<Accepted>, socket: Socket) {
        let handshakes_are_under_way = socket.let_nobody_in().unwrap_or_else(|error| {
            tracing::debug!(%error, "who comes just when the server stops may be cut off");
            false
        });
        if let Some(accepted) = in_hand.take() {
            let network = self.network(&accepted);
            self.open(accepted, self.place(network).await);
        }
        if handshakes_are_under_way {
            // It ends by the time alone.
            drop(timeout(HANDSHAKE, self.accept(&socket, &mut in_hand)).await);
        }
        let waiting = socket.into_waiting().map_err(|error| {
            tracing::debug!(%error, "who waited when the server stopped is cut off");
        });
        for accepted in in_hand.into_iter().chain(waiting.into_iter().flatten()) {
            let network = self.network(&accepted);
            self.open(accepted, self.place(network).await);
        }
    }

    fn open(&self, accepted: Accepted, place: OwnedSemaphorePermit) {
        let peer = Peer { local: self.local, remote: accepted.peer(), secure: self.tls.is_some() };
        let network = self.network(&accepted);
        match accepted {
            Accepted::Tcp(stream, _) => {
                // Answers are small, and written whole: to wait for more would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection was gone before it was served");
                    return;
                }
                self.spawn(stream, peer, network, place);
            }
            Accepted::Unix(stream) => self.spawn(stream, peer, network, place),
        }
    }

    fn spawn<S>(&self, stream: S, peer: Peer, network: Option<IpNet>, place: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (endpoint, tls, patience) = (Arc::clone(&self.endpoint), self.tls.clone(), self.patience);
        self.open.spawn(network, |watch, draining| async move {
            let connection = Connection { peer, endpoint, watch, draining, patience };
            let served = match tls {
                // It has much more to keep than the other.
                Some(tls) => Box::pin(connection.serve_tls(stream, &tls)).await,
                None => connection.serve(stream).await,
            };
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }

    /// Closes the connections of whoever has had their last answer, for ever.
    async fn close_what_is_quiet(&self) {
        loop {
            self.open.close_what_is_quiet(LAST_WORD);
            sleep(LOOK_EVERY_LAST).await;
        }
    }
}

#[cfg(test)]
mod tests;
