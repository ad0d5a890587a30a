//! The settings of tokens and keys.

use std::time::Duration;

use chrono::TimeDelta;
use domain::keys::rows::SigningAlgorithm;
use tokens::options::Options;
use tokens::root_secret::RootSecret;

use crate::config::checked::{Check, duration, list};

/// The shortest and the longest that a key may sign.
const KEY_LIFETIMES: [Duration; 2] = [Duration::from_secs(3600), Duration::from_secs(366 * 86_400)];

impl Check<'_> {
    pub(super) fn secret(&mut self, name: &str) -> Option<String> {
        let given = Some(self.raw.get(name)).filter(|given| !given.is_empty())?;
        if let Err(error) = RootSecret::parse(given) {
            self.wrong.push(format!("The setting {name} does not hold: {error}"));
        }
        Some(given.into())
    }

    pub(super) fn signing_key_lifetime(&mut self) -> Option<TimeDelta> {
        let [least, most] = KEY_LIFETIMES;
        let value = duration(self.raw.get("signing_key_lifetime")).filter(|value| (least..=most).contains(value));
        let value = value.or_else(|| self.refuse("signing_key_lifetime", "a time such as 30d, from 1h to 366d"))?;
        TimeDelta::from_std(value).ok()
    }

    pub(super) fn tokens(&mut self, public_url: Option<&str>) -> Option<Options> {
        let words = SigningAlgorithm::ALL.map(|algorithm| (algorithm.name(), algorithm));
        let algorithm = self.one_of("signing_algorithm", &words);
        let further = list(self.raw.get("further_signing_algorithms"));
        let further = further.iter().map(|name| SigningAlgorithm::of_name(name)).collect::<Option<Vec<_>>>();
        let further =
            further.or_else(|| self.refuse("further_signing_algorithms", "ES256, EdDSA or RS256, separated by commas"));
        let given = self.raw.get("issuer");
        let issuer = if given.is_empty() { public_url? } else { given };
        let audience = self.raw.get("audience");
        Some(Options {
            audience: (!audience.is_empty()).then(|| audience.into()),
            algorithm: algorithm?,
            further_algorithms: further?,
            ..Options::new(issuer)
        })
    }
}
