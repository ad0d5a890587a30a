//! Authority tokens.

use std::sync::Arc;

use domain::access::{Actor, Denied, Operation};
use domain::accounts::user::User;
use domain::authority::issue::{IssueAuthorityToken, IssueAuthorityTokenError, Mode};
use domain::authority::read::{ReadAuthorityToken, ReadAuthorityTokenError};
use domain::authority::revoke::{RevokeAuthorityToken, RevokeAuthorityTokenError};
use domain::authority::show::ShowAuthorityToken;
use domain::domains::policy::BelongsTo;
use domain::origin::Origin;
use domain::ports::clock::Clock as _;
use domain::sessions::authenticate::{AuthenticateError, Shown};
use domain::sessions::session::Channel;
use memory::passwords::CheapHashing;

use crate::world::{PASSWORD, World, by_user_token, domain_name, tokens, typed};

fn issue(world: &World) -> IssueAuthorityToken {
    IssueAuthorityToken {
        keeper: world.keeper.clone(),
        ledger: world.memory.clone(),
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
    }
}

fn read(world: &World) -> ReadAuthorityToken {
    ReadAuthorityToken { tokens: world.memory.clone(), keeper: world.keeper.clone() }
}

fn revoke(world: &World) -> RevokeAuthorityToken {
    RevokeAuthorityToken { ledger: world.memory.clone(), clock: world.clock.clone(), entropy: world.entropy.clone() }
}

fn show(world: &World) -> ShowAuthorityToken {
    ShowAuthorityToken { authenticate: Arc::new(world.authenticate()), keeper: world.keeper.clone() }
}

#[tokio::test]
async fn a_token_is_issued_read_rotated_and_revoked() {
    let (world, operator, domain) = (World::default(), Actor::system(), domain_name("example.org"));
    let none = read(&world).run(&operator, &domain).await;
    assert!(matches!(none, Err(ReadAuthorityTokenError::None)), "{none:?}");
    let first = issue(&world).run(&operator, domain.clone(), Mode::Issue).await.expect("the domain has none");
    assert_eq!(read(&world).run(&operator, &domain).await.expect("it is there"), first);
    let again = issue(&world).run(&operator, domain.clone(), Mode::Issue).await;
    assert!(matches!(again, Err(IssueAuthorityTokenError::AlreadyIssued)), "{again:?}");
    assert_eq!(read(&world).run(&operator, &domain).await.expect("it is unchanged"), first);
    let second = issue(&world).run(&operator, domain.clone(), Mode::Rotate).await.expect("it is asked for");
    assert_ne!(first, second);
    assert_eq!(read(&world).run(&operator, &domain).await.expect("it is there"), second);
    revoke(&world).run(&operator, domain.clone()).await.expect("it is there");
    let gone = revoke(&world).run(&operator, domain).await;
    assert!(matches!(gone, Err(RevokeAuthorityTokenError::None)), "{gone:?}");
}

#[tokio::test]
async fn a_blocked_domain_gets_none() {
    let world = World::default();
    world.put_domain("example.org", BelongsTo::Blocked).await;
    for mode in [Mode::Issue, Mode::Rotate] {
        let outcome = issue(&world).run(&Actor::system(), domain_name("example.org"), mode).await;
        assert!(matches!(outcome, Err(IssueAuthorityTokenError::Blocked)), "{outcome:?}");
    }
}

#[tokio::test]
async fn users_read_the_token_of_their_own_verified_domain_only() {
    let world = World::default();
    let domain = domain_name("example.org");
    let token = issue(&world).run(&Actor::system(), domain.clone(), Mode::Issue).await.expect("issued");
    let now = world.clock.now();
    let hash = || CheapHashing::hash_of(&typed(PASSWORD));
    let verified = world.add("ada@Example.ORG", hash(), |user| user.email_verified_at = Some(now)).await;
    let unverified = world.add("bea@example.org", hash(), |_| {}).await;
    let under = world.add("cyd@mail.example.org", hash(), |user| user.email_verified_at = Some(now)).await;
    assert_eq!(read(&world).run(&by_user_token(&world, &verified), &domain).await.expect("their own"), token);
    for user in [unverified, under] {
        let outcome = read(&world).run(&by_user_token(&world, &user), &domain).await;
        let denied = matches!(outcome, Err(ReadAuthorityTokenError::Denied(Denied::OtherDomain)));
        assert!(denied, "{outcome:?}");
    }
    let nobody = read(&world).run(&Actor::nobody(Origin::default()), &domain).await;
    assert!(matches!(nobody, Err(ReadAuthorityTokenError::Denied(Denied::Nobody))), "{nobody:?}");
    let issued = issue(&world).run(&by_user_token(&world, &verified), domain.clone(), Mode::Rotate).await;
    let denied = matches!(issued, Err(IssueAuthorityTokenError::Denied(Denied::SessionNeeded)));
    assert!(denied, "{issued:?}");
    let revoked = revoke(&world).run(&by_user_token(&world, &verified), domain).await;
    let denied = matches!(revoked, Err(RevokeAuthorityTokenError::Denied(Denied::SessionNeeded)));
    assert!(denied, "{revoked:?}");
}

#[tokio::test]
async fn a_credential_shows_the_token_by_the_rules_of_its_holder() {
    let world = World::default();
    let (own, other, empty) = (domain_name("example.org"), domain_name("example.com"), domain_name("example.net"));
    for domain in [&own, &other] {
        issue(&world).run(&Actor::system(), domain.clone(), Mode::Issue).await.expect("issued");
    }
    let now = world.clock.now();
    let hash = || CheapHashing::hash_of(&typed(PASSWORD));
    world.add("ada@example.org", hash(), |user| user.email_verified_at = Some(now)).await;
    world.add("bea@example.org", hash(), |_| {}).await;
    let administers = |user: &mut User| (user.email_verified_at, user.administrator) = (Some(now), true);
    world.add("root@example.org", hash(), administers).await;
    for (address, domain, expected) in [
        ("ada@example.org", &own, Ok(())),
        ("ada@example.org", &other, Err("other domain")),
        // Whether another domain has a token is not theirs to learn.
        ("ada@example.org", &empty, Err("other domain")),
        ("bea@example.org", &own, Err("other domain")),
        ("root@example.org", &other, Ok(())),
        ("root@example.org", &empty, Err("none")),
    ] {
        let signed_in = world.enter(address, Channel::Api).await;
        let shown = Shown::Bearer(tokens(&signed_in).access_token.reveal());
        let (actor, reading) = show(&world).run(shown, domain, Origin::default()).await.expect("the token holds");
        assert_eq!(actor.owner(Operation::ReadAuthorityToken).expect("a user").email.as_str(), address);
        match (expected, reading) {
            (Ok(()), Ok(token)) => {
                let stored = read(&world).run(&Actor::system(), domain).await.expect("it is there");
                assert_eq!(token, stored, "{address}, {domain}");
            }
            (Err("none"), Err(ReadAuthorityTokenError::None)) => {}
            (Err("other domain"), Err(ReadAuthorityTokenError::Denied(Denied::OtherDomain))) => {}
            (_, reading) => panic!("{address}, {domain}: {reading:?}"),
        }
    }
    let nobody = show(&world).run(Shown::Bearer("nonsense"), &own, Origin::default()).await;
    assert!(matches!(nobody, Err(AuthenticateError::NotValid)));
}
