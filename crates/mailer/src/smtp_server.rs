//! The mail server that takes the letters, as one URL tells it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

/// A mail server. Its password hides itself in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    pub(crate) login: Option<(String, String)>,
    pub(crate) authority: Option<PathBuf>,
}

/// How the way to the server is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// TLS from the first byte.
    Implicit,
    /// TLS by STARTTLS, or no letter goes out.
    StartTls,
    /// Not at all.
    Plain,
}

impl SmtpServer {
    /// Reads `smtps://user:password@host:port` (TLS from the start; port 465 unless said) or `smtp://…`
    /// (STARTTLS; port 587 unless said). To this machine `smtp://` is plain (port 25 unless said), and
    /// elsewhere only with `?tls=none`; `?tls=required` asks for STARTTLS here, too. `?ca=` names a file of
    /// certificates (PEM) that are trusted beside those of the system.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(text).map_err(|_| SmtpUrlError::NotAServer)?;
        let host =
            url.host_str().filter(|host| !host.is_empty() && !host.contains('%')).ok_or(SmtpUrlError::NotAServer)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SmtpUrlError::NotAServer);
        }
        let (mut tls, mut authority) = (None, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "tls" => tls = Some(value.into_owned()),
                "ca" if !value.is_empty() => authority = Some(PathBuf::from(&*value)),
                _ => return Err(SmtpUrlError::Option),
            }
        }
        let security = security(url.scheme(), tls.as_deref(), is_this_machine(host))?;
        let login = login(&url)?;
        if security == Security::Plain && login.is_some() && !is_this_machine(host) {
            return Err(SmtpUrlError::PlainPassword);
        }
        let usual = match security {
            Security::Implicit => 465,
            Security::StartTls => 587,
            Security::Plain => 25,
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port().unwrap_or(usual), security, login, authority })
    }
}

impl fmt::Display for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.security {
            Security::Implicit => "TLS",
            Security::StartTls => "STARTTLS",
            Security::Plain => "no TLS",
        };
        write!(f, "{}, port {}, with {how}", self.host, self.port)
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpServer({self})")
    }
}

/// Why a URL names no mail server. It never repeats the URL, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SmtpUrlError {
    /// It has not the shape.
    #[error("it must be smtp:// or smtps://, a user and a password where they are needed, and a host, without a path")]
    NotAServer,
    /// It has a user without a password, or the other way round.
    #[error("a user and a password go together; write what is not a letter or a digit as %XX")]
    Login,
    /// It says something that is not known.
    #[error("after its host it may say tls=required or tls=none (smtp:// only), and ca= with a file")]
    Option,
    /// A password would cross the network in the open.
    #[error("a password is not sent without TLS beyond this machine")]
    PlainPassword,
}

fn security(scheme: &str, tls: Option<&str>, this_machine: bool) -> Result<Security, SmtpUrlError> {
    match (scheme, tls) {
        ("smtps", None) => Ok(Security::Implicit),
        ("smtp", None) if this_machine => Ok(Security::Plain),
        ("smtp", None | Some("required")) => Ok(Security::StartTls),
        ("smtp", Some("none")) => Ok(Security::Plain),
        ("smtp" | "smtps", Some(_)) => Err(SmtpUrlError::Option),
        _ => Err(SmtpUrlError::NotAServer),
    }
}

fn login(url: &Url) -> Result<Option<(String, String)>, SmtpUrlError> {
    let decoded = |text| percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| SmtpUrlError::Login);
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() && !password.is_empty() => {
            Ok(Some((decoded(user)?, decoded(password)?)))
        }
        _ => Err(SmtpUrlError::Login),
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_tells_host_port_and_how_it_is_kept_secret() {
        for (url, shown) in [
            ("smtps://mail.example", "mail.example, port 465, with TLS"),
            ("smtp://mail.example", "mail.example, port 587, with STARTTLS"),
            ("smtp://mail.example:2525/?tls=required", "mail.example, port 2525, with STARTTLS"),
            ("smtp://mail.example?tls=none", "mail.example, port 25, with no TLS"),
            ("smtp://localhost:1025", "localhost, port 1025, with no TLS"),
            ("smtp://[::1]", "::1, port 25, with no TLS"),
            ("smtp://127.0.0.1?tls=required", "127.0.0.1, port 587, with STARTTLS"),
        ] {
            assert_eq!(SmtpServer::parse(url).unwrap().to_string(), shown, "{url}");
        }
    }

    #[test]
    fn a_password_is_decoded_and_hides_itself() {
        let server =
            SmtpServer::parse("smtps://ada%40example.org:c%40nary%3A%2F@mail.example?ca=/etc/own.pem").unwrap();
        assert_eq!(server.login, Some(("ada@example.org".into(), "c@nary:/".into())));
        assert_eq!(server.authority, Some("/etc/own.pem".into()));
        assert!(!format!("{server:?} {server}").contains("nary"));
    }

    #[test]
    fn a_url_that_does_not_hold_is_told_without_its_password() {
        for (url, why) in [
            ("", SmtpUrlError::NotAServer),
            ("mail.example:25", SmtpUrlError::NotAServer),
            ("http://mail.example", SmtpUrlError::NotAServer),
            ("smtp://", SmtpUrlError::NotAServer),
            ("smtp://mail.example/path", SmtpUrlError::NotAServer),
            ("smtps://bücher.example", SmtpUrlError::NotAServer),
            ("smtp://mail.example?tls=maybe", SmtpUrlError::Option),
            ("smtps://mail.example?tls=none", SmtpUrlError::Option),
            ("smtp://mail.example?x=y", SmtpUrlError::Option),
            ("smtps://ada@mail.example", SmtpUrlError::Login),
            ("smtps://:canary@mail.example", SmtpUrlError::Login),
            ("smtp://ada:canary@mail.example?tls=none", SmtpUrlError::PlainPassword),
        ] {
            let error = SmtpServer::parse(url).unwrap_err();
            assert_eq!(error, why, "{url}");
            assert!(!error.to_string().contains("canary"));
        }
    }
}
