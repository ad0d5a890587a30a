//! How the system is told to take no more connections for a socket, while those that it has taken are still accepted.
//!
//! To close a socket that listens resets every connection that the system has taken meanwhile, whose peers may have
//! sent requests already: between the last accept and the close there is always time for one.

use std::io;
use std::net::Shutdown;

use socket2::SockRef;
use tokio::net::{TcpListener, UnixListener};

/// Passes over who asks for a connection by TCP, and lets those in whose handshake is under way.
///
/// Whoever is passed over asks again after a second, as for a lost packet, and is refused then if nobody listens.
///
/// # Errors
/// Where the system has no such filters.
#[cfg(target_os = "linux")]
pub(super) fn pass_over(socket: &TcpListener) -> io::Result<()> {
    SockRef::from(socket).attach_filter(&linux::without_first_segments())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn pass_over(_socket: &TcpListener) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Refuses who comes to a Unix socket from now on.
///
/// # Errors
/// Those of the system.
pub(super) fn refuse(socket: &UnixListener) -> io::Result<()> {
    SockRef::from(socket).shutdown(Shutdown::Read)
}

#[cfg(target_os = "linux")]
mod linux {
    use libc::{BPF_ABS, BPF_ALU, BPF_AND, BPF_B, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET};
    use socket2::SockFilter;

    /// Where a segment of TCP has its flags (RFC 9293, section 3.1): a filter sees it from its header on.
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    /// How much of a segment is kept: all of it, or nothing.
    const ALL: u32 = u32::MAX;
    const NOTHING: u32 = 0;

    /// A filter that drops the first segment of each handshake: SYN without ACK.
    pub(super) fn without_first_segments() -> [SockFilter; 5] {
        [
            step(BPF_LD | BPF_B | BPF_ABS, FLAGS, (0, 0)),
            step(BPF_ALU | BPF_AND | BPF_K, SYN | ACK, (0, 0)),
            step(BPF_JMP | BPF_JEQ | BPF_K, SYN, (0, 1)),
            step(BPF_RET | BPF_K, NOTHING, (0, 0)),
            step(BPF_RET | BPF_K, ALL, (0, 0)),
        ]
    }

    /// One step, and how many it passes over if its condition holds and if it does not.
    fn step(code: u32, operand: u32, passes_over: (u8, u8)) -> SockFilter {
        let code = u16::try_from(code).expect("codes of steps have 16 bits");
        SockFilter::new(code, passes_over.0, passes_over.1, operand)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use tokio::net::{TcpStream, UnixStream};
    use tokio::time::timeout;

    use crate::listener::address::{Address, Socket};

    const SHORT: Duration = Duration::from_millis(300);

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn who_comes_by_tcp_too_late_is_not_let_in_and_who_was_in_time_is() {
        let socket = Socket::bind(&Address::Tcp((Ipv4Addr::LOCALHOST, 0).into())).await.unwrap();
        let address = socket.local().unwrap();
        let in_time = TcpStream::connect(address).await.unwrap();
        assert!(socket.let_nobody_in().unwrap(), "the end of a handshake is yet to come");
        let late = tokio::spawn(TcpStream::connect(address));
        let accepted = socket.accept().await.unwrap();
        assert_eq!(accepted.peer(), in_time.local_addr().unwrap());
        assert!(timeout(SHORT, socket.accept()).await.is_err());
        assert!(!late.is_finished(), "it is neither let in nor refused");
        assert_eq!(socket.into_waiting().unwrap().count(), 0);
        // Before it asks again, when another test may listen there.
        late.abort();
    }

    #[tokio::test]
    async fn who_comes_to_a_unix_socket_too_late_is_refused_and_who_was_in_time_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.sock");
        let socket = Socket::bind(&Address::Unix(path.clone())).await.unwrap();
        let _in_time = UnixStream::connect(&path).await.unwrap();
        assert!(!socket.let_nobody_in().unwrap(), "whoever is let in is let in at once");
        let late = UnixStream::connect(&path).await;
        assert_eq!(late.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
        assert_eq!(socket.into_waiting().unwrap().count(), 1);
    }
}
