//! What people and time do to a registry, and what they are answered.

use chrono::TimeDelta;
use proptest::prelude::{BoxedStrategy, Just, Strategy as _, prop_oneof};

/// How many people there are. They share addresses, so that all of them meet.
pub(super) const PEOPLE: usize = 4;
/// The passwords that they choose among.
pub(super) const PASSWORDS: [&str; 3] = ["a quiet afternoon", "a loud afternoon", "an afternoon in the rain"];
/// How long an access token lives.
pub(super) const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// One step. Sessions and mailed tokens are told by their number, counted around.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    SignUp {
        who: usize,
        password: usize,
    },
    LogIn {
        who: usize,
        password: usize,
    },
    /// Presents the refresh token of so many generations ago.
    Refresh {
        session: usize,
        ago: u32,
    },
    LogOut {
        session: usize,
    },
    ShowMe {
        session: usize,
    },
    AskForVerification {
        who: usize,
    },
    Verify {
        token: usize,
    },
    AskForPassword {
        who: usize,
    },
    Reset {
        token: usize,
        password: usize,
    },
    Change {
        session: usize,
        current: usize,
        new: usize,
    },
    Disable {
        who: usize,
    },
    Enable {
        who: usize,
    },
    Wait(TimeDelta),
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// There is no such session or token yet, so nobody was asked.
    Nothing,
    SignedUp,
    AlreadyExists,
    SignedIn,
    UnknownUser,
    WrongPassword,
    Disabled,
    /// New tokens, or the same ones again.
    Tokens {
        again: bool,
    },
    Me {
        verified: bool,
    },
    /// A credential or a mailed token is not valid.
    NotValid,
    Done,
    NoSuchUser,
}

/// Mostly what happens often, and now and then all the rest.
pub(super) fn steps() -> BoxedStrategy<Step> {
    let (who, password, number) = (0..PEOPLE, 0..PASSWORDS.len(), 0..1_000_usize);
    let pause = prop_oneof![
        6 => Just(TimeDelta::seconds(10)),
        3 => Just(TimeDelta::seconds(31)),
        3 => Just(TimeDelta::minutes(4)),
        1 => Just(TimeDelta::hours(1)),
        1 => Just(TimeDelta::days(8)),
    ];
    prop_oneof![
        2 => (who.clone(), password.clone()).prop_map(|(who, password)| Step::SignUp { who, password }),
        6 => (who.clone(), password.clone()).prop_map(|(who, password)| Step::LogIn { who, password }),
        8 => (number.clone(), prop_oneof![6 => Just(0), 2 => Just(1), 1 => Just(2)])
            .prop_map(|(session, ago)| Step::Refresh { session, ago }),
        2 => number.clone().prop_map(|session| Step::LogOut { session }),
        4 => number.clone().prop_map(|session| Step::ShowMe { session }),
        2 => who.clone().prop_map(|who| Step::AskForVerification { who }),
        3 => number.clone().prop_map(|token| Step::Verify { token }),
        2 => who.clone().prop_map(|who| Step::AskForPassword { who }),
        3 => (number.clone(), password.clone()).prop_map(|(token, password)| Step::Reset { token, password }),
        2 => (number, password.clone(), password)
            .prop_map(|(session, current, new)| Step::Change { session, current, new }),
        1 => who.clone().prop_map(|who| Step::Disable { who }),
        2 => who.prop_map(|who| Step::Enable { who }),
        4 => pause.prop_map(Step::Wait),
    ]
    .boxed()
}
