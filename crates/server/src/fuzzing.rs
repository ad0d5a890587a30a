//! What must hold whatever proxies and operators write. A program has no parsers for others to call, so libFuzzer cannot
//! try them: they run in the short form, and in one that is as long as its runs.

use std::net::IpAddr;

use fuzz::short_form;
use poem::http::{HeaderMap, HeaderValue};

use crate::cli::flags::Flags;
use crate::client_address::{ForwardedField, TrustedProxies};
use crate::config::raw;
use crate::listener::address::Address;

#[test]
fn no_field_makes_a_client_of_somebody_who_is_not_named() {
    client_address(short_form::MADE);
}

#[test]
fn no_configuration_tells_its_secret() {
    configuration(short_form::MADE);
}

#[test]
fn an_address_to_listen_at_reads_back() {
    listen(short_form::MADE);
}

/// The long form: `make fuzz` runs it.
mod long {
    const MANY: usize = 10_000_000;

    #[test]
    #[ignore = "it takes minutes: make fuzz runs it"]
    fn client_address() {
        super::client_address(MANY);
    }

    #[test]
    #[ignore = "it takes minutes: make fuzz runs it"]
    fn configuration() {
        super::configuration(MANY);
    }

    #[test]
    #[ignore = "it takes minutes: make fuzz runs it"]
    fn listen() {
        super::listen(MANY);
    }
}

/// The client is the peer, or somebody whom the field names; whom nobody trusts, nobody believes.
fn client_address(inputs: usize) {
    let (proxy, stranger) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([203, 0, 113, 9]));
    for (field, name) in [(ForwardedField::XForwardedFor, "x-forwarded-for"), (ForwardedField::Forwarded, "forwarded")]
    {
        let proxies = TrustedProxies { networks: vec!["10.0.0.0/8".parse().unwrap()], field };
        short_form::run_for("client_address", inputs, |data| {
            let Ok(line) = HeaderValue::from_bytes(data) else { return };
            let mut headers = HeaderMap::new();
            headers.append(name, line);
            assert_eq!(proxies.client(stranger, &headers), stranger);
            let client = proxies.client(proxy, &headers);
            let words = data.split(|byte| !byte.is_ascii_hexdigit() && !matches!(byte, b'.' | b':'));
            let named = |word: &[u8]| {
                let word = str::from_utf8(word).unwrap();
                let without_port = word.rsplit_once(':').map_or(word, |(ip, _)| ip);
                [word, without_port].iter().any(|ip| ip.parse().is_ok_and(|ip: IpAddr| ip.to_canonical() == client))
            };
            assert!(client == proxy || words.into_iter().any(named), "{client}");
        });
    }
}

/// Neither a refusal nor what is shown of the settings repeats a secret, whatever stands beside it.
fn configuration(inputs: usize) {
    const CANARY: &str = "canary-in-the-coal-mine";
    // In memory, where there is such a folder: a file of a disk that is written over again waits for it.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let file = folder.path().join("registry.toml");
    short_form::run_for("configuration", inputs, |data| {
        let secret = format!("secret = \"{CANARY}\"\n");
        std::fs::write(&file, [secret.as_bytes(), data].concat()).unwrap();
        let flags = Flags { config: Some(file.clone()), ..Flags::default() };
        let told = match raw::read(&flags, Vec::new()) {
            Ok(settings) => settings.shown(|_| None),
            Err(wrong) => wrong.join("\n"),
        };
        assert!(!told.is_empty() && !told.contains(CANARY), "{told}");
    });
}

/// An address is shown as it will be read.
fn listen(inputs: usize) {
    short_form::run_for("listen", inputs, |data| {
        let Some(address) = Address::parse(&String::from_utf8_lossy(data)) else { return };
        assert_ne!(address.port(), Some(0));
        assert_eq!(Address::parse(&address.to_string()), Some(address));
    });
}
