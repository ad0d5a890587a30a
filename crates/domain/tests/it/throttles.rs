//! What is tried too often is refused before it costs anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::access::Actor;
use domain::accounts::ask_by_mail::Wanted;
use domain::mail::letter::Template;
use domain::origin::{ClientAddress, Origin};
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::ports::secrets::SecretDigest;
use domain::sessions::log_in::{self, LogInError};
use domain::sessions::session::Channel;
use domain::throttles::account_delay::FREE;
use domain::throttles::counting::Counting;
use domain::throttles::gate::{ACCOUNT, Gate};
use domain::throttles::limits::{Limit, Quota, TooMany};
use domain::throttles::ports::{CounterKey, Guessed, Reserved, Throttles};
use memory::memory::Memory;

use crate::world::{PASSWORD, TestGate, World, email, typed};

pub(crate) const ADA: &str = "ada@example.org";
pub(crate) const HOME: &str = "203.0.113.7";
pub(crate) const ELSEWHERE: &str = "198.51.100.9";

/// A registry that counts.
pub(crate) fn throttled() -> World {
    let mut world = World::default();
    world.gate = TestGate(gate(&world));
    world
}

/// The gate of a process on this registry.
pub(crate) fn gate(world: &World) -> Arc<Gate> {
    gate_with(world, world.memory.clone())
}

fn gate_with(world: &World, throttles: Arc<dyn Throttles>) -> Arc<Gate> {
    Arc::new(Gate::new(Counting {
        throttles,
        keeper: world.keeper.clone(),
        ledger: world.memory.clone(),
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
    }))
}

pub(crate) fn from(ip: &str) -> Actor {
    let address = ClientAddress::with_digest(ip.parse().expect("an address"), SecretDigest::restore(ip));
    Actor::nobody(Origin { address: Some(address), ..Origin::default() })
}

impl World {
    pub(crate) async fn enter_from(&self, ip: &str, address: &str, password: &str) -> Result<(), LogInError> {
        let command = log_in::Command { email: email(address), password: typed(password), channel: Channel::Api };
        self.log_in().run(&from(ip), command).await.map(|_| ())
    }

    /// Tries wrong passwords until the account rests; gives how many were compared.
    pub(crate) async fn guess_from(&self, ip: &str, address: &str) -> usize {
        let before = self.hashing.verified();
        while !matches!(self.enter_from(ip, address, "a wrong one").await, Err(LogInError::TooMany(_))) {}
        self.hashing.verified() - before
    }
}

pub(crate) fn too_many(outcome: Result<(), LogInError>) -> TooMany {
    match outcome {
        Err(LogInError::TooMany(too_many)) => too_many,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn guesses_are_refused_uncompared_and_the_right_password_with_them() {
    let world = throttled();
    world.join(ADA).await;
    assert_eq!(world.guess_from(ELSEWHERE, ADA).await, FREE as usize);
    let compared = world.hashing.verified();
    let refused = too_many(world.enter_from(ELSEWHERE, ADA, PASSWORD).await);
    assert_eq!((refused.limit, refused.wait), (ACCOUNT, TimeDelta::seconds(1)));
    assert_eq!(world.hashing.verified(), compared, "a refusal compares nothing");
    world.clock.advance(TimeDelta::seconds(1));
    world.enter_from(ELSEWHERE, ADA, PASSWORD).await.expect("the delay is over");
    assert_eq!(world.guess_from(ELSEWHERE, ADA).await, FREE as usize, "the right password has ended it");
}

#[tokio::test]
async fn a_delay_doubles_up_to_a_quarter_of_an_hour() {
    let world = throttled();
    world.join(ADA).await;
    world.guess_from(ELSEWHERE, ADA).await;
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let refused = too_many(world.enter_from(ELSEWHERE, ADA, PASSWORD).await);
        assert_eq!((refused.wait, refused.quota.window), (TimeDelta::seconds(seconds), refused.wait));
        world.clock.advance(refused.wait);
        let wrong = world.enter_from(ELSEWHERE, ADA, "a wrong one").await;
        assert!(matches!(wrong, Err(LogInError::WrongPassword)), "{seconds}: {wrong:?}");
    }
}

#[tokio::test]
async fn a_clock_that_is_put_back_keeps_nobody_out() {
    let world = throttled();
    world.join(ADA).await;
    world.guess_from(ELSEWHERE, ADA).await;
    let mut number = 0;
    let refused = loop {
        let outcome = world.enter_from(ELSEWHERE, &format!("nobody{number}@example.org"), "a wrong one").await;
        number += 1;
        if matches!(outcome, Err(LogInError::TooMany(_))) {
            break too_many(outcome);
        }
    };
    assert_eq!(refused.limit, Limit::LogInAddress.name());
    world.clock.advance(TimeDelta::hours(-5));
    world.enter_from(ELSEWHERE, ADA, PASSWORD).await.expect("neither the account nor the address is refused");
}

#[tokio::test]
async fn nobodys_address_is_refused_exactly_as_somebodys() {
    let world = throttled();
    world.join(ADA).await;
    let (known, unknown) =
        (world.guess_from(ELSEWHERE, ADA).await, world.guess_from(ELSEWHERE, "no@example.org").await);
    assert_eq!(known, unknown);
    let refused = |address: &'static str| world.enter_from(ELSEWHERE, address, PASSWORD);
    assert_eq!(too_many(refused(ADA).await), too_many(refused("no@example.org").await));
}

#[tokio::test]
async fn who_guesses_elsewhere_does_not_delay_the_owner() {
    let world = throttled();
    world.join(ADA).await;
    world.enter_from(HOME, ADA, PASSWORD).await.expect("nothing is in the way");
    world.guess_from(ELSEWHERE, ADA).await;
    world.guess_from("192.0.2.1", ADA).await;
    world.enter_from("203.0.113.200", ADA, PASSWORD).await.expect("the network is known");
    too_many(world.enter_from(ELSEWHERE, ADA, PASSWORD).await);
    // A guess at home is counted there.
    let left = FREE as usize - 1;
    assert_eq!(world.guess_from(HOME, ADA).await, left, "the login that went well before is one of them");
}

#[tokio::test]
async fn logins_that_went_well_never_add_up() {
    let world = throttled();
    world.join(ADA).await;
    for _ in 0..=2 * FREE {
        world.enter_from(HOME, ADA, PASSWORD).await.expect("nothing is in the way");
    }
    assert!(world.guess_from(HOME, ADA).await + 1 >= FREE as usize, "at most one of them is counted");
}

#[tokio::test]
async fn places_that_are_not_known_share_one_count() {
    let world = throttled();
    world.join(ADA).await;
    assert_eq!(world.guess_from(ELSEWHERE, ADA).await, FREE as usize);
    assert_eq!(world.guess_from("192.0.2.1", ADA).await, 0);
    assert_eq!(world.guess_from("2001:db8::1", ADA).await, 0);
}

/// Counts, and counts how often it wrote.
struct Counted(Arc<Memory>, AtomicUsize);

#[async_trait]
impl Throttles for Counted {
    async fn reserve(&self, key: &CounterKey, quota: Quota, now: Timestamp) -> Result<Reserved, PortFailure> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.reserve(key, quota, now).await
    }
    async fn guess(&self, key: &CounterKey, now: Timestamp) -> Result<Guessed, PortFailure> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.guess(key, now).await
    }
    async fn take_back(&self, key: &CounterKey, now: Timestamp) -> Result<(), PortFailure> {
        self.0.take_back(key, now).await
    }
    async fn forget(&self, beginning: &CounterKey) -> Result<(), PortFailure> {
        self.0.forget(beginning).await
    }
    async fn vouch(&self, key: &CounterKey, now: Timestamp, until: Timestamp) -> Result<(), PortFailure> {
        self.0.vouch(key, now, until).await
    }
    async fn is_vouched(&self, key: &CounterKey, now: Timestamp) -> Result<bool, PortFailure> {
        self.0.is_vouched(key, now).await
    }
}

#[tokio::test]
async fn strangers_from_ever_new_networks_are_refused_without_a_write_and_the_owner_is_not() {
    let mut world = World::default();
    let counted = Arc::new(Counted(world.memory.clone(), AtomicUsize::new(0)));
    world.gate = TestGate(gate_with(&world, counted.clone()));
    world.join(ADA).await;
    world.enter_from(HOME, ADA, PASSWORD).await.expect("nothing is in the way");
    world.guess_from(ELSEWHERE, ADA).await;
    let written = counted.1.load(Ordering::SeqCst);
    for network in 0..200 {
        let refused = too_many(world.enter_from(&format!("192.0.{network}.1"), ADA, PASSWORD).await);
        assert_eq!(refused.limit, ACCOUNT);
    }
    assert_eq!(counted.1.load(Ordering::SeqCst), written);
    world.enter_from(HOME, ADA, PASSWORD).await.expect("the network is known");
    assert_eq!(counted.1.load(Ordering::SeqCst), written + 2, "it is counted by its address, and as a guess");
    // After a second they are counted again, as another process may have let everybody back in.
    world.clock.advance(TimeDelta::seconds(1));
    world.enter_from("192.0.2.1", ADA, PASSWORD).await.expect("the delay is over");
}

#[tokio::test]
async fn a_new_password_by_mail_lets_the_owner_in_while_others_go_on_guessing() {
    let world = throttled();
    world.join(ADA).await;
    world.guess_from(HOME, ADA).await;
    let other_process = gate(&world);
    world.ask_by_mail().run(&from(HOME), Wanted::NewPassword, &email(ADA)).await.expect("it is sent");
    let token = world.mailed_token(Template::ResetPassword);
    world.reset_password().run(&from(HOME), &token, "another afternoon").await.expect("it is genuine");
    assert_eq!(world.guess_from(ELSEWHERE, ADA).await, FREE as usize, "the delay is over");
    world.enter_from(HOME, ADA, "another afternoon").await.expect("the place is the owner's");
    let guess = other_process.log_in(&*world.memory, &from(HOME).origin, email(ADA).key()).await;
    assert!(guess.is_ok(), "{guess:?}");
}

#[tokio::test]
async fn another_process_forgets_a_delay_that_was_ended_within_a_second() {
    let world = throttled();
    world.join(ADA).await;
    let (here, there) = (world.gate.0.clone(), gate(&world));
    world.guess_from(HOME, ADA).await;
    for _ in 0..6 {
        world.clock.advance(TimeDelta::minutes(20));
        let _ = world.enter_from(HOME, ADA, "a wrong one").await;
    }
    assert!(there.log_in(&*world.memory, &from(HOME).origin, email(ADA).key()).await.is_err());
    here.let_back_in(&from(HOME).origin, email(ADA).key()).await.expect("it forgets");
    assert!(there.log_in(&*world.memory, &from(HOME).origin, email(ADA).key()).await.is_err(), "it remembers");
    world.clock.advance(TimeDelta::seconds(1));
    assert!(there.log_in(&*world.memory, &from(HOME).origin, email(ADA).key()).await.is_ok());
}

#[tokio::test]
async fn an_office_of_some_hundred_people_logs_in_in_the_morning() {
    let world = throttled();
    world.join(ADA).await;
    for person in 0..Limit::LogInAddress.quota().most - 1 {
        let address = format!("user{person}@example.org");
        let outcome = world.enter_from(HOME, &address, PASSWORD).await;
        assert!(matches!(outcome, Err(LogInError::UnknownUser)), "{person}: {outcome:?}");
    }
    world.enter_from(HOME, ADA, PASSWORD).await.expect("she is the last of them");
    let refused = too_many(world.enter_from(HOME, ADA, PASSWORD).await);
    assert_eq!((refused.limit, refused.wait), ("login-address", TimeDelta::minutes(5)));
    world.enter_from("203.0.113.8", ADA, PASSWORD).await.expect("the address beside it is another");
    world.clock.advance(TimeDelta::minutes(5));
    world.enter_from(HOME, ADA, PASSWORD).await.expect("time heals");
}

#[tokio::test]
async fn a_site_of_ipv6_has_many_addresses_and_one_limit() {
    let world = throttled();
    let (near, site) = (Limit::LogInAddress.quota().most, Limit::LogInNetwork.quota().most);
    let try_from = |ip: String, number| {
        let (world, address) = (&world, format!("user{number}@example.org"));
        async move { world.enter_from(&ip, &address, PASSWORD).await }
    };
    for number in 0..near {
        let outcome = try_from(format!("2001:db8:1:1::{number:x}"), number).await;
        assert!(matches!(outcome, Err(LogInError::UnknownUser)), "{number}: {outcome:?}");
    }
    assert_eq!(too_many(try_from("2001:db8:1:1:9::".into(), 0).await).limit, "login-address");
    for number in near..site {
        let outcome = try_from(format!("2001:db8:1:{:x}::1", number + 16), number).await;
        assert!(matches!(outcome, Err(LogInError::UnknownUser)), "{number}: {outcome:?}");
    }
    assert_eq!(too_many(try_from("2001:db8:1:ffff::1".into(), 0).await).limit, "login-network");
    let other = try_from("2001:db8:2::1".into(), 0).await;
    assert!(matches!(other, Err(LogInError::UnknownUser)), "{other:?}");
}
