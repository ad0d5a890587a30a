//! A mail server that answers as it is told.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How the server behaves.
#[derive(Clone, Default)]
pub(crate) struct Behaviour {
    /// What it offers after EHLO.
    pub(crate) offers: Vec<&'static str>,
    /// Its answers to commands that begin with these words, instead of the usual ones. `HANG` answers
    /// nothing, `END` hangs up.
    pub(crate) answers: Vec<(&'static str, &'static str)>,
    /// TLS from the first byte.
    pub(crate) implicit_tls: bool,
}

/// A running server and what it was told.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    seen: Arc<Mutex<Seen>>,
    folder: TempDir,
}

/// What a server was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Connections that were made.
    pub(crate) connections: usize,
    /// Commands, those within TLS after a `+`.
    pub(crate) commands: Vec<String>,
    /// Mails that were taken, without the dot at their end.
    pub(crate) mails: Vec<String>,
}

impl MailServer {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let folder = tempfile::tempdir().expect("a folder");
        let tls = tls(&folder);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let noted = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                noted.lock().expect("not poisoned").connections += 1;
                let guest = Guest { behaviour: behaviour.clone(), seen: noted.clone(), tls: tls.clone() };
                tokio::spawn(async move { guest.serve(stream).await });
            }
        });
        Self { port, seen, folder }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().expect("not poisoned").clone()
    }

    /// The file of the certificate by which it can be trusted.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }
}

fn tls(folder: &TempDir) -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.path().join("certificate.pem"), made.cert.pem()).expect("it can be written");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

struct Guest {
    behaviour: Behaviour,
    seen: Arc<Mutex<Seen>>,
    tls: TlsAcceptor,
}

/// Why a talk ended.
enum End {
    HungUp,
    StartTls,
}

impl Guest {
    async fn serve(self, stream: TcpStream) {
        if self.behaviour.implicit_tls {
            if let Ok(stream) = self.tls.accept(stream).await {
                self.talk(stream, "+", true).await;
            }
            return;
        }
        let (stream, end) = self.talk(stream, "", true).await;
        if matches!(end, End::StartTls)
            && let Ok(stream) = self.tls.accept(stream).await
        {
            self.talk(stream, "+", false).await;
        }
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, mark: &str, greets: bool) -> (S, End) {
        let mut stream = BufReader::new(stream);
        if greets && !self.say(&mut stream, "GREETING", "220 mail.example ESMTP").await {
            return (stream.into_inner(), End::HungUp);
        }
        loop {
            let mut line = String::new();
            if !matches!(stream.read_line(&mut line).await, Ok(1..)) {
                return (stream.into_inner(), End::HungUp);
            }
            let line = line.trim_end();
            self.seen.lock().expect("not poisoned").commands.push(format!("{mark}{line}"));
            let usual = match line.split(' ').next().unwrap_or_default() {
                "EHLO" => self.offers(mark),
                "STARTTLS" => "220 go ahead".into(),
                "AUTH" => "235 welcome".into(),
                "DATA" => "354 go ahead".into(),
                "QUIT" => "221 bye".into(),
                _ => "250 ok".into(),
            };
            let goes_on = self.say(&mut stream, line, &usual).await;
            if !goes_on || line == "QUIT" {
                return (stream.into_inner(), End::HungUp);
            }
            if line == "STARTTLS" {
                return (stream.into_inner(), End::StartTls);
            }
            if line == "DATA" && !self.is_refused("DATA") && !self.take_mail(&mut stream).await {
                return (stream.into_inner(), End::HungUp);
            }
        }
    }

    fn offers(&self, mark: &str) -> String {
        // Within TLS there is no second TLS.
        let offers = self.behaviour.offers.iter().filter(|offer| mark.is_empty() || **offer != "STARTTLS");
        let lines = offers.map(|offer| format!("250-{offer}\r\n")).collect::<String>();
        format!("250-mail.example\r\n{lines}250 HELP")
    }

    fn is_refused(&self, command: &str) -> bool {
        self.behaviour.answers.iter().any(|(word, _)| *word == command)
    }

    async fn take_mail<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut BufReader<S>) -> bool {
        let mut mail = String::new();
        loop {
            let start = mail.len();
            if !matches!(stream.read_line(&mut mail).await, Ok(1..)) {
                return false;
            }
            if &mail[start..] == ".\r\n" {
                mail.truncate(start);
                break;
            }
        }
        if !self.is_refused("MAIL-END") {
            self.seen.lock().expect("not poisoned").mails.push(mail);
        }
        self.say(stream, "MAIL-END", "250 2.0.0 queued").await
    }

    /// Answers a command; `false` when the talk is over.
    async fn say<S: AsyncWrite + Unpin>(&self, stream: &mut S, command: &str, usual: &str) -> bool {
        let own = self.behaviour.answers.iter().find(|(word, _)| command.starts_with(word));
        match own.map_or(usual, |(_, answer)| answer) {
            "END" => false,
            "HANG" => {
                tokio::time::sleep(Duration::from_secs(86_400)).await;
                false
            }
            answer => stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_ok(),
        }
    }
}
