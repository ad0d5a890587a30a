//! A mail server that takes letters by SMTP.
//!
//! The dialogue is led here, step by step, because what a refusal means depends on the step and on its
//! codes: a server that refuses us (no login, no TLS, no right to send, not today) may take the letter tomorrow;
//! one that refuses the recipient or the letter never will. A connection whose dialogue did not come to its end
//! is never used again: its next answer would belong to another question.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::mail::ports::NotSent;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::{Instant, timeout};

use crate::post_office::OpenError;
use crate::smtp_server::{Security, SmtpServer};

/// How long the dialogue before a letter may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the letter and the answer to it may take. A server that has the letter may look into it for long, and
/// whoever leaves before its answer sends the letter twice: RFC 5321 (section 4.5.3.2.6) asks for ten minutes. Both
/// are below the time for which a letter is claimed.
const VERDICT: Duration = Duration::from_secs(600);
/// How long the way to the server may take.
const CONNECT: Duration = Duration::from_secs(15);
/// How long a connection is kept for the next letter.
const KEPT: Duration = Duration::from_secs(20);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// A mail server.
pub(crate) struct Smtp {
    server: SmtpServer,
    hello: ClientId,
    tls: Option<TlsParameters>,
    kept: Mutex<Option<(AsyncSmtpConnection, Instant)>>,
}

impl Smtp {
    /// A client of the server that says hello with our own host.
    pub(crate) fn open(server: &SmtpServer, own_host: &str) -> Result<Self, OpenError> {
        let tls = match server.security {
            Security::Plain => None,
            Security::Implicit | Security::StartTls => Some(trust(server)?),
        };
        Ok(Self { server: server.clone(), hello: hello(own_host), tls, kept: Mutex::new(None) })
    }

    /// Hands a mail over.
    pub(crate) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), NotSent> {
        let too_long = |patience| NotSent::Now(format!("the mail server took more than {patience:?}"));
        let begun = timeout(PATIENCE, self.begin(envelope, mail)).await;
        let mut connection = begun.unwrap_or_else(|_| Err(too_long(PATIENCE)))?;
        let taken = timeout(VERDICT, connection.message(mail)).await;
        let outcome = taken.map_err(|_| too_long(VERDICT))?;
        let outcome = done(Step::Letter, outcome);
        self.end(connection, outcome.is_ok()).await;
        outcome
    }

    /// The dialogue up to the letter.
    async fn begin(&self, envelope: &Envelope, mail: &[u8]) -> Result<AsyncSmtpConnection, NotSent> {
        let mut connection = self.connection().await?;
        match announce(&mut connection, envelope, mail).await {
            Ok(()) => Ok(connection),
            Err(refused) => {
                self.end(connection, false).await;
                Err(refused)
            }
        }
    }

    /// Keeps the connection for the next letter, or takes leave.
    async fn end(&self, mut connection: AsyncSmtpConnection, went_well: bool) {
        if went_well {
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((connection, Instant::now()));
        } else if !connection.has_broken() {
            // It is only good manners: what became of the letter is known.
            let _ = timeout(FAREWELL, connection.quit()).await;
        }
    }

    /// The connection of the last letter, if it still answers, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, NotSent> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((mut connection, used)) = kept
            && used.elapsed() < KEPT
            && connection.test_connected().await
        {
            return Ok(connection);
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, NotSent> {
        let (server, hello) = (&self.server, &self.hello);
        let from_start = if server.security == Security::Implicit { self.tls.clone() } else { None };
        let address = (server.host.as_str(), server.port);
        let connection = AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), hello, from_start, None);
        let mut connection = connection.await.map_err(|error| not_sent(Step::Greeting, &error))?;
        if let (Security::StartTls, Some(tls)) = (server.security, &self.tls) {
            if !connection.can_starttls() {
                return Err(NotSent::Now("the mail server offers no STARTTLS".into()));
            }
            let upgraded = connection.starttls(tls.clone(), hello).await;
            upgraded.map_err(|error| not_sent(Step::StartTls, &error))?;
        }
        if let Some((user, password)) = &server.login {
            let credentials = Credentials::new(user.clone(), password.clone());
            let logged_in = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            logged_in.map_err(|error| not_sent(Step::Login, &error))?;
        }
        Ok(connection)
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({})", self.server)
    }
}

type SmtpError = lettre::transport::smtp::Error;

/// Says from whom and to whom the letter is, and that it comes.
async fn announce(connection: &mut AsyncSmtpConnection, envelope: &Envelope, mail: &[u8]) -> Result<(), NotSent> {
    let mut parameters = Vec::new();
    let is_international = envelope.to().iter().any(|to| !to.to_string().is_ascii());
    if is_international {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(NotSent::Ever("the mail server takes only addresses in ASCII (no SMTPUTF8)".into()));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !mail.is_ascii() {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let sender = Mail::new(envelope.from().cloned(), parameters);
    done(Step::Sender, connection.command(sender).await)?;
    for to in envelope.to() {
        done(Step::Recipient, connection.command(Rcpt::new(to.clone(), Vec::new())).await)?;
    }
    done(Step::Data, connection.command(Data).await)
}

fn done(step: Step, answer: Result<Response, SmtpError>) -> Result<(), NotSent> {
    answer.map(|_| ()).map_err(|error| not_sent(step, &error))
}

/// Where a dialogue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Greeting,
    StartTls,
    Login,
    Sender,
    Recipient,
    Data,
    Letter,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "the greeting",
            Self::StartTls => "STARTTLS",
            Self::Login => "the login",
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
            Self::Data => "DATA",
            Self::Letter => "the letter",
        }
    }
}

/// What an error means for the letter. Once the server knows whom the letter is for, its words may repeat the
/// address, the link or the token; then only its codes are told.
fn not_sent(step: Step, error: &SmtpError) -> NotSent {
    let Some(code) = error.status() else {
        let what = if step < Step::Recipient { format!(": {error}") } else { kind_of(error).into() };
        return NotSent::Now(format!("the dialogue with the mail server broke at {}{what}", step.name()));
    };
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let enhanced = enhanced_code(&words);
    let shown = enhanced.map_or_else(|| code.to_string(), |enhanced| format!("{code} {enhanced}"));
    let mut reason = format!("the mail server answered {shown} to {}", step.name());
    if step < Step::Recipient {
        let words = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200);
        reason = format!("{reason}: {}", words.collect::<String>());
    }
    let is_about_us = step < Step::Recipient || is_about_us(&code.to_string(), enhanced);
    if error.is_permanent() && !is_about_us { NotSent::Ever(reason) } else { NotSent::Now(reason) }
}

/// Whether a refusal from the recipient on is one of us, which the operator can mend.
///
/// Some codes want us to log in first (RFC 4954). Of the enhanced codes (RFC 3463), 5.1.7 and 5.1.8 are about the
/// sender, and 5.7.x are about security and policy: Postfix answers the recipient so when it refuses our host or our
/// sender, and others answer the letter so when SPF or DKIM fail. Some servers mean the recipient or the text by them.
/// Such a letter is tried for a day in vain, which costs less than every letter that one wrong rule would lose.
fn is_about_us(code: &str, enhanced: Option<&str>) -> bool {
    ["530", "534", "535", "538"].contains(&code)
        || enhanced.is_some_and(|enhanced| matches!(enhanced, "5.1.7" | "5.1.8") || enhanced.starts_with("5.7."))
}

/// How a dialogue broke, without a word of the server's.
fn kind_of(error: &SmtpError) -> &'static str {
    if error.is_response() {
        ": its answer cannot be read"
    } else if error.is_timeout() {
        ": it took too long"
    } else if error.is_tls() {
        ": TLS failed"
    } else {
        ""
    }
}

/// The enhanced status code (RFC 3463) at the beginning of an answer.
fn enhanced_code(words: &str) -> Option<&str> {
    let first = words.split_whitespace().next()?;
    let mut numbers = first.split('.');
    let is_number = |number: &str| (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    (numbers.clone().count() == 3 && numbers.all(is_number)).then_some(first)
}

fn hello(own_host: &str) -> ClientId {
    let bare = own_host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse() {
        Ok(std::net::IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(std::net::IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(own_host.into()),
    }
}

/// The certificates of the system, and the operator's own.
fn trust(server: &SmtpServer) -> Result<TlsParameters, OpenError> {
    let path = server.authority.as_ref().map_or_else(|| "the system".into(), |path| path.display().to_string());
    let failed = |error: &dyn fmt::Display| OpenError::Certificates(path.clone(), error.to_string());
    let mut parameters = TlsParameters::builder(server.host.clone());
    if let Some(path) = &server.authority {
        let pem = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        // The library takes a file without any for a file of none.
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(failed(&"it holds no certificate"));
        }
        let certificate = Certificate::from_pem(pem.as_bytes()).map_err(|error| failed(&error))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters.build().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enhanced_code_is_three_numbers() {
        for (words, code) in [
            ("5.1.1 <ada@example.org> unknown", Some("5.1.1")),
            ("4.7.0", Some("4.7.0")),
            ("https://a.b.c", None),
            ("urm.1.2", None),
            ("5.1.1234 x", None),
            ("", None),
        ] {
            assert_eq!(enhanced_code(words), code, "{words}");
        }
    }
}
