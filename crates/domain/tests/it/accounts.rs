//! What users change about themselves, and what the operator does to users.

use chrono::TimeDelta;
use domain::access::{Actor, Denied, Operation};
use domain::accounts::ask_by_mail;
use domain::accounts::create_user::{self, CreateUser, CreateUserError};
use domain::accounts::issue_user_token::IssueUserToken;
use domain::accounts::list_users::{ListUsers, ListUsersError};
use domain::accounts::locale::Locale;
use domain::accounts::own_row::OwnRowError;
use domain::accounts::phone::PhoneNumber;
use domain::accounts::remove_user_token::RemoveUserToken;
use domain::accounts::reset_password::ResetPasswordError;
use domain::accounts::set_preferences::{Language, Preferences, SetPreferences};
use domain::accounts::set_user_state::{SetUserState, SetUserStateError, Wanted};
use domain::accounts::update_phone::UpdatePhone;
use domain::accounts::user_token::HeldUserToken;
use domain::events::EventKind;
use domain::mail::letter::Template;
use domain::origin::Origin;
use domain::page::{Cursor, PageError, PageLimit};
use domain::ports::clock::Clock as _;
use domain::sessions::authenticate::AuthenticateError;
use domain::sessions::session::{Channel, EndReason};

use crate::world::{PASSWORD, World, by_user_token, email, tokens, typed};

const ADA: &str = "ada@example.org";

fn update_phone(world: &World) -> UpdatePhone {
    UpdatePhone { own_row: world.own_row(), clock: world.clock.clone(), entropy: world.entropy.clone() }
}

fn issue_user_token(world: &World) -> IssueUserToken {
    IssueUserToken {
        own_row: world.own_row(),
        keeper: world.keeper.clone(),
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
    }
}

#[tokio::test]
async fn a_phone_number_is_set_and_removed() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let number = PhoneNumber::parse("+14155552671").expect("a number");
    world.clock.advance(chrono::TimeDelta::minutes(1));
    let with = update_phone(&world).run(&by_user_token(&world, &user), Some(number.clone())).await.expect("a user may");
    assert_eq!(with.phone_number, Some(number));
    assert_eq!(with, world.user(user.id).await, "the answer is what is stored");
    // The actor is of the row as it was before: the change is planned again on the row as it is.
    let without = update_phone(&world).run(&by_user_token(&world, &user), None).await.expect("a user may");
    assert_eq!((without.phone_number.clone(), without.version), (None, user.version + 2));
    assert_eq!(without, world.user(user.id).await);
}

#[tokio::test]
async fn nobody_and_the_operator_have_no_phone_number() {
    let world = World::default();
    for actor in [Actor::nobody(Origin::default()), Actor::system()] {
        let outcome = update_phone(&world).run(&actor, None).await;
        assert!(matches!(outcome, Err(OwnRowError::Denied(Denied::Nobody))), "{outcome:?}");
    }
}

#[tokio::test]
async fn users_say_whether_they_are_found() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let case = set_preferences(&world);
    for discoverable in [true, false] {
        let wanted = Preferences::discoverable(discoverable);
        let answer = case.run(&by_user_token(&world, &user), &wanted).await.expect("a user may");
        assert_eq!(answer.discoverable, discoverable);
        assert_eq!(answer, world.user(user.id).await);
    }
}

#[tokio::test]
async fn users_say_which_language_they_read_and_get_their_mails_in_it() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let spanish = Locale::parse("ES-mx").ok();
    for locale in [spanish.clone(), None, Locale::parse("tlh").ok(), spanish.clone()] {
        let wanted = Preferences::language(Language::of(locale.clone()));
        let answer = set_preferences(&world).run(&by_user_token(&world, &user), &wanted).await.expect("a user may");
        assert_eq!(answer.locale, locale);
        assert_eq!(answer, world.user(user.id).await);
    }
    assert_eq!(last_event(&world), (EventKind::LanguageChanged, vec![]));
    let nobody = Actor::nobody(Origin::default());
    world.ask_by_mail().run(&nobody, ask_by_mail::Wanted::NewPassword, &email(ADA)).await.expect("asked");
    assert_eq!(world.memory.letters().last().expect("a letter").letter.locale, spanish);
}

#[tokio::test]
async fn what_users_say_at_once_is_written_at_once() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    assert_eq!(Preferences::of(None, None), None);
    let language = Language::of(Locale::parse("es").ok());
    let wanted = Preferences::of(Some(true), Some(language)).expect("two preferences");
    let events = world.memory.events().len();
    let answer = set_preferences(&world).run(&by_user_token(&world, &user), &wanted).await.expect("a user may");
    assert_eq!((answer.discoverable, answer.locale.as_ref().map(Locale::as_str)), (true, Some("es")));
    assert_eq!(answer, world.user(user.id).await, "the answer is what is stored, its version included");
    assert_eq!(world.memory.events().len(), events + 1);
    assert_eq!(last_event(&world), (EventKind::PreferencesChanged, vec![("discoverable", "true".to_owned())]));
    // The actor is of the row as it was before: one preference leaves the other alone.
    let wanted = Preferences::discoverable(false);
    let answer = set_preferences(&world).run(&by_user_token(&world, &user), &wanted).await.expect("a user may");
    assert_eq!((answer.discoverable, answer.locale.as_ref().map(Locale::as_str)), (false, Some("es")));
    assert_eq!(last_event(&world).0, EventKind::DiscoverabilityChanged);
    let outcome = set_preferences(&world).run(&Actor::system(), &wanted).await;
    assert!(matches!(outcome, Err(OwnRowError::Denied(Denied::Nobody))), "{outcome:?}");
}

fn set_preferences(world: &World) -> SetPreferences {
    SetPreferences { own_row: world.own_row(), clock: world.clock.clone(), entropy: world.entropy.clone() }
}

fn last_event(world: &World) -> (EventKind, Vec<(&'static str, String)>) {
    let event = world.memory.events().pop().expect("an event");
    (event.kind, event.data)
}

#[tokio::test]
async fn a_new_user_token_kills_the_one_before() {
    let world = World::default();
    let (user, first) = world.join(ADA).await;
    let signed_in = world.enter(ADA, Channel::Api).await;
    let issue = issue_user_token(&world);
    let denied = issue.run(&by_user_token(&world, &user), None).await;
    assert!(matches!(denied, Err(OwnRowError::Denied(Denied::SessionNeeded))), "{denied:?}");
    let second = issue.run(&world.actor(&signed_in), None).await.expect("a session may");
    assert!(world.bearer(first.reveal(), Operation::ShowMe).await.is_err());
    assert!(world.bearer(second.reveal(), Operation::ShowMe).await.is_ok());

    let remove =
        RemoveUserToken { own_row: world.own_row(), clock: world.clock.clone(), entropy: world.entropy.clone() };
    remove.run(&world.actor(&signed_in)).await.expect("a session may");
    assert!(world.bearer(second.reveal(), Operation::ShowMe).await.is_err());
    assert!(!world.user(user.id).await.has_user_token());
    let denied = remove.run(&by_user_token(&world, &user)).await;
    assert!(matches!(denied, Err(OwnRowError::Denied(Denied::SessionNeeded))), "{denied:?}");
}

#[tokio::test]
async fn a_user_token_ends_and_its_last_use_is_shown() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let signed_in = world.enter(ADA, Channel::Api).await;
    let issue = issue_user_token(&world);
    let end = world.clock.now() + TimeDelta::minutes(10);
    let token = issue.run(&world.actor(&signed_in), Some(end)).await.expect("a session may");
    let held = async || world.user(user.id).await.user_token.expect("a token is held");
    assert_eq!(held().await, HeldUserToken { expires_at: Some(end), last_used_at: None });
    let first = world.clock.now();
    for (later, noted) in [(0, 0), (59, 0), (1, 60)] {
        world.clock.advance(TimeDelta::seconds(later));
        world.bearer(token.reveal(), Operation::ShowMe).await.expect("the token is alive");
        assert_eq!(held().await.last_used_at, Some(first + TimeDelta::seconds(noted)));
    }
    world.clock.advance(TimeDelta::minutes(9));
    let late = world.bearer(token.reveal(), Operation::ShowMe).await;
    assert!(matches!(late, Err(AuthenticateError::NotValid)), "{late:?}");
    assert!(held().await.last_used_at < Some(end), "a token that has ended was not used");
}

#[tokio::test]
async fn the_operator_makes_users() {
    let world = World::default();
    let case = CreateUser {
        hashing: world.hashing.clone(),
        ledger: world.memory.clone(),
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
    };
    let command =
        || create_user::Command { email: email(ADA), password: typed(PASSWORD), administrator: true, verified: true };
    let user = case.run(&Actor::system(), command()).await.expect("the operator may");
    assert!(user.administrator && user.is_activated() && !user.has_user_token());
    assert_eq!(user, world.user(user.id).await);
    let again = case.run(&Actor::system(), command()).await;
    assert!(matches!(again, Err(CreateUserError::AlreadyExists)), "{again:?}");
    let denied = case.run(&Actor::nobody(Origin::default()), command()).await;
    assert!(matches!(denied, Err(CreateUserError::Denied(Denied::Nobody))), "{denied:?}");
    world.enter(ADA, Channel::Api).await;
}

#[tokio::test]
async fn the_operator_looks_through_the_users() {
    let world = World::default();
    let mut ids = Vec::new();
    for name in ["ada", "bea", "cyd"] {
        ids.push(world.join(&format!("{name}@example.org")).await.0.id);
        world.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let case = ListUsers { accounts: world.memory.clone() };
    let two = PageLimit::parse(2).expect("a limit");
    let first = case.run(&Actor::system(), None, two).await.expect("the operator may");
    let rest = case.run(&Actor::system(), first.next.clone(), two).await.expect("the operator may");
    let seen = first.items.iter().chain(&rest.items).map(|user| user.id).collect::<Vec<_>>();
    assert_eq!((seen, rest.next), (ids, None));
    let foreign = case.run(&Actor::system(), Some(Cursor::after("ada")), two).await;
    assert!(matches!(foreign, Err(ListUsersError::Page(PageError::Cursor))), "{foreign:?}");
    let denied = case.run(&Actor::nobody(Origin::default()), None, two).await;
    assert!(matches!(denied, Err(ListUsersError::Denied(Denied::Nobody))), "{denied:?}");
}

#[tokio::test]
async fn a_shut_account_ends_its_sessions_until_it_is_opened_again() {
    let world = World::default();
    let (_, token) = world.join(ADA).await;
    let (api, pages) = (world.enter(ADA, Channel::Api).await, world.enter(ADA, Channel::Pages).await);
    let case = SetUserState {
        accounts: world.memory.clone(),
        ledger: world.memory.clone(),
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
    };
    let denied = case.run(&world.actor(&api), &email(ADA), Wanted::Disabled).await;
    assert!(matches!(denied, Err(SetUserStateError::Denied(Denied::AdministratorNeeded))), "{denied:?}");
    let nobody = Actor::nobody(Origin::default());
    world.ask_by_mail().run(&nobody, ask_by_mail::Wanted::NewPassword, &email(ADA)).await.expect("asked");
    let link = world.mailed_token(Template::ResetPassword);
    for _ in 0..2 {
        case.run(&Actor::system(), &email("ADA@example.org"), Wanted::Disabled).await.expect("the operator may");
    }
    for session in [&api, &pages] {
        assert_eq!(world.memory.end_reason(session.session.id), Some(EndReason::UserDisabled));
    }
    assert!(world.bearer(token.reveal(), Operation::ShowMe).await.is_err());
    assert!(world.try_to_enter(ADA, PASSWORD, Channel::Api).await.is_err());
    case.run(&Actor::system(), &email(ADA), Wanted::Enabled).await.expect("the operator may");
    assert!(world.bearer(token.reveal(), Operation::ShowMe).await.is_ok());
    assert!(world.refresh().run(&Actor::nobody(Origin::default()), tokens(&api).refresh_token.reveal()).await.is_err());
    world.enter(ADA, Channel::Api).await;
    let old_link = world.reset_password().run(&nobody, &link, "a thief's afternoon").await;
    assert!(matches!(old_link, Err(ResetPasswordError::NotValid(_))), "{old_link:?}");
    let nobody = case.run(&Actor::system(), &email("nobody@example.org"), Wanted::Disabled).await;
    assert!(matches!(nobody, Err(SetUserStateError::NotFound)), "{nobody:?}");
    let kinds = world.happened().into_iter();
    let told: Vec<_> = kinds.filter(|kind| matches!(kind, EventKind::UserDisabled | EventKind::UserEnabled)).collect();
    assert_eq!(told, [EventKind::UserDisabled, EventKind::UserEnabled], "what an account is already is no event");
}
