//! A browser is known where an account has signed in with it: its delay counts apart there.

use std::net::IpAddr;

use chrono::TimeDelta;
use domain::access::Actor;
use domain::accounts::ask_by_mail::Wanted;
use domain::accounts::ports::Accounts as _;
use domain::mail::letter::Template;
use domain::origin::{ClientAddress, Origin};
use domain::ports::clock::Clock as _;
use domain::ports::secrets::{SealedSecret, SecretKeeper as _};
use domain::sessions::known_browser::{KnownBrowser, LIFETIME, MOST_ACCOUNTS};
use domain::sessions::log_in::{self, LogInError};
use domain::sessions::session::Channel;
use domain::throttles::account_delay::FREE;
use memory::clock::ManualClock;
use memory::secrets::FakeSecretKeeper;

use crate::throttles::throttled;
use crate::world::{PASSWORD, World, email, typed};

const ADA: &str = "ada@example.org";
const BEN: &str = "ben@example.org";
const NEW: &str = "another afternoon";

/// A browser in one network with everybody else here, and what it keeps.
#[derive(Clone, Default)]
struct Browser {
    kept: Option<String>,
}

impl Browser {
    fn keeping(kept: &str) -> Self {
        Self { kept: Some(kept.into()) }
    }

    /// Where a request of its comes from, as the pages tell it.
    fn actor(&self, world: &World, ip: &str) -> Actor {
        let ip: IpAddr = ip.parse().expect("an address");
        let browser = self.kept.as_deref().and_then(|kept| KnownBrowser::read(kept, &*world.keeper, world.clock.now()));
        let address = Some(ClientAddress::new(ip, &*world.keeper));
        let origin = Origin { address, browser, ..Origin::default() };
        Actor::nobody(origin.with_fields(Some("Mozilla/5.0 (X11; Linux) Firefox/140.0"), None))
    }

    async fn enter_from(&mut self, world: &World, ip: &str, who: &str, password: &str) -> Result<(), LogInError> {
        let command = log_in::Command { email: email(who), password: typed(password), channel: Channel::Pages };
        let log_in::Outcome::SignedIn(signed_in) = world.log_in().run(&self.actor(world, ip), command).await?;
        self.kept = Some(signed_in.browser.expect("the pages keep it").as_str().into());
        Ok(())
    }

    async fn enter(&mut self, world: &World, who: &str, password: &str) -> Result<(), LogInError> {
        self.enter_from(world, "203.0.113.7", who, password).await
    }

    /// Guesses until it is refused; gives how many guesses were compared.
    async fn guess(&mut self, world: &World, who: &str) -> usize {
        let before = world.hashing.verified();
        while !matches!(self.enter(world, who, "a wrong one").await, Err(LogInError::TooMany(_))) {}
        world.hashing.verified() - before
    }

    /// Whether it is refused uncompared where somebody else in its network has used up the guesses.
    async fn shares_the_delay_of(&mut self, world: &World, who: &str) -> bool {
        Self::default().guess(world, who).await;
        matches!(self.enter(world, who, PASSWORD).await, Err(LogInError::TooMany(_)))
    }
}

async fn with_ada_and_ben() -> World {
    let world = throttled();
    world.join(ADA).await;
    world.join(BEN).await;
    world
}

/// A browser with which Ada has signed in.
async fn of_ada(world: &World) -> Browser {
    let mut browser = Browser::default();
    browser.enter(world, ADA, PASSWORD).await.expect("nothing is in the way");
    browser
}

#[tokio::test]
async fn who_guesses_in_the_owners_network_does_not_delay_their_browser() {
    let world = with_ada_and_ben().await;
    let mut ada = of_ada(&world).await;
    let mut stranger = Browser::default();
    stranger.guess(&world, ADA).await;
    for _ in 0..12 {
        world.clock.advance(TimeDelta::minutes(15));
        stranger.guess(&world, ADA).await;
    }
    let refused = stranger.enter(&world, ADA, PASSWORD).await;
    let Err(LogInError::TooMany(too_many)) = refused else { panic!("{refused:?}") };
    assert_eq!(too_many.wait, TimeDelta::minutes(15));
    ada.enter(&world, ADA, PASSWORD).await.expect("she is known");
    ada.enter(&world, ADA, PASSWORD).await.expect("and stays so by what she was given anew");
    stranger.enter(&world, ADA, PASSWORD).await.expect_err("her right password ends no delay of theirs");
}

#[tokio::test]
async fn each_browser_is_told_from_the_others() {
    let world = with_ada_and_ben().await;
    let (laptop, phone) = (of_ada(&world).await, of_ada(&world).await);
    let id = |browser: &Browser| browser.actor(&world, "203.0.113.7").origin.browser.expect("it is known").id();
    assert_eq!(id(&laptop).len(), 32);
    assert_ne!(id(&laptop), id(&phone));
}

#[tokio::test]
async fn wrong_passwords_in_a_known_browser_make_it_rest_alone() {
    let world = with_ada_and_ben().await;
    let (mut laptop, mut phone) = (of_ada(&world).await, of_ada(&world).await);
    assert_eq!(laptop.guess(&world, ADA).await, FREE as usize);
    let compared = world.hashing.verified();
    laptop.enter(&world, ADA, PASSWORD).await.expect_err("it rests");
    assert_eq!(world.hashing.verified(), compared, "a refusal compares nothing");
    phone.enter(&world, ADA, PASSWORD).await.expect("another browser has a delay of its own");
    laptop.enter(&world, ADA, PASSWORD).await.expect_err("also after that");
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(laptop.guess(&world, ADA).await, 1);
    let refused = laptop.enter(&world, ADA, PASSWORD).await;
    assert!(matches!(refused, Err(LogInError::TooMany(too_many)) if too_many.wait == TimeDelta::seconds(2)));
}

#[tokio::test]
async fn what_one_account_keeps_does_not_help_at_another() {
    let world = with_ada_and_ben().await;
    let mut ben = Browser::default();
    ben.enter(&world, BEN, PASSWORD).await.expect("nothing is in the way");
    assert!(ben.clone().shares_the_delay_of(&world, ADA).await);
    ben.enter(&world, BEN, PASSWORD).await.expect("he is known as himself");
    // A shared browser knows both.
    world.clock.advance(TimeDelta::minutes(15));
    ben.enter(&world, ADA, PASSWORD).await.expect("the delay is over");
    assert!(!ben.clone().shares_the_delay_of(&world, ADA).await);
    assert!(!ben.shares_the_delay_of(&world, BEN).await);
}

#[tokio::test]
async fn only_a_right_password_makes_a_browser_known() {
    let world = with_ada_and_ben().await;
    let mut stranger = Browser::default();
    let _ = stranger.enter(&world, ADA, "a wrong one").await;
    assert_eq!(stranger.kept, None);
    let command = log_in::Command { email: email(ADA), password: typed(PASSWORD), channel: Channel::Api };
    let outcome = world.log_in().run(&stranger.actor(&world, "203.0.113.7"), command).await.expect("it is right");
    let log_in::Outcome::SignedIn(signed_in) = outcome;
    assert_eq!(signed_in.browser, None, "a program keeps nothing");
}

#[tokio::test]
async fn what_is_forged_cut_foreign_or_too_old_is_nothing() {
    let world = with_ada_and_ben().await;
    let kept = of_ada(&world).await.kept.expect("it keeps something");
    let read = |text: &str| KnownBrowser::read(text, &*world.keeper, world.clock.now());
    assert!(read(&kept).is_some());
    let foreign = FakeSecretKeeper::new(9);
    let opened = world.keeper.open(&SealedSecret::restore(&*kept), "known-browser").expect("ours");
    let sealed = |text: &str, keeper: &FakeSecretKeeper, context: &str| {
        keeper.seal(text, context).expect("it seals").as_str().to_owned()
    };
    assert!(read(&sealed(&opened, &world.keeper, "known-browser")).is_some(), "so far it is genuine");
    let flipped = kept.replacen(['0', '1'], "2", 1);
    assert_ne!(flipped, kept);
    for bad in [
        String::new(),
        "x".into(),
        flipped,
        kept[..kept.len() - 2].into(),
        format!("{kept}00"),
        sealed(&opened, &foreign, "known-browser"),
        sealed(&opened, &world.keeper, "flash"),
        sealed(&opened[..opened.len() - 2], &world.keeper, "known-browser"),
        sealed(&opened[..32], &world.keeper, "known-browser"),
        sealed("", &world.keeper, "known-browser"),
        sealed("\u{e4}\u{e4}", &world.keeper, "known-browser"),
    ] {
        assert!(read(&bad).is_none(), "{bad}");
        assert!(Browser::keeping(&bad).shares_the_delay_of(&world, ADA).await, "{bad}");
        world.clock.advance(TimeDelta::minutes(16));
    }
    world.clock.set(world.clock.now().max(ManualClock::START + LIFETIME - TimeDelta::seconds(1)));
    assert!(read(&kept).is_some());
    world.clock.advance(TimeDelta::seconds(1));
    assert!(read(&kept).is_none());
    assert!(Browser::keeping(&kept).shares_the_delay_of(&world, ADA).await);
}

#[tokio::test]
async fn a_browser_is_known_of_the_accounts_that_signed_in_last() {
    let world = with_ada_and_ben().await;
    let mut browser = of_ada(&world).await;
    for number in 1..MOST_ACCOUNTS {
        let who = format!("user{number}@example.org");
        world.join(&who).await;
        browser.enter(&world, &who, PASSWORD).await.expect("nothing is in the way");
        browser.enter(&world, &who, PASSWORD).await.expect("nor the second time");
    }
    let before = browser.clone();
    assert!(!browser.clone().shares_the_delay_of(&world, ADA).await, "she is among the {MOST_ACCOUNTS}");
    browser.enter(&world, BEN, PASSWORD).await.expect("he is the next");
    assert!(browser.clone().shares_the_delay_of(&world, ADA).await, "she was the first");
    assert!(!browser.shares_the_delay_of(&world, "user1@example.org").await);
    assert!(!before.clone().shares_the_delay_of(&world, ADA).await, "what it kept before is as good");
}

#[tokio::test]
async fn nobody_is_known_by_a_password_of_before() {
    let world = with_ada_and_ben().await;
    // Whoever plants an account, or has learnt its password, can sign in with as many browsers as they like.
    let mut thief = of_ada(&world).await;
    let owner = Browser::default();
    let home = owner.actor(&world, "198.51.100.9");
    world.ask_by_mail().run(&home, Wanted::NewPassword, &email(ADA)).await.expect("it is sent");
    let token = world.mailed_token(Template::ResetPassword);
    let kept = world.reset_password().run(&home, &token, NEW).await.expect("it is genuine");
    assert!(thief.shares_the_delay_of(&world, ADA).await);
    // The owner's browser is known at once, in whatever network.
    let mut owner = Browser::keeping(kept.expect("it seals").as_str());
    owner.enter(&world, ADA, NEW).await.expect("the delay is that of others");
    assert!(thief.shares_the_delay_of(&world, ADA).await);
}

#[tokio::test]
async fn a_changed_password_leaves_only_the_browser_known_where_it_was_changed() {
    let world = with_ada_and_ben().await;
    let (mut here, mut there) = (of_ada(&world).await, of_ada(&world).await);
    let mut actor = world.actor(&world.enter(ADA, Channel::Pages).await);
    actor.origin = here.actor(&world, "203.0.113.7").origin;
    let id = |browser: &Browser| browser.actor(&world, "203.0.113.7").origin.browser.expect("it is known").id();
    let before = id(&here);
    let kept = world.change_password().run(&actor, typed(PASSWORD), NEW).await.expect("it is right");
    here.kept = Some(kept.expect("it seals").as_str().into());
    assert_eq!(id(&here), before, "it is the same browser");
    Browser::default().guess(&world, ADA).await;
    here.enter(&world, ADA, NEW).await.expect("it is known");
    let refused = there.enter(&world, ADA, NEW).await;
    assert!(matches!(refused, Err(LogInError::TooMany(_))), "{refused:?}");
}

#[tokio::test]
async fn an_account_stays_known_by_another_address() {
    let world = with_ada_and_ben().await;
    let mut ada = of_ada(&world).await;
    let actor = world.actor(&world.enter(ADA, Channel::Pages).await);
    let new = "ada@example.net";
    world.change_address().run(&actor, &email(new), typed(PASSWORD)).await.expect("it is sent");
    let token = world.mailed_token(Template::ConfirmNewAddress);
    world.confirm_address().run(&Actor::nobody(Origin::default()), &token).await.expect("it is genuine");
    Browser::default().guess(&world, new).await;
    ada.enter(&world, new, PASSWORD).await.expect("the account is the same");
}

#[tokio::test]
async fn a_known_browser_is_no_new_device_in_any_network() {
    let world = with_ada_and_ben().await;
    let told = || world.told().iter().filter(|(template, _)| *template == Template::NewDevice).count();
    let mut ada = of_ada(&world).await;
    for ip in ["198.51.100.9", "192.0.2.1", "2001:db8::1"] {
        ada.enter_from(&world, ip, ADA, PASSWORD).await.expect("she is known");
    }
    assert_eq!(told(), 0, "it is hers");
    let mut other = Browser::default();
    other.enter_from(&world, "198.51.100.200", ADA, PASSWORD).await.expect("it is right");
    assert_eq!(told(), 0, "such a browser was there before");
    Browser::default().enter_from(&world, "192.0.3.1", ADA, PASSWORD).await.expect("it is right");
    assert_eq!(told(), 1, "one that shows nothing is new in a new network");
    let mut ben = Browser::default();
    ben.enter(&world, BEN, PASSWORD).await.expect("it is right");
    ben.enter_from(&world, "192.0.4.1", ADA, PASSWORD).await.expect("it is right");
    assert_eq!(told(), 2, "so is one that is known of somebody else");
}

#[tokio::test]
async fn what_a_browser_keeps_tells_of_nobody() {
    let world = with_ada_and_ben().await;
    let browser = of_ada(&world).await;
    let kept = browser.kept.clone().expect("it keeps something");
    let account = world.memory.by_email(email(ADA).key()).await.expect("memory reads");
    let user = account.expect("she is there").user.id.to_string();
    for word in ["ada", "example", &*user, &*user.replace('-', "")] {
        assert!(!kept.contains(word), "{word} in {kept}");
    }
    let known = browser.actor(&world, "203.0.113.7").origin.browser;
    assert_eq!(format!("{known:?}"), "Some(KnownBrowser(..))");
}
