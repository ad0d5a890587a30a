//! Whose word is taken for where a request comes from.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::client_address::{ForwardedField, TrustedProxies};
use crate::config::checked::{Check, list};

impl Check<'_> {
    /// A single address is a network of its own.
    pub(super) fn trusted_proxies(&mut self) -> Option<TrustedProxies> {
        let words = [("x-forwarded-for", ForwardedField::XForwardedFor), ("forwarded", ForwardedField::Forwarded)];
        let field = self.one_of("forwarded_field", &words);
        let networks = list(self.raw.get("trusted_proxies"));
        let parsed = networks.iter().map(|text| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok());
        match parsed.collect() {
            Some(networks) => Some(TrustedProxies { networks, field: field? }),
            None => {
                self.refuse("trusted_proxies", "networks or addresses such as 10.0.0.0/8 or ::1, separated by commas")
            }
        }
    }
}
