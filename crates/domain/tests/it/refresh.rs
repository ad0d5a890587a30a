//! Exchanging refresh tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::access::{Actor, Operation};
use domain::changes::Changes;
use domain::events::EventKind;
use domain::ids::GrantId;
use domain::origin::Origin;
use domain::ports::clock::Clock as _;
use domain::ports::ledger::{Ledger, Receipt, Rejected};
use domain::sessions::grant::GRACE;
use domain::sessions::log_in::{IssuedTokens, SignedIn};
use domain::sessions::refresh::{Refresh, RefreshError};
use domain::sessions::refresh_token::RefreshToken;
use domain::sessions::session::{ABSOLUTE, Channel, EndReason, IDLE};

use crate::world::{World, tokens};

const ADA: &str = "ada@example.org";

async fn signed_in() -> (World, SignedIn) {
    let world = World::default();
    world.join(ADA).await;
    let signed_in = world.enter(ADA, Channel::Api).await;
    (world, signed_in)
}

async fn exchange(world: &World, token: &str) -> Result<IssuedTokens, RefreshError> {
    world.refresh().run(&Actor::nobody(Origin::default()), token).await
}

fn assert_not_valid(outcome: &Result<IssuedTokens, RefreshError>) {
    assert!(matches!(outcome, Err(RefreshError::NotValid)), "{outcome:?}");
}

#[tokio::test]
async fn each_exchange_gives_the_next_generation() {
    let (world, signed_in) = signed_in().await;
    let mut token = tokens(&signed_in).refresh_token.reveal().to_owned();
    for generation in 1..=3 {
        world.clock.advance(TimeDelta::hours(1));
        let next = exchange(&world, &token).await.expect("the token is the current one");
        assert_ne!(next.refresh_token.reveal(), token);
        let read = RefreshToken::read(next.refresh_token.reveal(), &*world.keeper).expect("a genuine token");
        assert_eq!(read.generation, generation);
        let actor = world.bearer(next.access_token.reveal(), Operation::LogOut).await.expect("alive");
        let session = actor.session(Operation::LogOut).expect("a session");
        assert_eq!((session.id, session.last_seen_at), (signed_in.session.id, world.clock.now()));
        token = next.refresh_token.reveal().to_owned();
    }
}

#[tokio::test]
async fn in_the_grace_the_one_before_gets_the_same_child() {
    let (world, signed_in) = signed_in().await;
    let first = tokens(&signed_in).refresh_token.reveal();
    let child = exchange(&world, first).await.expect("current");
    world.clock.advance(GRACE - TimeDelta::microseconds(1));
    let again = exchange(&world, first).await.expect("in the grace");
    assert_eq!(again.refresh_token, child.refresh_token);
    assert_ne!(again.access_token, child.access_token);
    assert_eq!(world.memory.end_reason(signed_in.session.id), None);
}

#[tokio::test]
async fn a_token_used_again_after_the_grace_ends_the_session() {
    let (world, signed_in) = signed_in().await;
    let first = tokens(&signed_in).refresh_token.reveal();
    let child = exchange(&world, first).await.expect("current");
    world.clock.advance(GRACE);
    assert_not_valid(&exchange(&world, first).await);
    assert_eq!(world.memory.end_reason(signed_in.session.id), Some(EndReason::ReuseDetected));
    assert_eq!(world.happened().last(), Some(&EventKind::RefreshTokenReused));
    assert_not_valid(&exchange(&world, child.refresh_token.reveal()).await);
    assert!(world.bearer(child.access_token.reveal(), Operation::ShowMe).await.is_err());
    let again = exchange(&world, first).await;
    assert_not_valid(&again);
    assert_eq!(world.happened().iter().filter(|kind| **kind == EventKind::RefreshTokenReused).count(), 1);
}

#[tokio::test]
async fn two_generations_back_is_reuse_even_in_the_grace() {
    let (world, signed_in) = signed_in().await;
    let first = tokens(&signed_in).refresh_token.reveal();
    let second = exchange(&world, first).await.expect("current");
    exchange(&world, second.refresh_token.reveal()).await.expect("current");
    assert_not_valid(&exchange(&world, first).await);
    assert_eq!(world.memory.end_reason(signed_in.session.id), Some(EndReason::ReuseDetected));
}

#[tokio::test]
async fn unknown_and_forged_tokens_end_nothing() {
    let (world, signed_in) = signed_in().await;
    let genuine = tokens(&signed_in).refresh_token.reveal();
    let current = RefreshToken::read(genuine, &*world.keeper).expect("a genuine token");
    let ahead = RefreshToken { generation: 7, ..current }.issue(&*world.keeper);
    let foreign = GrantId::fresh(world.clock.now(), &*world.entropy);
    let foreign = RefreshToken { grant: foreign, generation: 0 }.issue(&*world.keeper);
    let (head, last) = genuine.split_at(genuine.len() - 1);
    let forged = format!("{head}{}", if last == "0" { "1" } else { "0" });
    for token in ["", "nonsense", "urr_", &forged, ahead.reveal(), foreign.reveal()] {
        assert_not_valid(&exchange(&world, token).await);
    }
    assert!(exchange(&world, genuine).await.is_ok());
}

/// A ledger in front of which somebody else is always faster.
#[derive(Default)]
struct AlwaysStale(AtomicUsize);

#[async_trait]
impl Ledger for AlwaysStale {
    async fn apply(&self, _changes: Changes) -> Result<Receipt, Rejected> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(Rejected::Stale)
    }
}

#[tokio::test]
async fn who_is_overtaken_each_time_gets_no_tokens() {
    let (world, signed_in) = signed_in().await;
    let ledger = Arc::new(AlwaysStale::default());
    let refresh = Refresh { ledger: ledger.clone(), ..world.refresh() };
    let genuine = tokens(&signed_in).refresh_token.reveal();
    let outcome = refresh.run(&Actor::nobody(Origin::default()), genuine).await;
    assert!(matches!(outcome, Err(RefreshError::Failed(_))), "{outcome:?}");
    assert_eq!(ledger.0.load(Ordering::SeqCst), 3, "it is tried three times");
}

#[tokio::test]
async fn a_session_ends_by_idleness_and_by_age() {
    let (world, idle) = signed_in().await;
    world.clock.advance(IDLE);
    assert_not_valid(&exchange(&world, tokens(&idle).refresh_token.reveal()).await);

    let (world, busy) = signed_in().await;
    let mut token = tokens(&busy).refresh_token.reveal().to_owned();
    let step = IDLE - TimeDelta::days(1);
    while world.clock.now() + step < busy.session.expires_at {
        world.clock.advance(step);
        token = exchange(&world, &token).await.expect("neither idle nor old").refresh_token.reveal().to_owned();
    }
    world.clock.set(busy.session.auth_time + ABSOLUTE);
    assert_not_valid(&exchange(&world, &token).await);
}
