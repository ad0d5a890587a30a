//! Mailed tokens, and letters on their way.

use chrono::TimeDelta;
use domain::accounts::locale::Locale;
use domain::accounts::user::{User, UserState};
use domain::changes::MailChange;
use domain::changes::account::AccountChange;
use domain::ids::{DeliveryId, MailedTokenId, UserId};
use domain::mail::delivery::{Delivery, DeliveryOutcome};
use domain::mail::letter::{Letter, Template};
use domain::mail::mailed_token::{MailedToken, MailedTokenPurpose};
use domain::mail::ports::HeldMailedToken;
use domain::ports::ledger::Rejected;

use crate::fixture::{Fixture, Ports};
use crate::outcome::RACERS;
use crate::samples::{add, at, email, hash, id, plan, plan_of, user};

/// A token comes back with its user, in whatever state they are; what is not there is none.
pub async fn a_mailed_token_reads_back_equal(fixture: Fixture) {
    let (active, disabled) = (user("ada@example.org"), user("ben@example.org"));
    let disabled = User { state: UserState::Disabled, ..disabled };
    fixture.here.write(plan().with_all([&active, &disabled].map(add))).await;
    for user in [active, disabled] {
        for purpose in MailedTokenPurpose::ALL {
            let token = MailedToken { address: email("Old@Example.org"), ..token(&user, purpose) };
            fixture.here.write(plan_of(MailChange::AddToken(token.clone()))).await;
            let held = HeldMailedToken { token: token.clone(), user: user.clone() };
            assert_eq!(by_id(&fixture.there, token.id).await, Some(held));
        }
    }
    assert_eq!(by_id(&fixture.here, MailedTokenId::restore(id())).await, None);
}

/// A newer token ends the older ones of its user and purpose, and no other.
pub async fn a_newer_mailed_token_ends_the_older(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    fixture.here.write(plan().with_all([&ada, &ben].map(add))).await;
    let (reset, verify) = (MailedTokenPurpose::ResetPassword, MailedTokenPurpose::VerifyAddress);
    let [older, others, other_purpose] = [token(&ada, reset), token(&ben, reset), token(&ada, verify)];
    for token in [&older, &others, &other_purpose] {
        fixture.here.write(plan_of(MailChange::AddToken(token.clone()))).await;
    }
    let newer = token(&ada, reset);
    fixture.here.write(plan_of(MailChange::AddToken(newer.clone()))).await;
    let there = async |token: &MailedToken| by_id(&fixture.there, token.id).await.is_some();
    assert!(!there(&older).await && there(&newer).await && there(&others).await && there(&other_purpose).await);
    let end = MailChange::EndTokens { user: ada.id, purpose: reset, made_after: None, at: at(2) };
    assert_eq!(fixture.here.write(plan_of(end.clone())).await.rows, [1]);
    assert_eq!(fixture.here.write(plan_of(end)).await.rows, [0]);
    assert!(!there(&newer).await && there(&others).await && there(&other_purpose).await);
}

/// Tokens that undo a change of the address do not end one another; those made after a time end together.
pub async fn tokens_that_undo_stay_beside_newer_ones_until_an_older_is_used(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    fixture.here.write(plan().with_all([&ada, &ben].map(add))).await;
    let purpose = MailedTokenPurpose::UndoAddressChange;
    let made_at = |user: &User, purpose, time| MailedToken { created_at: at(time), ..token(user, purpose) };
    let chain = [1, 2, 3, 4].map(|time| made_at(&ada, purpose, time));
    let others = [made_at(&ben, purpose, 4), made_at(&ada, MailedTokenPurpose::ResetPassword, 4)];
    for token in chain.iter().chain(&others) {
        fixture.here.write(plan_of(MailChange::AddToken(token.clone()))).await;
    }
    let there = async |token: &MailedToken| by_id(&fixture.there, token.id).await.is_some();
    for token in chain.iter().chain(&others) {
        assert!(there(token).await, "{token:?}");
    }
    let end = MailChange::EndTokens { user: ada.id, purpose, made_after: Some(at(2)), at: at(5) };
    assert_eq!(fixture.here.write(plan_of(end.clone())).await.rows, [2]);
    assert_eq!(fixture.here.write(plan_of(end)).await.rows, [0]);
    let [first, second, third, fourth] = &chain;
    assert!(there(first).await && there(second).await && !there(third).await && !there(fourth).await);
    assert!(there(&others[0]).await && there(&others[1]).await);
}

/// A token is used for its purpose, before it expires, and once.
pub async fn a_mailed_token_is_used_once(fixture: Fixture) {
    let user = user("ada@example.org");
    let token = token(&user, MailedTokenPurpose::VerifyAddress);
    fixture.here.write(plan_of(add(&user)).with(MailChange::AddToken(token.clone()))).await;
    let use_it = |id, purpose, at| plan_of(MailChange::UseToken { token: id, purpose, at });
    let purpose = token.purpose;
    for wrong in [
        use_it(token.id, MailedTokenPurpose::ResetPassword, at(1)),
        use_it(token.id, purpose, token.expires_at),
        use_it(MailedTokenId::restore(id()), purpose, at(1)),
    ] {
        expect_used(fixture.there.apply(wrong).await.map(|_| ()));
    }
    let last_moment = token.expires_at - TimeDelta::microseconds(1);
    fixture.there.write(use_it(token.id, purpose, last_moment)).await;
    expect_used(fixture.here.apply(use_it(token.id, purpose, at(1))).await.map(|_| ()));
    assert_eq!(by_id(&fixture.here, token.id).await, None);
}

/// Of many who use one token at once, one does.
pub async fn one_of_many_uses_of_a_mailed_token_wins(fixture: Fixture) {
    let user = user("ada@example.org");
    fixture.here.write(plan_of(add(&user))).await;
    for _ in 0..8 {
        let token = token(&user, MailedTokenPurpose::ResetPassword);
        fixture.here.write(plan_of(MailChange::AddToken(token.clone()))).await;
        let (id, purpose) = (token.id, token.purpose);
        let plans = (0..RACERS).map(|_| plan_of(MailChange::UseToken { token: id, purpose, at: at(1) }));
        for loser in fixture.race_for_one(plans.collect()).await {
            expect_used(Err(loser));
        }
    }
}

/// Of many tokens of one user and purpose that are added at once, one is left.
pub async fn one_of_many_mailed_tokens_is_left(fixture: Fixture) {
    let user = user("ada@example.org");
    fixture.here.write(plan_of(add(&user))).await;
    let tokens: Vec<_> = (0..RACERS).map(|_| token(&user, MailedTokenPurpose::ResetPassword)).collect();
    let plans = tokens.iter().map(|token| plan_of(MailChange::AddToken(token.clone()))).collect();
    for outcome in fixture.race(plans).await {
        outcome.expect("each is added");
    }
    let mut left = 0;
    for token in tokens {
        left += usize::from(by_id(&fixture.there, token.id).await.is_some());
    }
    assert_eq!(left, 1);
}

/// Who asks for a token and who uses the one before never wait for each other in a circle: each plan is carried out
/// or refused, and none of them fails.
pub async fn asking_and_using_at_once_is_no_deadlock(fixture: Fixture) {
    let user = user("ada@example.org");
    fixture.here.write(plan_of(add(&user))).await;
    let purpose = MailedTokenPurpose::VerifyAddress;
    for _ in 0..4 {
        let first = token(&user, purpose);
        fixture.here.write(plan_of(MailChange::AddToken(first.clone()))).await;
        let plans =
            (0..8).map(|number| match number % 2 {
                0 => plan_of(MailChange::UseToken { token: first.id, purpose, at: at(1) })
                    .with(AccountChange::Rehash { user: user.id, from: hash(), to: hash() }),
                _ => plan_of(MailChange::AddToken(token(&user, purpose))),
            });
        let ledgers = [&fixture.here, &fixture.here, &fixture.there, &fixture.there].into_iter().cycle();
        let racing = plans.zip(ledgers).map(|(plan, ports)| {
            let ledger = ports.ledger.clone();
            tokio::spawn(async move { ledger.apply(plan).await })
        });
        for racer in racing.collect::<Vec<_>>() {
            let outcome = racer.await.expect("no panic");
            assert!(matches!(outcome, Ok(_) | Err(Rejected::AlreadyUsed)), "{outcome:?}");
        }
    }
}

/// A token needs a user.
pub async fn a_mailed_token_needs_a_user(fixture: Fixture) {
    let nobody = User { id: UserId::restore(id()), ..user("nobody@example.org") };
    let token = token(&nobody, MailedTokenPurpose::ResetPassword);
    let refused = fixture.here.apply(plan_of(MailChange::AddToken(token))).await;
    assert!(matches!(refused, Err(Rejected::Failed(_))), "{refused:?}");
}

/// A letter is claimed as it was queued, the one that is due longest first, and none before its time.
pub async fn letters_are_claimed_in_their_order(fixture: Fixture) {
    let plain = Letter::new(Template::PasswordChanged, email("Ada@Example.org"), None);
    let full = Letter::new(Template::VerifyAddress, email("ben@example.org"), Locale::parse("es").ok())
        .with_token(MailedTokenId::restore(id()))
        .with("when", "now, \"today\"");
    let (later, earlier) = (delivery(plain, 5), delivery(full, 3));
    let changes = [&later, &earlier].map(|delivery| MailChange::Queue(delivery.clone()));
    fixture.here.write(plan().with_all(changes)).await;
    let claim = async |now| fixture.there.deliveries.claim(at(now), at(1_000)).await.expect("claimed");
    assert_eq!(claim(2).await, None);
    assert_eq!(claim(4).await, Some(Delivery { attempts: 1, ..earlier }));
    assert_eq!(claim(4).await, None);
    assert_eq!(claim(5).await, Some(Delivery { attempts: 1, ..later }));
    assert_eq!(claim(999).await, None, "both are somebody's");
}

/// A letter whose claimant does not say what became of it is given to another; one that was sent or given
/// up never again; one that was postponed when its time has come.
pub async fn a_claimed_letter_comes_back_until_it_is_settled(fixture: Fixture) {
    let queued = delivery(Letter::new(Template::Test, email("ada@example.org"), None), 0);
    fixture.here.write(plan_of(MailChange::Queue(queued.clone()))).await;
    let claim = async |ports: &Ports, now: i64| ports.deliveries.claim(at(now), at(now + 10)).await.expect("claimed");
    let settle = async |ports: &Ports, delivery: &Delivery, outcome, now| {
        ports.deliveries.settle(delivery, outcome, at(now)).await.expect("settled");
    };
    let lost = claim(&fixture.here, 0).await.expect("it is due");
    assert_eq!(claim(&fixture.there, 9).await, None);
    let again = claim(&fixture.there, 10).await.expect("its time is over");
    assert_eq!((again.id, again.attempts), (queued.id, 2));
    // Who was too slow has no say any more.
    settle(&fixture.here, &lost, DeliveryOutcome::Sent, 11).await;
    settle(&fixture.there, &again, DeliveryOutcome::Postponed(at(15)), 12).await;
    assert_eq!(claim(&fixture.here, 14).await, None);
    let third = claim(&fixture.here, 15).await.expect("it is due again");
    assert_eq!(third.attempts, 3);
    settle(&fixture.here, &third, DeliveryOutcome::Sent, 16).await;
    assert_eq!(claim(&fixture.there, 1_000_000).await, None);
}

/// Many who claim at once get each letter once.
pub async fn each_letter_is_claimed_once(fixture: Fixture) {
    let letter = Letter::new(Template::Test, email("ada@example.org"), None);
    let queued: Vec<_> = (0..20).map(|number| delivery(letter.clone(), number)).collect();
    fixture.here.write(plan().with_all(queued.iter().cloned().map(MailChange::Queue))).await;
    let mut claimants = tokio::task::JoinSet::new();
    for number in 0..RACERS {
        let ports = if number % 2 == 0 { fixture.here.clone() } else { fixture.there.clone() };
        claimants.spawn(async move {
            // A crowd is more than a pool of connections is made for: who is refused asks again.
            loop {
                match ports.deliveries.claim(at(100), at(1_000)).await {
                    Ok(delivery) => return delivery.map(|delivery| delivery.id),
                    Err(failure) => assert!(failure.retryable(), "{failure}"),
                }
            }
        });
    }
    let mut claimed: Vec<_> = claimants.join_all().await.into_iter().flatten().collect();
    // On an engine where a claim that loses sees nothing, some letters are left for the next round.
    while let Some(delivery) = fixture.here.deliveries.claim(at(100), at(1_000)).await.expect("claimed") {
        claimed.push(delivery.id);
    }
    claimed.sort_unstable();
    assert_eq!(claimed, queued.iter().map(|delivery| delivery.id).collect::<Vec<_>>());
}

fn token(user: &User, purpose: MailedTokenPurpose) -> MailedToken {
    MailedToken {
        id: MailedTokenId::restore(id()),
        user: user.id,
        purpose,
        address: user.email.clone(),
        created_at: at(0),
        expires_at: at(0) + purpose.lifetime(),
    }
}

fn delivery(letter: Letter, queued_at: i64) -> Delivery {
    Delivery { id: DeliveryId::restore(id()), letter, attempts: 0, created_at: at(queued_at) }
}

async fn by_id(ports: &Ports, id: MailedTokenId) -> Option<HeldMailedToken> {
    ports.mailed_tokens.by_id(id).await.expect("the token is read")
}

#[track_caller]
fn expect_used(result: Result<(), Rejected>) {
    assert!(matches!(result, Err(Rejected::AlreadyUsed)), "not AlreadyUsed: {result:?}");
}
