//! What is counted, and how many are admitted in how long: one table.

use std::time::Duration;

use chrono::TimeDelta;
use thiserror::Error;

use crate::ports::failure::PortFailure;

/// How far the clocks of several servers may be apart. What was counted at a moment that is still further ahead was
/// counted before the clock was put back, and counts no more: nobody is refused for as long as it was put back.
pub const CLOCKS_APART: TimeDelta = TimeDelta::minutes(1);

/// So many in any stretch of time of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many at most.
    pub most: u32,
    /// In how long.
    pub window: TimeDelta,
}

impl Quota {
    const fn new(most: u32, window: TimeDelta) -> Self {
        Self { most, window }
    }
}

macro_rules! limits {
    ($($(#[$doc:meta])* $limit:ident = $name:literal, $most:literal in $window:expr;)*) => {
        /// A limit: what is counted, each by a key of its own, such as an address.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Limit { $($(#[$doc])* $limit,)* }

        impl Limit {
            /// Every limit.
            pub const ALL: &'static [Self] = &[$(Self::$limit,)*];

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$limit => $name,)* }
            }

            /// How many are admitted in how long.
            #[must_use]
            pub const fn quota(self) -> Quota {
                match self { $(Self::$limit => Quota::new($most, $window),)* }
            }
        }
    };
}

limits! {
    /// Logins from an address: an office of some hundred people behind one never meets it.
    LogInAddress = "login-address", 300 in TimeDelta::minutes(5);
    /// Logins from a site of IPv6, which has many addresses of its own to choose from.
    LogInNetwork = "login-network", 1000 in TimeDelta::minutes(5);
    /// Sign-ups from an address: a course signs up as one.
    SignUpAddress = "sign-up-address", 120 in TimeDelta::hours(1);
    /// Sign-ups from a site of IPv6.
    SignUpNetwork = "sign-up-network", 480 in TimeDelta::hours(1);
    /// Mails that are asked for from an address.
    AskAddress = "ask-address", 120 in TimeDelta::hours(1);
    /// Mails that are asked for from a site of IPv6.
    AskNetwork = "ask-network", 480 in TimeDelta::hours(1);
    /// Mailed tokens that are presented from an address.
    RedeemAddress = "redeem-address", 120 in TimeDelta::minutes(10);
    /// Mailed tokens that are presented from a site of IPv6.
    RedeemNetwork = "redeem-network", 480 in TimeDelta::minutes(10);
    /// Mails to one recipient that lead back into the account. They count apart, so that nobody can use
    /// them up by asking for others.
    ResetMail = "reset-mail", 5 in TimeDelta::hours(1);
    /// Other mails to one recipient that a stranger can cause.
    OtherMail = "other-mail", 5 in TimeDelta::hours(1);
    /// Mails to one recipient whose address a user wants for their account: no stranger without an account uses
    /// them up.
    ChangeMail = "change-mail", 5 in TimeDelta::hours(1);
    /// Wishes of one user for another address: each is a mail to somebody else.
    ChangeUser = "change-user", 10 in TimeDelta::hours(1);
    /// News of one kind of an account to an address that nobody has verified, which may be a stranger's.
    NewsMail = "news-mail", 5 in TimeDelta::hours(1);
}

/// What is throttled by the address that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// A login.
    LogIn,
    /// A sign-up.
    SignUp,
    /// Asking for a mail.
    AskByMail,
    /// Presenting a mailed token.
    Redeem,
}

impl Throttled {
    /// The limit of an address (an IPv4 address, or a /64 of IPv6) and that of a site (a /48 of IPv6).
    #[must_use]
    pub const fn limits(self) -> (Limit, Limit) {
        match self {
            Self::LogIn => (Limit::LogInAddress, Limit::LogInNetwork),
            Self::SignUp => (Limit::SignUpAddress, Limit::SignUpNetwork),
            Self::AskByMail => (Limit::AskAddress, Limit::AskNetwork),
            Self::Redeem => (Limit::RedeemAddress, Limit::RedeemNetwork),
        }
    }
}

/// A mail that a stranger can cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrangersMail {
    /// One that leads back into the account.
    Reset,
    /// One to an address that a user wants.
    Change,
    /// Any other.
    Other,
}

impl StrangersMail {
    /// Its limit for one recipient.
    #[must_use]
    pub const fn limit(self) -> Limit {
        match self {
            Self::Reset => Limit::ResetMail,
            Self::Change => Limit::ChangeMail,
            Self::Other => Limit::OtherMail,
        }
    }
}

/// It is refused, because it was tried too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("Too many attempts: try again in {} seconds.", self.seconds())]
pub struct TooMany {
    /// The name of what refuses it.
    pub limit: &'static str,
    /// How many it admits in how long.
    pub quota: Quota,
    /// When it is admitted again at the earliest.
    pub wait: TimeDelta,
}

impl TooMany {
    /// The same in whole seconds, one at least.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        whole_seconds(self.wait)
    }
}

/// A time in whole seconds, rounded up, one at least.
#[must_use]
pub fn whole_seconds(time: TimeDelta) -> u64 {
    let time = time.to_std().unwrap_or(Duration::ZERO);
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

/// Why the gate lets nothing through.
#[derive(Debug, Error)]
pub enum GateError {
    /// It was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// What counts failed: nothing is admitted uncounted.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_limit_has_a_name_of_its_own_that_a_header_field_can_hold() {
        let names = Limit::ALL.iter().map(|limit| limit.name()).collect::<BTreeSet<_>>();
        assert_eq!(names.len(), Limit::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }

    #[test]
    fn a_site_is_admitted_more_than_one_address_of_it() {
        for throttled in [Throttled::LogIn, Throttled::SignUp, Throttled::AskByMail, Throttled::Redeem] {
            let (address, site) = throttled.limits();
            assert!(address.quota().most < site.quota().most, "{throttled:?}");
        }
    }

    #[test]
    fn waiting_is_told_in_whole_seconds_and_never_too_short() {
        for (milliseconds, seconds) in [(-5, 1), (0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(TimeDelta::milliseconds(milliseconds)), seconds, "{milliseconds}");
        }
    }
}
