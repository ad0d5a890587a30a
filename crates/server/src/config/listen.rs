//! Where the server listens, with which certificate, and where it is reached.

use crate::config::checked::Check;
use crate::listener::address::Address;
use crate::listener::tls::CertificateFiles;

impl Check<'_> {
    /// The port is part of the public URL, so none is left to the system to choose.
    pub(super) fn listen(&mut self) -> Option<Address> {
        let sentence = "an address and a port from 1 to 65535, such as 127.0.0.1:8080, or unix: and a path";
        Address::parse(self.raw.get("listen")).or_else(|| self.refuse("listen", sentence))
    }

    pub(super) fn public_url(
        &mut self,
        listen: Option<&Address>,
        tls: Option<&Option<CertificateFiles>>,
    ) -> Option<String> {
        let given = self.raw.get("public_url").trim_end_matches('/');
        if !given.is_empty() {
            return Some(given.into());
        }
        let scheme = if tls?.is_some() { "https" } else { "http" };
        match listen? {
            Address::Tcp(address) if address.ip().is_unspecified() => {
                self.refuse("public_url", "given when listening on all addresses")
            }
            Address::Tcp(address) => Some(format!("{scheme}://{address}")),
            Address::Unix(_) => self.refuse("public_url", "given when listening at a Unix socket"),
        }
    }

    /// A certificate is nothing without its key, and the other way round.
    pub(super) fn tls(&mut self) -> Option<Option<CertificateFiles>> {
        match (self.raw.get("tls_certificate"), self.raw.get("tls_key")) {
            ("", "") => Some(None),
            ("", _) => self.refuse("tls_certificate", "given with tls_key"),
            (_, "") => self.refuse("tls_key", "given with tls_certificate"),
            // Somebody may give the key itself, or both in one, in the place of a file.
            (certificate, _) if is_pem(certificate) => self.refuse("tls_certificate", "the path of a file"),
            (_, key) if is_pem(key) => self.refuse("tls_key", "the path of a file"),
            (certificate, key) => Some(Some(CertificateFiles { certificate: certificate.into(), key: key.into() })),
        }
    }

    pub(super) fn pages(
        &mut self,
        public_url: Option<&str>,
        listen: Option<&Address>,
        tls: bool,
    ) -> Option<web_ui::options::Options> {
        let insecure = self.one_of("allow_insecure_http", &[("true", true), ("false", false)])?;
        match web_ui::options::Options::new(public_url?, listen?.port(), insecure) {
            Ok(options) => Some(if tls { options.by_tls() } else { options }),
            Err(error) => {
                self.wrong.push(format!("The setting public_url does not hold: {error}."));
                None
            }
        }
    }
}

fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN") || text.contains('\n')
}
