//! Signing keys rotate, are revoked and forgotten, and are wrapped by another root secret.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::access::{Actor, Denied};
use domain::changes::{Change, Changes, KeyChange};
use domain::events::{Event, EventKind, EventSubject};
use domain::keys::forget::ForgetKeys;
use domain::keys::list::{ListKeys, ListKeysError};
use domain::keys::ports::KeyMaker as _;
use domain::keys::revoke::{RevokeKey, RevokeKeyError, Revoked};
use domain::keys::rotate::{Outcome, RotateKeys, RotateKeysError, Rotated, Which};
use domain::keys::rows::KeyState::{self, Active, Next, Retired};
use domain::keys::rows::{SigningAlgorithm, StoredDataKey};
use domain::keys::seen_retired::SeenRetired;
use domain::origin::Origin;
use domain::ports::clock::Clock as _;
use domain::ports::ledger::{Ledger, Receipt, Rejected};
use domain::ports::secrets::{SealedSecret, SecretPurpose};
use memory::key_maker::FakeKeyMaker;

use crate::world::World;

const ES256: SigningAlgorithm = SigningAlgorithm::Es256;
const EDDSA: SigningAlgorithm = SigningAlgorithm::EdDsa;
const LIFETIME: TimeDelta = TimeDelta::days(30);

/// An installation with keys of two algorithms: `kid-1` and `kid-3` sign, `kid-2` and `kid-4` are next.
pub(crate) struct Installation {
    pub(crate) world: World,
    pub(crate) maker: Arc<FakeKeyMaker>,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        let installation = Self { world: World::default(), maker: Arc::new(FakeKeyMaker::new("one")) };
        let (world, now) = (&installation.world, installation.world.clock.now());
        let mut changes = vec![KeyChange::SetRoot { fingerprint: "one".into(), at: now }];
        for algorithm in [ES256, EDDSA] {
            for state in [KeyState::Active, KeyState::Next] {
                changes.push(KeyChange::AddSigning(installation.maker.make(algorithm, state, now).expect("made")));
            }
        }
        let sealed = SealedSecret::restore("one:seal");
        changes.push(KeyChange::AddData(StoredDataKey {
            id: "seal-1".into(),
            purpose: SecretPurpose::Seal,
            sealed,
            created_at: now,
        }));
        world.memory.apply(installation.plan(0).with_all(changes)).await.expect("a new database");
        installation
    }

    /// A plan of another process.
    pub(crate) fn plan(&self, revision: i64) -> Changes {
        let (actor, subject) = (Actor::system(), EventSubject::new("keys", "all"));
        let event = Event::now(EventKind::KeysMade, &actor, subject, self.world.clock.now(), &*self.world.entropy);
        Changes::new(event).with(KeyChange::Revise { from: revision })
    }

    fn rotate(&self, ledger: Arc<dyn Ledger>) -> RotateKeys {
        let (keys, maker, clock) = (self.world.memory.clone(), self.maker.clone(), self.world.clock.clone());
        RotateKeys { keys, maker, ledger, clock, entropy: self.world.entropy.clone() }
    }

    pub(crate) async fn rotated(&self, which: Which) -> Result<Outcome, RotateKeysError> {
        self.rotate(self.world.memory.clone()).run(&Actor::system(), which).await
    }

    fn revoke(&self, ledger: Arc<dyn Ledger>) -> RevokeKey {
        let (keys, maker, clock) = (self.world.memory.clone(), self.maker.clone(), self.world.clock.clone());
        RevokeKey { keys, maker, ledger, clock, entropy: self.world.entropy.clone() }
    }

    pub(crate) async fn revoked(&self, kid: &str) -> Result<Revoked, RevokeKeyError> {
        self.revoke(self.world.memory.clone()).run(&Actor::system(), kid).await
    }

    /// What is forgotten by a process that has run for so long and has seen this.
    pub(crate) async fn forgotten(&self, seen: &mut SeenRetired, uptime: TimeDelta) -> Vec<String> {
        let (keys, ledger) = (self.world.memory.clone(), self.world.memory.clone());
        let (clock, entropy) = (self.world.clock.clone(), self.world.entropy.clone());
        ForgetKeys { keys, ledger, clock, entropy }.run(seen, uptime).await.expect("the database is there")
    }

    /// The keys as the operator sees them: id and state.
    pub(crate) async fn listed(&self) -> Vec<(String, KeyState)> {
        let list = ListKeys { keys: self.world.memory.clone() };
        let keys = list.run(&Actor::system()).await.expect("the operator may");
        keys.into_iter().map(|key| (key.kid, key.state)).collect()
    }

    pub(crate) fn last_event(&self) -> Event {
        self.world.memory.events().pop().expect("something happened")
    }
}

/// A ledger in which another process is faster, plan by plan.
pub(crate) struct Overtaken {
    ledger: Arc<dyn Ledger>,
    others: Mutex<Vec<Changes>>,
}

impl Overtaken {
    pub(crate) fn by(installation: &Installation, others: Vec<Changes>) -> Arc<Self> {
        Arc::new(Self { ledger: installation.world.memory.clone(), others: Mutex::new(others) })
    }
}

#[async_trait]
impl Ledger for Overtaken {
    async fn apply(&self, changes: Changes) -> Result<Receipt, Rejected> {
        let other = self.others.lock().expect("whole").pop();
        if let Some(other) = other {
            self.ledger.apply(other).await.expect("it is faster");
        }
        self.ledger.apply(changes).await
    }
}

fn names(keys: &[(&str, KeyState)]) -> Vec<(String, KeyState)> {
    keys.iter().map(|(kid, state)| ((*kid).into(), *state)).collect()
}

#[tokio::test]
async fn every_algorithm_moves_on_and_its_event_tells_how() {
    let installation = Installation::new().await;
    installation.world.clock.advance(TimeDelta::minutes(6));
    let expected = [(ES256, "kid-1", "kid-2", "kid-5"), (EDDSA, "kid-3", "kid-4", "kid-6")].map(
        |(algorithm, retired, active, next)| Rotated {
            algorithm,
            retired: retired.into(),
            active: active.into(),
            next: next.into(),
        },
    );
    assert_eq!(installation.rotated(Which::All).await.expect("due"), Outcome::Rotated(expected.into()));
    let left = [("kid-2", Active), ("kid-5", Next), ("kid-1", Retired), ("kid-4", Active), ("kid-6", Next)];
    assert_eq!(installation.listed().await[..5], names(&left));
    let event = installation.last_event();
    assert_eq!((event.kind, event.subject.id.as_str()), (EventKind::KeysRotated, "ES256, EdDSA"));
    let data = [("retired", "kid-1, kid-3"), ("active", "kid-2, kid-4"), ("next", "kid-5, kid-6")];
    assert_eq!(event.data, data.map(|(name, value)| (name, value.to_owned())));
}

#[tokio::test]
async fn nothing_signs_that_others_may_not_know_unless_it_must() {
    let installation = Installation::new().await;
    let start = installation.world.clock.now();
    for (after, is_known) in [(0, false), (359, false), (360, true)] {
        installation.world.clock.set(start + TimeDelta::seconds(after));
        match installation.rotated(Which::All).await {
            Err(RotateKeysError::TooYoung { kid, known_from }) => {
                assert_eq!((kid.as_str(), known_from, is_known), ("kid-2", start + TimeDelta::minutes(6), false));
            }
            outcome => assert!(is_known && matches!(outcome, Ok(Outcome::Rotated(_))), "{outcome:?}"),
        }
    }
    // The next ones are those that were made just now.
    assert!(matches!(installation.rotated(Which::All).await, Err(RotateKeysError::TooYoung { .. })));
    let at_once = installation.rotated(Which::AllAtOnce).await;
    assert!(matches!(&at_once, Ok(Outcome::Rotated(rotated)) if rotated[0].active == "kid-5"), "{at_once:?}");
}

#[tokio::test]
async fn keys_rotate_by_themselves_once_they_have_signed_for_so_long() {
    let installation = Installation::new().await;
    let due = async || match installation.rotated(Which::ActiveFor(LIFETIME)).await {
        Ok(Outcome::Rotated(rotated)) => rotated.len(),
        outcome => panic!("{outcome:?}"),
    };
    installation.world.clock.advance(LIFETIME - TimeDelta::microseconds(1));
    assert_eq!(due().await, 0);
    let happened = installation.world.memory.events().len();
    installation.world.clock.advance(TimeDelta::microseconds(1));
    // What one algorithm lacks holds up no other: the next key of EdDSA is new.
    installation.revoked("kid-4").await.expect("it is there");
    assert_eq!((due().await, due().await), (1, 0));
    installation.world.clock.advance(TimeDelta::minutes(6));
    assert_eq!((due().await, due().await), (1, 0));
    assert_eq!(installation.world.memory.events().len(), happened + 3);
}

#[tokio::test]
async fn who_is_overtaken_by_a_rotation_is_content_and_rotates_no_further() {
    let installation = Installation::new().await;
    installation.world.clock.advance(TimeDelta::hours(1));
    let now = installation.world.clock.now();
    let fresh = installation.maker.make(ES256, Next, now).expect("made");
    let other = installation.plan(1).with_all([
        KeyChange::Retire { kid: "kid-1".into(), at: now },
        KeyChange::Promote { kid: "kid-2".into(), at: now },
        KeyChange::AddSigning(fresh),
    ]);
    let ledger = Overtaken::by(&installation, vec![other]);
    let outcome = installation.rotate(ledger).run(&Actor::system(), Which::AllAtOnce).await;
    assert!(matches!(outcome, Ok(Outcome::Overtaken)), "{outcome:?}");
    assert_eq!(installation.listed().await[0], ("kid-2".into(), Active));
}

#[tokio::test]
async fn who_is_overtaken_by_another_change_rotates_all_the_same() {
    let installation = Installation::new().await;
    let others = vec![installation.plan(2), installation.plan(1)];
    let outcome =
        installation.rotate(Overtaken::by(&installation, others)).run(&Actor::system(), Which::AllAtOnce).await;
    assert!(matches!(outcome, Ok(Outcome::Rotated(rotated)) if rotated.len() == 2));
    let others = (4..7).rev().map(|revision| installation.plan(revision)).collect();
    let outcome =
        installation.rotate(Overtaken::by(&installation, others)).run(&Actor::system(), Which::AllAtOnce).await;
    assert!(matches!(outcome, Err(RotateKeysError::Failed(failure)) if failure.retryable()), "after three attempts");
}

#[tokio::test]
async fn a_revoked_key_is_gone_and_another_takes_its_place_at_once() {
    let installation = Installation::new().await;
    installation.rotated(Which::AllAtOnce).await.expect("they are there");
    let revoked = |state, active: Option<&str>, next: Option<&str>| Revoked {
        algorithm: ES256,
        state,
        active: active.map(Into::into),
        next: next.map(Into::into),
    };
    let es256 = async || {
        let mut keys = installation.listed().await;
        keys.retain(|(kid, _)| !["kid-3", "kid-4", "kid-6"].contains(&kid.as_str()));
        keys
    };
    assert_eq!(es256().await, names(&[("kid-2", Active), ("kid-5", Next), ("kid-1", Retired)]));
    assert_eq!(installation.revoked("kid-1").await.expect("there"), revoked(Retired, None, None));
    assert_eq!(es256().await, names(&[("kid-2", Active), ("kid-5", Next)]));
    assert_eq!(installation.revoked("kid-5").await.expect("there"), revoked(Next, None, Some("kid-7")));
    assert_eq!(es256().await, names(&[("kid-2", Active), ("kid-7", Next)]));
    assert_eq!(installation.revoked("kid-2").await.expect("there"), revoked(Active, Some("kid-7"), Some("kid-8")));
    assert_eq!(es256().await, names(&[("kid-7", Active), ("kid-8", Next)]));
    let event = installation.last_event();
    assert_eq!((event.kind, event.subject), (EventKind::KeyRevoked, EventSubject::new("signing-key", "kid-2")));
    for unknown in ["kid-2", "", "kid-99"] {
        let refused = installation.revoked(unknown).await.expect_err("not there");
        assert_eq!(refused.to_string(), format!("There is no signing key {unknown}."));
    }
}

#[tokio::test]
async fn an_active_key_without_a_next_one_is_replaced_by_two_fresh_ones() {
    let installation = Installation::new().await;
    let without_next = installation.plan(1).with(KeyChange::Remove("kid-2".into(), Next));
    installation.world.memory.apply(without_next).await.expect("it is there");
    let revoked = installation.revoked("kid-1").await.expect("it is there");
    assert_eq!((revoked.active.as_deref(), revoked.next.as_deref()), (Some("kid-5"), Some("kid-6")));
    assert_eq!(installation.listed().await[..2], names(&[("kid-5", Active), ("kid-6", Next)]));
}

#[tokio::test]
async fn a_key_that_moves_on_meanwhile_is_revoked_all_the_same() {
    let installation = Installation::new().await;
    let now = installation.world.clock.now();
    let retired = installation.plan(1).with(KeyChange::Retire { kid: "kid-1".into(), at: now });
    let ledger = Overtaken::by(&installation, vec![retired.with(KeyChange::Promote { kid: "kid-2".into(), at: now })]);
    let revoked = installation.revoke(ledger).run(&Actor::system(), "kid-1").await.expect("it is there");
    assert_eq!((revoked.state, revoked.active, revoked.next), (Retired, None, None));
}

#[tokio::test]
async fn a_retired_key_stays_as_long_as_a_token_of_it_may_live() {
    let installation = Installation::new().await;
    installation.rotated(Which::AllAtOnce).await.expect("they are there");
    let (mut seen, mut uptime) = (SeenRetired::default(), TimeDelta::days(2));
    let mut forgotten = async |after| {
        installation.world.clock.advance(after);
        uptime += after;
        installation.forgotten(&mut seen, uptime).await
    };
    assert_eq!(forgotten(TimeDelta::zero()).await, Vec::<String>::new());
    assert_eq!(forgotten(TimeDelta::minutes(65) - TimeDelta::microseconds(1)).await, Vec::<String>::new());
    assert_eq!(forgotten(TimeDelta::microseconds(1)).await, ["kid-1", "kid-3"]);
    assert_eq!(installation.last_event().kind, EventKind::KeysForgotten);
    let left = [("kid-2", Active), ("kid-5", Next), ("kid-4", Active), ("kid-6", Next)];
    assert_eq!(installation.listed().await, names(&left), "however old, what is not retired stays");
    assert_eq!(forgotten(TimeDelta::days(1000)).await, Vec::<String>::new());
}

#[tokio::test]
async fn keys_are_the_operators_and_a_failure_is_told() {
    let installation = Installation::new().await;
    let nobody = Actor::nobody(Origin::default());
    let rotate = installation.rotate(installation.world.memory.clone()).run(&nobody, Which::All).await;
    assert!(matches!(rotate, Err(RotateKeysError::Denied(Denied::Nobody))));
    let revoke = installation.revoke(installation.world.memory.clone()).run(&nobody, "kid-1").await;
    assert!(matches!(revoke, Err(RevokeKeyError::Denied(Denied::Nobody))));
    let list = ListKeys { keys: installation.world.memory.clone() }.run(&nobody).await;
    assert!(matches!(list, Err(ListKeysError::Denied(Denied::Nobody))));
    installation.world.memory.set_away(true);
    let failed = installation.rotated(Which::All).await;
    assert!(matches!(failed, Err(RotateKeysError::Failed(failure)) if failure.retryable()));
    let failed = installation.revoked("kid-1").await;
    assert!(matches!(failed, Err(RevokeKeyError::Failed(failure)) if failure.retryable()));
}

/// Every plan begins with the revision, so that nothing is carried out on other keys than it was decided on.
#[tokio::test]
async fn every_plan_expects_the_keys_that_were_read() {
    struct Seen(Mutex<Vec<Change>>, Arc<dyn Ledger>);
    #[async_trait]
    impl Ledger for Seen {
        async fn apply(&self, changes: Changes) -> Result<Receipt, Rejected> {
            self.0.lock().expect("whole").push(changes.list[0].clone());
            self.1.apply(changes).await
        }
    }
    let installation = Installation::new().await;
    let ledger = Arc::new(Seen(Mutex::default(), installation.world.memory.clone()));
    installation.rotate(ledger.clone()).run(&Actor::system(), Which::AllAtOnce).await.expect("there");
    installation.revoke(ledger.clone()).run(&Actor::system(), "kid-1").await.expect("there");
    installation.rotate(ledger.clone()).run(&Actor::system(), Which::AllAtOnce).await.expect("there");
    let mut seen = SeenRetired::default();
    installation.forgotten(&mut seen, TimeDelta::zero()).await;
    installation.world.clock.advance(TimeDelta::days(1));
    let (keys, clock, entropy) =
        (installation.world.memory.clone(), installation.world.clock.clone(), installation.world.entropy.clone());
    let forget = ForgetKeys { keys, ledger: ledger.clone(), clock, entropy };
    assert!(!forget.run(&mut seen, TimeDelta::days(1)).await.expect("there").is_empty());
    let expected = [1, 2, 3, 4].map(|from| Change::Key(KeyChange::Revise { from }));
    assert_eq!(*ledger.0.lock().expect("whole"), expected);
}
