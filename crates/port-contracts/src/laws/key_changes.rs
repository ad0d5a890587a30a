//! How keys are rotated, revoked and wrapped anew.

use domain::changes::{Change, Changes, KeyChange, UniqueKey};
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use domain::ports::secrets::{SealedSecret, SecretPurpose};

use crate::fixture::{Fixture, Ports};
use crate::outcome::{RACERS, expect_conflict, expect_stale};
use crate::samples::{at, plan, plan_of};

/// What is decided on keys is carried out on those keys or not at all.
pub async fn a_plan_expects_the_revision_that_was_read(fixture: Fixture) {
    assert_eq!(revision(&fixture.there).await, 0);
    for from in [0, 1] {
        let key = signing_key(&format!("of {from}"), KeyState::Retired);
        fixture.here.write(revise(from).with(KeyChange::AddSigning(key))).await;
        assert_eq!(revision(&fixture.there).await, from + 1);
    }
    for from in [-1, 0, 1, 3] {
        let late = revise(from).with(KeyChange::AddSigning(signing_key("late", KeyState::Next)));
        expect_stale(fixture.there.apply(late).await);
    }
    assert_eq!((revision(&fixture.here).await, signing(&fixture.here).await.len()), (2, 2));
}

/// Of several plans on one revision one is carried out, whatever they want.
pub async fn one_of_many_plans_on_one_revision_wins(fixture: Fixture) {
    let add = |number| KeyChange::AddSigning(signing_key(&format!("key {number}"), KeyState::Retired));
    let plans = (0..RACERS).map(|number| revise(0).with(add(number))).collect();
    for loser in fixture.race_for_one(plans).await {
        expect_stale(Err(loser));
    }
    assert_eq!((revision(&fixture.there).await, signing(&fixture.there).await.len()), (1, 1));
}

/// A rotation moves each key on and leaves everything else of it as it was.
pub async fn a_rotation_moves_each_key_on(fixture: Fixture) {
    let (active, next) = (signing_key("a", KeyState::Active), signing_key("b", KeyState::Next));
    let (fresh, other) = (signing_key("c", KeyState::Next), eddsa("d", KeyState::Active));
    fixture.here.write(plan().with_all([&active, &next, &other].map(|key| KeyChange::AddSigning(key.clone())))).await;
    fixture.here.write(plan().with_all(rotation("a", "b", &fresh))).await;
    let expected = [
        StoredSigningKey { state: KeyState::Retired, changed_at: at(9), ..active },
        StoredSigningKey { state: KeyState::Active, changed_at: at(9), ..next },
        fresh,
        other,
    ];
    assert_eq!(signing(&fixture.there).await, expected);
}

/// Each move expects the state that was read.
pub async fn a_key_moves_on_from_its_state_only(fixture: Fixture) {
    let keys = [("a", KeyState::Active), ("n", KeyState::Next), ("r", KeyState::Retired)];
    fixture.here.write(plan().with_all(keys.map(|(kid, state)| KeyChange::AddSigning(signing_key(kid, state))))).await;
    let before = signing(&fixture.there).await;
    for kid in ["a", "r", "nobody"] {
        expect_stale(fixture.there.apply(plan_of(promote(kid))).await);
    }
    for kid in ["n", "r", "nobody"] {
        expect_stale(fixture.there.apply(plan_of(retire(kid))).await);
    }
    for (kid, state) in
        [("a", KeyState::Next), ("n", KeyState::Retired), ("r", KeyState::Active), ("x", KeyState::Next)]
    {
        expect_stale(fixture.there.apply(plan_of(remove(kid, state))).await);
    }
    // Two may not sign at once.
    expect_conflict(fixture.there.apply(plan_of(promote("n"))).await, UniqueKey::SigningKey);
    assert_eq!(signing(&fixture.there).await, before);
}

/// Replicas that rotate at once rotate once.
pub async fn one_of_many_rotations_wins(fixture: Fixture) {
    let keys = [signing_key("a", KeyState::Active), signing_key("b", KeyState::Next)];
    fixture.here.write(plan().with_all(keys.map(KeyChange::AddSigning))).await;
    let plans = (0..RACERS).map(|number| {
        let fresh = signing_key(&format!("fresh {number}"), KeyState::Next);
        revise(0).with_all(rotation("a", "b", &fresh))
    });
    for loser in fixture.race_for_one(plans.collect()).await {
        expect_stale(Err(loser));
    }
    let states = signing(&fixture.there).await.into_iter().map(|key| key.state).collect::<Vec<_>>();
    assert_eq!(states, [KeyState::Retired, KeyState::Active, KeyState::Next]);
}

/// The same holds by the states of the keys alone.
pub async fn one_of_many_retirements_wins(fixture: Fixture) {
    fixture.here.write(plan_of(KeyChange::AddSigning(signing_key("a", KeyState::Active)))).await;
    for loser in fixture.race_for_one((0..RACERS).map(|_| plan_of(retire("a"))).collect()).await {
        expect_stale(Err(loser));
    }
}

/// A key that is removed is gone; what was next may sign in the same plan.
pub async fn a_key_is_removed_once_from_any_state(fixture: Fixture) {
    let keys = [("a", KeyState::Active), ("n", KeyState::Next), ("r", KeyState::Retired)];
    fixture.here.write(plan().with_all(keys.map(|(kid, state)| KeyChange::AddSigning(signing_key(kid, state))))).await;
    fixture.here.write(plan_of(remove("r", KeyState::Retired))).await;
    let fresh = KeyChange::AddSigning(signing_key("z", KeyState::Next));
    fixture.here.write(plan_of(remove("a", KeyState::Active)).with(promote("n")).with(fresh)).await;
    let left = signing(&fixture.there).await.into_iter().map(|key| (key.kid, key.state)).collect::<Vec<_>>();
    assert_eq!(left, [("n".into(), KeyState::Active), ("z".into(), KeyState::Next)]);
    for (kid, state) in keys {
        expect_stale(fixture.there.apply(plan_of(remove(kid, state))).await);
    }
}

/// Every key is wrapped anew together with the root that says by what, or none is.
pub async fn keys_are_wrapped_anew_whole_or_not_at_all(fixture: Fixture) {
    let (data, key) = (data_key("seal"), signing_key("a", KeyState::Active));
    let root = KeyChange::SetRoot { fingerprint: "one".into(), at: at(0) };
    let keys = [KeyChange::AddData(data.clone()), KeyChange::AddSigning(key.clone())];
    fixture.here.write(plan_of(root).with_all(keys)).await;
    let rewrapped = |from: &str, to: &str, data: &str, kid: &str| {
        let sealed = SealedSecret::restore(format!("sealed by {to}"));
        plan_of(KeyChange::ChangeRoot { from: from.into(), to: to.into(), at: at(1) })
            .with(KeyChange::SealData(data.into(), sealed.clone()))
            .with(KeyChange::SealSigning(kid.into(), sealed))
    };
    for (from, data, kid) in [("other", "seal", "a"), ("one", "nothing", "a"), ("one", "seal", "nothing")] {
        expect_stale(fixture.there.apply(rewrapped(from, "two", data, kid)).await);
    }
    assert_eq!(fixture.there.keys.root_fingerprint().await.expect("read").as_deref(), Some("one"));
    assert_eq!(signing(&fixture.there).await, std::slice::from_ref(&key));
    fixture.here.write(rewrapped("one", "two", "seal", "a")).await;
    let sealed = SealedSecret::restore("sealed by two");
    assert_eq!(fixture.there.keys.root_fingerprint().await.expect("read").as_deref(), Some("two"));
    assert_eq!(signing(&fixture.there).await, [StoredSigningKey { sealed: sealed.clone(), ..key }]);
    assert_eq!(fixture.there.keys.data_keys().await.expect("read"), [StoredDataKey { sealed, ..data }]);
    expect_stale(fixture.there.apply(rewrapped("one", "three", "seal", "a")).await);
}

/// Of several changes of the root secret and rotations at once, one is decided on what the others left.
pub async fn a_change_of_the_root_and_a_rotation_exclude_each_other(fixture: Fixture) {
    let root = KeyChange::SetRoot { fingerprint: "one".into(), at: at(0) };
    let keys = [signing_key("a", KeyState::Active), signing_key("b", KeyState::Next)];
    fixture.here.write(plan_of(root).with_all(keys.map(KeyChange::AddSigning))).await;
    let plans = (0..RACERS).map(|number| {
        let to = format!("root {number}");
        if number % 2 == 0 {
            return revise(0).with(KeyChange::ChangeRoot { from: "one".into(), to, at: at(1) });
        }
        revise(0).with_all(rotation("a", "b", &signing_key(&to, KeyState::Next)))
    });
    for loser in fixture.race_for_one(plans.collect()).await {
        expect_stale(Err(loser));
    }
    let is_rotated = signing(&fixture.there).await.len() == 3;
    let is_changed = fixture.there.keys.root_fingerprint().await.expect("read").as_deref() != Some("one");
    assert_ne!(is_rotated, is_changed);
}

fn revise(from: i64) -> Changes {
    plan_of(KeyChange::Revise { from })
}

fn rotation(active: &str, next: &str, fresh: &StoredSigningKey) -> Vec<Change> {
    vec![retire(active).into(), promote(next).into(), KeyChange::AddSigning(fresh.clone()).into()]
}

fn promote(kid: &str) -> KeyChange {
    KeyChange::Promote { kid: kid.into(), at: at(9) }
}

fn retire(kid: &str) -> KeyChange {
    KeyChange::Retire { kid: kid.into(), at: at(9) }
}

fn remove(kid: &str, state: KeyState) -> KeyChange {
    KeyChange::Remove(kid.into(), state)
}

/// The signing keys in the order of their ids.
async fn signing(ports: &Ports) -> Vec<StoredSigningKey> {
    let mut keys = ports.keys.signing_keys().await.expect("the keys are read");
    keys.sort_by(|one, other| one.kid.cmp(&other.kid));
    keys
}

async fn revision(ports: &Ports) -> i64 {
    ports.keys.revision().await.expect("the revision is read")
}

fn data_key(id: &str) -> StoredDataKey {
    let sealed = SealedSecret::restore("sealed by one");
    StoredDataKey { id: id.into(), purpose: SecretPurpose::Seal, sealed, created_at: at(0) }
}

fn signing_key(kid: &str, state: KeyState) -> StoredSigningKey {
    let (kid, sealed) = (kid.to_string(), SealedSecret::restore("sealed by one"));
    StoredSigningKey { kid, algorithm: SigningAlgorithm::Es256, state, sealed, created_at: at(0), changed_at: at(0) }
}

fn eddsa(kid: &str, state: KeyState) -> StoredSigningKey {
    StoredSigningKey { algorithm: SigningAlgorithm::EdDsa, ..signing_key(kid, state) }
}
