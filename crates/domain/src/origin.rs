//! Where a request comes from: by which request, from which address, on which device.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::accounts::locale::Locale;
use crate::ids::RequestId;
use crate::ports::secrets::{SecretDigest, SecretKeeper, SecretPurpose};
use crate::sessions::known_browser::KnownBrowser;

/// The most characters of a device's name.
const MAX_DEVICE: usize = 64;
/// How many languages of one field are looked at.
const MOST_LANGUAGES: usize = 20;

/// How many bits of an IPv4 and of an IPv6 address name its network: what one customer gets, as a rule.
pub const NETWORK_BITS_V4: u8 = 24;
/// See [`NETWORK_BITS_V4`].
pub const NETWORK_BITS_V6: u8 = 48;

/// Where a request comes from, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The request.
    pub request: Option<RequestId>,
    /// The address that it comes from.
    pub address: Option<ClientAddress>,
    /// What it was sent with.
    pub device: Option<Device>,
    /// The browser, where an account has signed in with it before.
    pub browser: Option<KnownBrowser>,
    /// The language that whoever sent it reads best.
    pub language: Option<Locale>,
}

impl Origin {
    /// A request of which nothing else is known.
    #[must_use]
    pub const fn request(request: RequestId) -> Self {
        Self { request: Some(request), address: None, device: None, browser: None, language: None }
    }

    /// The same, with what the fields `User-Agent` and `Accept-Language` say.
    #[must_use]
    pub fn with_fields(self, user_agent: Option<&str>, accept_language: Option<&str>) -> Self {
        let device = user_agent.and_then(Device::of_user_agent);
        Self { device, language: accept_language.and_then(best_language), ..self }
    }

    /// The network of the address.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        self.address.as_ref().map(ClientAddress::network)
    }
}

/// The address of a client. Beyond the request it lives on as a keyed hash and a [`Network`] only.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientAddress {
    ip: IpAddr,
    digest: SecretDigest,
}

impl ClientAddress {
    /// An address; one of IPv4 inside IPv6 (RFC 4291, section 2.5.5.2) is that of IPv4.
    #[must_use]
    pub fn new(ip: IpAddr, keeper: &dyn SecretKeeper) -> Self {
        let ip = ip.to_canonical();
        Self { ip, digest: keeper.digest_for(SecretPurpose::AuditAddress, &ip.to_string()) }
    }

    /// An address whose keyed hash is known already.
    #[must_use]
    pub const fn with_digest(ip: IpAddr, digest: SecretDigest) -> Self {
        Self { ip: ip.to_canonical(), digest }
    }

    /// The address itself.
    #[must_use]
    pub const fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Its keyed hash: two events of one address can be told to be so, and nobody learns the address.
    #[must_use]
    pub const fn digest(&self) -> &SecretDigest {
        &self.digest
    }

    /// Its network: the /24 of IPv4, the /48 of IPv6.
    #[must_use]
    pub fn network(&self) -> Network {
        match self.ip {
            IpAddr::V4(_) => Network(self.prefix(NETWORK_BITS_V4.into())),
            IpAddr::V6(_) => Network(self.prefix(NETWORK_BITS_V6.into())),
        }
    }

    /// Its first bits, as a network is written (RFC 4632, RFC 5952).
    #[must_use]
    pub fn prefix(&self, bits: u32) -> String {
        match self.ip {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
                format!("{}/{bits}", Ipv4Addr::from_bits(ip.to_bits() & mask))
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
                format!("{}/{bits}", Ipv6Addr::from_bits(ip.to_bits() & mask))
            }
        }
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientAddress").field(&self.network().as_str()).finish()
    }
}

macro_rules! text_value {
    ($($(#[$doc:meta])* $name:ident, such as $example:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The one that a row holds.
            #[must_use]
            pub fn restore(value: impl Into<String>) -> Self {
                Self(value.into())
            }

            #[doc = concat!("As text, such as `", $example, "`.")]
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text_value! {
    /// The network of an address: coarse enough to be kept, fine enough for a user to know their own.
    Network, such as "203.0.113.0/24";
    /// What a request was sent with, in words that a person knows it by. A client says it of itself, so
    /// nothing may rest on it.
    Device, such as "Firefox, Windows";
}

/// Browsers by what stands in their `User-Agent`, the more telling first: nearly all say that they are
/// the ones after them, too.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems by what stands in the same field, again the more telling first.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

impl Device {
    /// The device by the field `User-Agent` (RFC 9110, section 10.1.5): browser and system of what looks like
    /// a browser, else the first product without its version. `None` when the field says nothing.
    #[must_use]
    pub fn of_user_agent(field: &str) -> Option<Self> {
        let named =
            |table: &[(&str, &'static str)]| table.iter().find(|(sign, _)| field.contains(sign)).map(|(_, name)| *name);
        let name = match (field.starts_with("Mozilla/"), named(&BROWSERS), named(&SYSTEMS)) {
            (true, Some(browser), Some(system)) => format!("{browser}, {system}"),
            (true, Some(browser), None) => browser.to_owned(),
            _ => {
                let product = field.split(['/', ' ']).next().unwrap_or_default();
                let is_token = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
                product.chars().take_while(is_token).take(MAX_DEVICE).collect()
            }
        };
        (!name.is_empty()).then_some(Self(name))
    }
}

/// The language of an `Accept-Language` (RFC 9110, section 12.5.4) that is liked best; of several the first.
fn best_language(field: &str) -> Option<Locale> {
    let weighed = field.split(',').take(MOST_LANGUAGES).filter_map(|item| {
        let (tag, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
        (weight > 0.0).then_some((weight, Locale::parse(tag.trim()).ok()?))
    });
    let best = weighed.fold(None::<(f32, Locale)>, |best, item| match best {
        Some(best) if best.0 >= item.0 => Some(best),
        _ => Some(item),
    });
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(ip: &str) -> ClientAddress {
        ClientAddress::with_digest(ip.parse().expect("an address"), SecretDigest::restore("d"))
    }

    #[test]
    fn the_network_is_the_first_bits_of_the_address() {
        for (ip, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("::1", "::/48"),
        ] {
            assert_eq!(address(ip).network().as_str(), network, "{ip}");
        }
        assert_eq!(address("203.0.113.77").prefix(32), "203.0.113.77/32");
        assert_eq!(address("203.0.113.77").prefix(0), "0.0.0.0/0");
        assert_eq!(address("2001:db8:1:2:3:4:5:6").prefix(64), "2001:db8:1:2::/64");
        assert_eq!(address("2001:db8:1:2:3:4:5:6").prefix(0), "::/0");
    }

    #[test]
    fn an_address_is_not_in_its_debug() {
        let shown = format!("{:?}", Origin { address: Some(address("203.0.113.77")), ..Origin::default() });
        assert!(!shown.contains(".77") && shown.contains("203.0.113.0/24"), "{shown}");
    }

    #[test]
    fn the_language_is_the_one_that_is_liked_best() {
        for (field, language) in [
            ("es", Some("es")),
            ("en-GB,en;q=0.9", Some("en-GB")),
            ("fr;q=0, de;q=0.5, pt-BR;q=0.8, es;q=0.8", Some("pt-BR")),
            ("*, es;q=0.1", Some("es")),
            ("es_MX, EN-gb;q=0.9, en;q=0.8", Some("en-GB")),
            ("", None),
            ("x", None),
            ("<script>, en\r\nX: y", None),
            ("en;q=x", None),
            (&"a".repeat(36), None),
        ] {
            assert_eq!(best_language(field).as_ref().map(Locale::as_str), language, "{field}");
        }
    }

    #[test]
    fn a_device_is_named_as_people_know_it() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        for (field, name) in [
            (format!("{windows} Gecko/20100101 Firefox/140.0"), "Firefox, Windows"),
            (format!("{windows} AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"), "Chrome, Windows"),
            (format!("{windows} AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0"), "Edge, Windows"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1".into(),
                "Safari, iPhone",
            ),
            ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36".into(), "Chrome, Android"),
            ("curl/8.5.0".into(), "curl"),
            ("python-requests/2.32.3".into(), "python-requests"),
            ("agstack\u{7}<b>/1".into(), "agstack"),
            ("x".repeat(4000), &*"x".repeat(MAX_DEVICE)),
        ] {
            assert_eq!(Device::of_user_agent(&field).expect("a device").as_str(), name, "{field}");
        }
        for field in ["", "/", " ", "\u{e4}"] {
            assert_eq!(Device::of_user_agent(field), None, "{field}");
        }
    }
}
