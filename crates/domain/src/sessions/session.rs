//! A session: one sign-in of one user.

use chrono::TimeDelta;

use crate::ids::{SessionId, UserId};
use crate::origin::{Device, Network, Origin};
use crate::ports::clock::Timestamp;

/// How long a session lasts without use.
pub const IDLE: TimeDelta = TimeDelta::days(14);
/// How long a session lasts at most.
pub const ABSOLUTE: TimeDelta = TimeDelta::days(90);
/// How many sessions of one user stand at most: one more ends the oldest. A program that logs in each time, instead of
/// refreshing, may do so once a second and still use each of its access tokens to the end.
pub const MOST_SESSIONS: usize = 1_000;

/// A session: who signed in, how and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id: the claim `sid`.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Where the user signed in.
    pub channel: Channel,
    /// When the user last proved who they are: the claim `auth_time`.
    pub auth_time: Timestamp,
    /// From which network they signed in.
    pub network: Option<Network>,
    /// On which device.
    pub device: Option<Device>,
    /// How they proved it: the claim `amr` (RFC 8176).
    pub methods: Vec<AuthenticationMethod>,
    /// When it was last refreshed or used.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was ended, if it was.
    pub ended_at: Option<Timestamp>,
}

impl Session {
    /// A new session after a right password.
    #[must_use]
    pub fn by_password(id: SessionId, user: UserId, channel: Channel, origin: &Origin, now: Timestamp) -> Self {
        Self {
            id,
            user,
            channel,
            auth_time: now,
            network: origin.network(),
            device: origin.device.clone(),
            methods: vec![AuthenticationMethod::Password],
            last_seen_at: now,
            expires_at: now + ABSOLUTE,
            ended_at: None,
        }
    }

    /// Whether it still holds: neither ended, nor idle for too long, nor too old.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.last_seen_at + IDLE && now < self.expires_at
    }
}

/// Where a user signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// By the API: the session has a grant and tokens.
    Api,
    /// On the pages: the session has a secret in a cookie.
    Pages,
}

impl Channel {
    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Pages => "pages",
        }
    }

    /// The channel of that word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Api, Self::Pages].into_iter().find(|channel| channel.name() == name)
    }
}

/// How a user proved who they are: a value of RFC 8176.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationMethod {
    /// By a password.
    Password,
}

impl AuthenticationMethod {
    /// The value in the claim `amr`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }

    /// The method of that value.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        (name == Self::Password.name()).then_some(Self::Password)
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its owner logged out.
    LoggedOut,
    /// Its owner ended it from another session.
    EndedByOwner,
    /// The password is another now.
    PasswordChanged,
    /// The address is another now.
    AddressChanged,
    /// The account was shut.
    UserDisabled,
    /// An old refresh token was used again: somebody else may hold it.
    ReuseDetected,
    /// Its owner has opened [`MOST_SESSIONS`] newer ones.
    CrowdedOut,
}

impl EndReason {
    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged-out",
            Self::EndedByOwner => "ended-by-owner",
            Self::PasswordChanged => "password-changed",
            Self::AddressChanged => "address-changed",
            Self::UserDisabled => "user-disabled",
            Self::ReuseDetected => "reuse-detected",
            Self::CrowdedOut => "crowded-out",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_words_in_the_table_read_back_and_stay() {
        let channels = [Channel::Api, Channel::Pages].map(|channel| (channel, channel.name()));
        assert!(channels.into_iter().all(|(channel, name)| Channel::of_name(name) == Some(channel)));
        let method = AuthenticationMethod::Password;
        assert_eq!((method.name(), AuthenticationMethod::of_name("pwd")), ("pwd", Some(method)));
        assert_eq!((Channel::of_name("pwd"), AuthenticationMethod::of_name("api")), (None, None));
        for (reason, name) in [
            (EndReason::LoggedOut, "logged-out"),
            (EndReason::EndedByOwner, "ended-by-owner"),
            (EndReason::PasswordChanged, "password-changed"),
            (EndReason::AddressChanged, "address-changed"),
            (EndReason::UserDisabled, "user-disabled"),
            (EndReason::ReuseDetected, "reuse-detected"),
            (EndReason::CrowdedOut, "crowded-out"),
        ] {
            assert_eq!(reason.name(), name);
        }
    }

    #[test]
    fn a_session_holds_until_it_is_ended_idle_or_old() {
        let start = Timestamp::UNIX_EPOCH;
        let (id, user) = (SessionId::restore(Uuid::nil()), UserId::restore(Uuid::nil()));
        let new = || Session::by_password(id, user, Channel::Api, &Origin::default(), start);
        let microsecond = TimeDelta::microseconds(1);
        assert!(new().holds(start));
        assert!(new().holds(start + IDLE - microsecond));
        assert!(!new().holds(start + IDLE));
        let used = Session { last_seen_at: start + ABSOLUTE - microsecond, ..new() };
        assert!(used.holds(start + ABSOLUTE - microsecond));
        assert!(!used.holds(start + ABSOLUTE));
        assert!(!Session { ended_at: Some(start), ..new() }.holds(start));
    }
}
