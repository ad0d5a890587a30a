//! Somebody comes to log in: to which account, and from where.

use crate::accounts::user::Account;

/// What is known of somebody before their password is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The account of the address, if somebody has it.
    pub account: Option<Account>,
    /// How the account knows the place.
    pub place: Place,
}

/// How well an account knows a place, by the sessions that are kept of it, whether they have ended or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Nobody has signed in anywhere yet.
    First,
    /// Its user has signed in, but never from this network.
    New,
    /// They have signed in from this network, but never with this device.
    Network,
    /// They have signed in from this network with this device.
    Device,
}

impl Place {
    /// Whether its user has signed in from this network.
    #[must_use]
    pub const fn is_known_network(self) -> bool {
        matches!(self, Self::Network | Self::Device)
    }

    /// Whether its user has signed in before, but never with this device from this network.
    #[must_use]
    pub const fn is_new_device(self) -> bool {
        matches!(self, Self::New | Self::Network)
    }
}
