//! Since when a process has seen which keys retired.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::keys::published::KEPT_RETIRED;
use crate::keys::rows::{KeyState, StoredSigningKey};

/// Since when a process has seen which keys retired, by how long it has run: nobody puts that forward or back. A process
/// that starts anew has seen nothing yet.
#[derive(Clone, Debug, Default)]
pub struct SeenRetired(BTreeMap<String, TimeDelta>);

impl SeenRetired {
    /// Notes which keys are retired when the process has run for `uptime`.
    pub(crate) fn note(&mut self, signing: &[StoredSigningKey], uptime: TimeDelta) {
        let mut before = std::mem::take(&mut self.0);
        let retired = signing.iter().filter(|key| key.state == KeyState::Retired);
        self.0 = retired.map(|key| (key.kid.clone(), before.remove(&key.kid).unwrap_or(uptime))).collect();
    }

    /// Whether this key has been seen retired for as long as a token of it may live.
    pub(crate) fn for_long(&self, kid: &str, uptime: TimeDelta) -> bool {
        self.0.get(kid).is_some_and(|since| uptime - *since >= KEPT_RETIRED)
    }
}
