//! What strangers are told, and what owners are told.

use std::net::IpAddr;

use domain::access::Actor;
use domain::accounts::answers::Answers;
use domain::accounts::ask_by_mail::Wanted;
use domain::accounts::locale::Locale;
use domain::accounts::ports::Accounts as _;
use domain::accounts::sign_up::{Outcome, SignUpError};
use domain::accounts::user::UserState;
use domain::domains::policy::DefaultPolicy;
use domain::events::EventKind;
use domain::mail::letter::Template;
use domain::origin::{ClientAddress, Origin};
use domain::ports::clock::Clock as _;
use domain::sessions::log_in::{Command, LogInError, LogInRules};
use domain::sessions::session::Channel;
use domain::throttles::limits::StrangersMail;
use memory::passwords::CheapHashing;

use crate::land::checked_field;
use crate::throttles::throttled;
use crate::world::{PASSWORD, World, application, email, typed};

const ADA: &str = "ada@example.org";

fn hardened() -> World {
    let rules = LogInRules { answers: Answers::Hardened, require_verified_email: false };
    World { rules, ..World::default() }
}

fn somewhere(world: &World, ip: [u8; 4], agent: &str) -> Actor {
    let address = Some(ClientAddress::new(IpAddr::from(ip), &*world.keeper));
    Actor::nobody(Origin { address, ..Origin::default() }.with_fields(Some(agent), Some("es-MX, en;q=0.5")))
}

/// Adds somebody whose address is verified or not.
async fn add(world: &World, address: &str, verified: bool, state: UserState) {
    let now = world.clock.now();
    let change = |user: &mut domain::accounts::user::User| {
        user.email_verified_at = verified.then_some(now);
        user.state = state;
    };
    world.add(address, CheapHashing::hash_of(&typed(PASSWORD)), change).await;
}

#[tokio::test]
async fn hardened_logins_are_refused_in_one_way_at_one_cost() {
    let world = hardened();
    add(&world, ADA, true, UserState::Active).await;
    add(&world, "new@example.org", false, UserState::Active).await;
    add(&world, "off@example.org", true, UserState::Disabled).await;
    for (number, (address, password)) in [
        ("nobody@example.org", PASSWORD),
        (ADA, "another afternoon"),
        ("new@example.org", PASSWORD),
        ("off@example.org", PASSWORD),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = world.try_to_enter(address, password, Channel::Api).await;
        assert!(matches!(refused, Err(LogInError::Refused)), "{address}: {refused:?}");
        assert_eq!(world.hashing.verified(), number + 1, "{address}");
    }
    assert_eq!(world.happened()[3..], [EventKind::LogInRefused; 4]);
    assert!(world.try_to_enter(ADA, PASSWORD, Channel::Api).await.is_ok());
}

#[tokio::test]
async fn every_refused_login_is_recorded_with_its_reason() {
    let world = World::default();
    add(&world, ADA, true, UserState::Active).await;
    add(&world, "off@example.org", true, UserState::Disabled).await;
    let user = world.memory.by_email(email(ADA).key()).await.expect("memory reads").map(|account| account.user.id);
    let actor = somewhere(&world, [203, 0, 113, 7], "curl/8");
    for (address, password) in
        [(ADA, "another afternoon"), ("nobody@example.org", PASSWORD), ("off@example.org", PASSWORD)]
    {
        let command = Command { email: email(address), password: typed(password), channel: Channel::Pages };
        world.log_in().run(&actor, command).await.expect_err("refused");
    }
    let events = world.memory.events().split_off(2);
    let reasons: Vec<_> = events.iter().map(|event| event.data[0].1.as_str()).collect();
    assert_eq!(reasons, ["wrong-password", "unknown-user", "disabled"]);
    assert_eq!((events[0].user, events[1].user), (user, None));
    assert_eq!((events[0].subject.kind, events[1].subject.kind), ("user", "address"));
    assert!(!format!("{:?}", events[1]).contains("nobody@"), "an address that is nobody's is only hashed");
    for event in events {
        assert_eq!(event.origin, actor.origin);
        assert_eq!(event.data[1], ("channel", "pages".into()));
    }
}

#[tokio::test]
async fn where_it_is_asked_only_verified_users_log_in() {
    let rules = LogInRules { answers: Answers::Contract, require_verified_email: true };
    let world = World { rules, ..World::default() };
    add(&world, ADA, false, UserState::Active).await;
    let wrong = world.try_to_enter(ADA, "another afternoon", Channel::Api).await;
    assert!(matches!(wrong, Err(LogInError::WrongPassword)), "only who knows the password learns it: {wrong:?}");
    let right = world.try_to_enter(ADA, PASSWORD, Channel::Api).await;
    assert!(matches!(right, Err(LogInError::Unverified)), "{right:?}");
    add(&world, "eve@example.org", true, UserState::Active).await;
    assert!(world.try_to_enter("eve@example.org", PASSWORD, Channel::Api).await.is_ok());
}

#[tokio::test]
async fn hardened_sign_ups_tell_the_owner_only() {
    let world = hardened();
    let sign_up = world.sign_up(DefaultPolicy::Allow);
    let actor = somewhere(&world, [203, 0, 113, 7], "curl/8");
    for address in [ADA, "ADA@example.org"] {
        let outcome = sign_up.run(&actor, application(address)).await;
        assert!(matches!(outcome, Ok(Outcome::CheckMail)), "{address}: {outcome:?}");
    }
    assert_eq!(world.hashing.hashed(), 2, "both cost a hash");
    assert_eq!(world.happened(), [EventKind::UserSignedUp, EventKind::SignedUpAgain]);
    assert_eq!(world.told(), [(Template::VerifyAddress, ADA.into()), (Template::ResetPassword, ADA.into())]);
    let account = world.memory.by_email(email(ADA).key()).await.expect("memory reads").expect("Ada");
    assert!(!account.user.has_user_token(), "a token that nobody saw would be a token too many");
    add(&world, "off@example.org", true, UserState::Disabled).await;
    let outcome = sign_up.run(&actor, application("off@example.org")).await;
    assert!(matches!(outcome, Ok(Outcome::CheckMail)), "{outcome:?}");
    assert_eq!(world.told().len(), 2, "an account that cannot be used gets no letter");
    add(&world, "eve@example.org", true, UserState::Active).await;
    sign_up.run(&actor, application("eve@example.org")).await.expect("told");
    assert!(world.told().contains(&(Template::SignUpAgain, "eve@example.org".into())));
    let mut with_fields = application("new@example.org");
    with_fields.fields = vec![checked_field('a')];
    for address in ["new@example.org", ADA] {
        with_fields.email = email(address);
        let refused = sign_up.run(&actor, with_fields.clone()).await;
        assert!(matches!(refused, Err(SignUpError::FieldsLater)), "{address}: {refused:?}");
    }
}

#[tokio::test]
async fn an_account_that_a_stranger_planted_is_never_verified_with_their_password() {
    let world = hardened();
    let sign_up = world.sign_up(DefaultPolicy::Allow);
    let mut planted = application(ADA);
    planted.password = typed("the stranger's own");
    sign_up.run(&somewhere(&world, [198, 51, 100, 1], "curl/8"), planted).await.expect("told");
    let strangers_link = world.mailed_token(Template::VerifyAddress);
    sign_up.run(&somewhere(&world, [203, 0, 113, 7], "curl/8"), application(ADA)).await.expect("told");
    let actor = Actor::nobody(Origin::default());
    world.confirm_address().run(&actor, &strangers_link).await.expect_err("the link has ended");
    // Whoever asks for the link once more, the owner or the stranger, gets none that only verifies.
    world.ask_by_mail().run(&actor, Wanted::Verification, &email(ADA)).await.expect("asked");
    let links = world.told().into_iter().filter(|(template, _)| *template == Template::VerifyAddress).count();
    assert_eq!(links, 1, "the first, which has ended");
    let link = world.mailed_token(Template::ResetPassword);
    world.reset_password().run(&actor, &link, "the owner's very own").await.expect("the owner reads the mail");
    let stranger = world.try_to_enter(ADA, "the stranger's own", Channel::Api).await;
    assert!(matches!(stranger, Err(LogInError::Refused)), "{stranger:?}");
    assert!(world.try_to_enter(ADA, "the owner's very own", Channel::Api).await.is_ok());
}

#[tokio::test]
async fn a_planted_link_ends_also_when_no_mail_may_go_out() {
    let world = World { rules: hardened().rules, ..throttled() };
    let sign_up = world.sign_up(DefaultPolicy::Allow);
    let mut planted = application(ADA);
    planted.password = typed("the stranger's own");
    let stranger = somewhere(&world, [198, 51, 100, 1], "curl/8");
    sign_up.run(&stranger, planted.clone()).await.expect("told");
    let strangers_link = world.mailed_token(Template::VerifyAddress);
    while world.gate.0.may_mail(&stranger.origin, email(ADA).key(), StrangersMail::Other).await.expect("counted") {}
    let before = world.told().len();
    sign_up.run(&somewhere(&world, [203, 0, 113, 7], "curl/8"), application(ADA)).await.expect("told");
    assert_eq!(world.told().len(), before, "too many mails went out");
    let actor = Actor::nobody(Origin::default());
    world.confirm_address().run(&actor, &strangers_link).await.expect_err("the link has ended");
}

#[tokio::test]
async fn who_signs_up_gets_letters_in_their_language() {
    let world = World::default();
    let actor = somewhere(&world, [203, 0, 113, 7], "curl/8");
    world.sign_up(DefaultPolicy::Allow).run(&actor, application(ADA)).await.expect("signed up");
    assert_eq!(world.memory.letters()[0].letter.locale, Locale::parse("es-MX").ok());
}

#[tokio::test]
async fn an_owner_is_told_of_a_new_device_or_network_once() {
    let world = World::default();
    world.join(ADA).await;
    let firefox = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0";
    for (ip, agent, letters) in [
        ([203, 0, 113, 7], firefox, 0),
        ([203, 0, 113, 99], firefox, 0),
        ([198, 51, 100, 1], firefox, 1),
        ([198, 51, 100, 1], firefox, 1),
        ([198, 51, 100, 1], "curl/8", 2),
        ([203, 0, 113, 7], firefox, 2),
    ] {
        let command = Command { email: email(ADA), password: typed(PASSWORD), channel: Channel::Api };
        world.log_in().run(&somewhere(&world, ip, agent), command).await.expect("the password is right");
        let told = world.told().into_iter().filter(|(template, _)| *template == Template::NewDevice).count();
        assert_eq!(told, letters, "{ip:?} {agent}");
    }
    let letters = world.memory.letters();
    let device = ("device".to_owned(), "curl".to_owned());
    let letter = letters.iter().map(|delivery| &delivery.letter).find(|letter| letter.facts.contains(&device));
    let letter = letter.expect("a letter tells of the device");
    assert!(letter.facts.contains(&("network".into(), "198.51.100.0/24".into())), "{letter:?}");
    assert!(letter.facts.iter().any(|(name, when)| name == "when" && when.ends_with(" UTC")), "{letter:?}");
    world.enter(ADA, Channel::Api).await;
    assert_eq!(world.told().len(), 3, "of a place that is not known nothing is said");
}

#[tokio::test]
async fn of_a_place_that_is_half_known_nothing_is_said() {
    let world = World::default();
    world.join(ADA).await;
    let enter = async |actor: &Actor| {
        let command = Command { email: email(ADA), password: typed(PASSWORD), channel: Channel::Api };
        world.log_in().run(actor, command).await.expect("the password is right");
        world.told().into_iter().filter(|(template, _)| *template == Template::NewDevice).count()
    };
    enter(&somewhere(&world, [203, 0, 113, 7], "Mozilla/5.0 (X11; Linux) Firefox/140.0")).await;
    let elsewhere = || somewhere(&world, [198, 51, 100, 1], "curl/8").origin;
    for origin in [Origin { device: None, ..elsewhere() }, Origin { address: None, ..elsewhere() }] {
        assert_eq!(enter(&Actor::nobody(origin)).await, 0);
    }
    assert_eq!(enter(&Actor::nobody(elsewhere())).await, 1);
}
