//! Making the keys that an installation lacks.

use domain::access::Actor;
use domain::changes::{Changes, KeyChange};
use domain::events::{Event, EventKind, EventSubject};
use domain::keys::rows::{KeyState, SigningAlgorithm};
use domain::ports::clock::Timestamp;
use domain::ports::entropy::Entropy;
use domain::ports::secrets::SecretPurpose;

use crate::data_key;
use crate::open_error::UnusableKey;
use crate::ring::StoredKeys;
use crate::sealing_key::SealingKey;
use crate::signing_key;

/// What an installation lacks: in a new database everything, later what a configuration or a version
/// asks for in addition.
pub(crate) struct Lack {
    /// Whether the database has no root yet.
    pub(crate) root: bool,
    without_data_key: Vec<SecretPurpose>,
    without_signing_key: Vec<(SigningAlgorithm, KeyState)>,
}

impl Lack {
    /// What these stored keys lack: one data key of each purpose, and of each algorithm a next and an
    /// active signing key.
    pub(crate) fn of(stored: &StoredKeys, root: bool, algorithms: &[SigningAlgorithm]) -> Self {
        let has_purpose = |purpose| stored.data.iter().any(|key| key.purpose == purpose);
        let has_signing =
            |(algorithm, state)| stored.signing.iter().any(|key| key.algorithm == algorithm && key.state == state);
        let wanted = algorithms.iter().flat_map(|of| [(*of, KeyState::Active), (*of, KeyState::Next)]);
        Self {
            root,
            without_data_key: SecretPurpose::ALL.into_iter().filter(|purpose| !has_purpose(*purpose)).collect(),
            without_signing_key: wanted.filter(|key| !has_signing(*key)).collect(),
        }
    }

    /// Whether nothing is lacking.
    pub(crate) const fn is_none(&self) -> bool {
        !self.root && self.without_data_key.is_empty() && self.without_signing_key.is_empty()
    }

    /// The one plan that makes it all, if the stored keys are still those of this revision.
    pub(crate) fn plan(
        &self,
        revision: i64,
        root: &SealingKey,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Changes, UnusableKey> {
        let fingerprint = root.id();
        let event = self.event(fingerprint, now, entropy);
        let mut plan = Changes::new(event).with(KeyChange::Revise { from: revision });
        if self.root {
            plan = plan.with(KeyChange::SetRoot { fingerprint: fingerprint.into(), at: now });
        }
        for purpose in &self.without_data_key {
            let key = data_key::make(data_key::first_id(*purpose), *purpose, root, now, entropy)?;
            plan = plan.with(KeyChange::AddData(key));
        }
        for (algorithm, state) in &self.without_signing_key {
            let key = signing_key::make(*algorithm, *state, root, now, entropy)?;
            plan = plan.with(KeyChange::AddSigning(key));
        }
        Ok(plan)
    }

    /// The purposes that lack a data key, as text.
    pub(crate) fn purposes(&self) -> String {
        self.without_data_key.iter().map(|purpose| purpose.name()).collect::<Vec<_>>().join(", ")
    }

    /// The signing keys that are lacking, as text.
    pub(crate) fn signing(&self) -> String {
        let signing = self.without_signing_key.iter().map(|(algorithm, state)| format!("{algorithm} {}", state.name()));
        signing.collect::<Vec<_>>().join(", ")
    }

    fn event(&self, fingerprint: &str, now: Timestamp, entropy: &dyn Entropy) -> Event {
        let subject = EventSubject::new("keys", fingerprint);
        Event::now(EventKind::KeysMade, &Actor::system(), subject, now, entropy)
            .with("data_keys", self.purposes())
            .with("signing_keys", self.signing())
    }
}
