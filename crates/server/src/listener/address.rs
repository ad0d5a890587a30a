//! Where the server listens.

use std::fmt;
use std::fs::{self, Permissions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

/// How many connections the system may hold for us until they are accepted.
const BACKLOG: u32 = 1024;
/// The user of the server and its group may connect to its Unix socket.
const SOCKET_MODE: u32 = 0o660;
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
pub(super) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone already.
        drop(fs::remove_file(&self.0));
    }
}

impl Socket {
    pub(super) fn bind(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(address) => bind_tcp(*address).map(Self::Tcp),
            Address::Unix(path) => {
                remove_stale(path)?;
                let socket = UnixListener::bind(path)?;
                let file = SocketFile(path.clone());
                fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
                Ok(Self::Unix(socket, file))
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

    /// The connections that the system holds; after them nobody listens any more.
    pub(super) fn into_waiting(self) -> io::Result<Waiting> {
        match self {
            Self::Tcp(socket) => socket.into_std().map(Waiting::Tcp),
            Self::Unix(socket, file) => socket.into_std().map(|socket| Waiting::Unix { socket, _file: file }),
        }
    }
}

/// The connections that the system holds for us.
pub(super) enum Waiting {
    Tcp(std::net::TcpListener),
    Unix { socket: std::os::unix::net::UnixListener, _file: SocketFile },
}

impl Iterator for Waiting {
    type Item = Accepted;

    fn next(&mut self) -> Option<Accepted> {
        let accepted = match self {
            Self::Tcp(socket) => socket.accept().and_then(|(stream, peer)| {
                stream.set_nonblocking(true)?;
                Ok(Accepted::Tcp(TcpStream::from_std(stream)?, peer))
            }),
            Self::Unix { socket, .. } => socket.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(true)?;
                UnixStream::from_std(stream).map(Accepted::Unix)
            }),
        };
        accepted.ok()
    }
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
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"))
        }
        Ok(_) if StdUnixStream::connect(path).is_ok() => Err(io::ErrorKind::AddrInUse.into()),
        Ok(_) => fs::remove_file(path),
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
        let first = Socket::bind(&address).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, SOCKET_MODE);
        assert_eq!(Socket::bind(&address).err().unwrap().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(!path.exists());
        // Such as one whose process was killed.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(Socket::bind(&address).unwrap());
        fs::write(&path, "a file of somebody").unwrap();
        assert_eq!(Socket::bind(&address).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a file of somebody");
    }
}
