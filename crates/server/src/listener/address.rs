//! Where the server listens.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::umask;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use crate::listener::newcomers;

/// How many connections the system may hold for us until they are accepted.
const BACKLOG: u32 = 1024;
/// Only the user of the server and its group may connect to its Unix socket: its mode is 660.
const SOCKET_UMASK: Mode = Mode::from_raw_mode(0o117);
/// Where whoever connects by a Unix socket is: on this machine.
const SAME_MACHINE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// An address and a port.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl Address {
    /// An address and a port, which is not left to the system to choose, or `unix:` and a path.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("unix:") {
            Some("") => None,
            Some(path) => Some(Self::Unix(path.into())),
            None => text.parse().ok().filter(|address: &SocketAddr| address.port() != 0).map(Self::Tcp),
        }
    }

    /// The port; none of a Unix socket.
    pub(crate) const fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(address) => Some(address.port()),
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A socket that listens.
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// A connection that was accepted.
pub(super) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

/// The file of a Unix socket, which goes when nobody listens any more.
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and number, which tell it from another that stands there by now.
    id: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.into(), id: id(&fs::symlink_metadata(path)?) })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| id(&found) == self.id) {
            // Somebody else may remove it meanwhile.
            drop(fs::remove_file(&self.path));
        }
    }
}

fn id(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

impl Socket {
    pub(super) async fn bind(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(address) => bind_tcp(*address).map(Self::Tcp),
            Address::Unix(path) => {
                remove_stale(path).await?;
                // From the first moment on; nothing else makes files while the server starts to listen.
                let before = umask(SOCKET_UMASK);
                let socket = UnixListener::bind(path);
                umask(before);
                Ok(Self::Unix(socket?, SocketFile::of(path)?))
            }
        }
    }

    /// The address of this end, as requests are told.
    pub(super) fn local(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr(),
            Self::Unix(..) => Ok(SAME_MACHINE),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(socket) => socket.accept().await.map(|(stream, peer)| Accepted::Tcp(stream, peer)),
            Self::Unix(socket, _) => socket.accept().await.map(|(stream, _)| Accepted::Unix(stream)),
        }
    }

    /// Lets no newcomer in, and says whether some may be on their way in.
    ///
    /// # Errors
    /// Where the system cannot: whoever comes in the moment before nobody listens is cut off.
    pub(super) fn let_nobody_in(&self) -> io::Result<bool> {
        match self {
            Self::Tcp(socket) => newcomers::pass_over(socket).map(|()| true),
            Self::Unix(socket, _) => newcomers::refuse(socket).map(|()| false),
        }
    }

    /// The connections that the system holds; after them nobody listens any more.
    pub(super) fn into_waiting(self) -> io::Result<Waiting> {
        match self {
            Self::Tcp(socket) => socket.into_std().map(Waiting::Tcp),
            Self::Unix(socket, file) => {
                // Whoever comes now finds nobody, and does not wait.
                drop(file);
                socket.into_std().map(Waiting::Unix)
            }
        }
    }
}

/// The connections that the system holds for us.
pub(super) enum Waiting {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener),
}

impl Iterator for Waiting {
    type Item = Accepted;

    fn next(&mut self) -> Option<Accepted> {
        loop {
            match self.accept() {
                Ok(accepted) => return Some(accepted),
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) => {
                    tracing::debug!(%error, "who waited when the server stopped may be cut off");
                    return None;
                }
            }
        }
    }
}

impl Waiting {
    fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(socket) => socket.accept().and_then(|(stream, peer)| {
                stream.set_nonblocking(true)?;
                Ok(Accepted::Tcp(TcpStream::from_std(stream)?, peer))
            }),
            Self::Unix(socket) => socket.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(true)?;
                UnixStream::from_std(stream).map(Accepted::Unix)
            }),
        }
    }
}

/// Whether the peer has ended its connection before it was accepted.
pub(super) fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

impl Accepted {
    /// The address of the peer, as requests are told.
    pub(super) const fn peer(&self) -> SocketAddr {
        match self {
            Self::Tcp(_, peer) => *peer,
            Self::Unix(_) => SAME_MACHINE,
        }
    }
}

/// Listens at an address that a server which has just stopped does not keep.
fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Removes the socket that a server left which did not stop in order.
async fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"))
        }
        // Only a refusal says that nobody listens: a server may be busy, or not let us in.
        Ok(_) => match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
            _ => Err(io::ErrorKind::AddrInUse.into()),
        },
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port_or_is_a_path() {
        for text in ["127.0.0.1:8080", "[::1]:80", "0.0.0.0:443", "unix:/run/registry.sock", "unix:registry.sock"] {
            assert_eq!(Address::parse(text).map(|address| address.to_string()).as_deref(), Some(text));
        }
        for text in ["", "8080", "127.0.0.1", "127.0.0.1:0", "localhost:8080", "unix:", "/run/registry.sock"] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn a_socket_that_nobody_listens_at_makes_room_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.sock");
        let address = Address::Unix(path.clone());
        let first = Socket::bind(&address).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o660);
        assert_eq!(Socket::bind(&address).await.err().unwrap().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(!path.exists());
        // What stands there by now belongs to another.
        let first = Socket::bind(&address).await.unwrap();
        fs::remove_file(&path).unwrap();
        let second = Socket::bind(&address).await.unwrap();
        drop(first);
        assert!(path.exists());
        drop(second);
        // Such as one whose process was killed.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(Socket::bind(&address).await.unwrap());
        fs::write(&path, "a file of somebody").unwrap();
        assert_eq!(Socket::bind(&address).await.err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a file of somebody");
    }
}
