//! The keys of an installation.

use domain::changes::{KeyChange, UniqueKey};
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use domain::ports::secrets::{SealedSecret, SecretPurpose};

use crate::fixture::{Fixture, Ports};
use crate::outcome::{RACERS, expect_conflict};
use crate::samples::{at, plan, plan_of};

/// That is how a program knows that a database is new.
pub async fn a_new_database_has_no_keys(fixture: Fixture) {
    assert_eq!(root(&fixture.here).await, None);
    assert_eq!(data(&fixture.here).await, []);
    assert_eq!(signing(&fixture.here).await, []);
}

/// The fingerprint of the root secret never changes, not even into itself.
pub async fn the_root_is_set_once(fixture: Fixture) {
    fixture.here.write(plan_of(set_root("one"))).await;
    for fingerprint in ["one", "two"] {
        let plan = plan_of(KeyChange::AddData(data_key("late", SecretPurpose::Seal))).with(set_root(fingerprint));
        expect_conflict(fixture.there.apply(plan).await, UniqueKey::Root);
    }
    assert_eq!(root(&fixture.there).await.as_deref(), Some("one"));
    assert_eq!(data(&fixture.there).await, []);
}

/// Replicas that start together on a new database agree on one root and one set of keys.
pub async fn one_of_many_roots_wins(fixture: Fixture) {
    let plans = (0..RACERS).map(|number| {
        let name = format!("root {number}");
        let keys = SecretPurpose::ALL.map(|purpose| KeyChange::AddData(data_key(&key_id(&name, purpose), purpose)));
        plan_of(set_root(&name)).with_all(keys).with(KeyChange::AddSigning(es256(&name, KeyState::Active)))
    });
    for loser in fixture.race_for_one(plans.collect()).await {
        expect_conflict(Err(loser), UniqueKey::Root);
    }
    let name = root(&fixture.there).await.expect("there is a root");
    let expected = SecretPurpose::ALL.map(|purpose| data_key(&key_id(&name, purpose), purpose));
    let mut found = data(&fixture.there).await;
    found.sort_by_key(|key| key.purpose);
    assert_eq!(found, expected);
    assert_eq!(signing(&fixture.there).await, [es256(&name, KeyState::Active)]);
}

/// Every purpose's newest key comes before its older ones.
pub async fn data_keys_read_back_the_newest_of_a_purpose_first(fixture: Fixture) {
    let mut keys = Vec::new();
    for purpose in SecretPurpose::ALL {
        for (age, name) in [(2, "old"), (0, "new"), (1, "middle")] {
            keys.push(StoredDataKey { created_at: at(-age), ..data_key(&key_id(name, purpose), purpose) });
        }
    }
    fixture.here.write(plan().with_all(keys.iter().cloned().map(KeyChange::AddData))).await;
    let read = data(&fixture.there).await;
    for purpose in SecretPurpose::ALL {
        let of_purpose: Vec<_> = read.iter().filter(|key| key.purpose == purpose).cloned().collect();
        let mut expected: Vec<_> = keys.iter().filter(|key| key.purpose == purpose).cloned().collect();
        expected.sort_by_key(|key| std::cmp::Reverse(key.created_at));
        assert_eq!(of_purpose, expected);
    }
    assert_eq!(read.len(), keys.len());
}

/// What is stored of a signing key is what another process reads.
pub async fn signing_keys_read_back_equal(fixture: Fixture) {
    let states = [KeyState::Next, KeyState::Active, KeyState::Retired];
    let keys = SigningAlgorithm::ALL.into_iter().flat_map(|algorithm| {
        states.map(|state| {
            let key = signing_key(&format!("{algorithm} {}", state.name()), algorithm, state);
            StoredSigningKey { created_at: at(-4), changed_at: at(4), ..key }
        })
    });
    let mut keys: Vec<_> = keys.collect();
    fixture.here.write(plan().with_all(keys.iter().cloned().map(KeyChange::AddSigning))).await;
    let mut read = signing(&fixture.there).await;
    for list in [&mut read, &mut keys] {
        list.sort_by(|one, other| one.kid.cmp(&other.kid));
    }
    assert_eq!(read, keys);
}

/// Of each algorithm one key is next and one is active; retired ones gather.
pub async fn an_algorithm_has_one_next_and_one_active_key(fixture: Fixture) {
    for state in [KeyState::Next, KeyState::Active] {
        fixture.here.write(plan_of(KeyChange::AddSigning(es256(state.name(), state)))).await;
        let second = KeyChange::AddSigning(es256(&format!("second {}", state.name()), state));
        expect_conflict(fixture.there.apply(plan_of(second)).await, UniqueKey::SigningKey);
    }
    for number in 0..3 {
        let retired = es256(&format!("retired {number}"), KeyState::Retired);
        fixture.there.write(plan_of(KeyChange::AddSigning(retired))).await;
    }
    let other = signing_key("other", SigningAlgorithm::EdDsa, KeyState::Active);
    fixture.there.write(plan_of(KeyChange::AddSigning(other))).await;
    assert_eq!(signing(&fixture.there).await.len(), 6);
}

/// However many replicas make an active key at once, there is one.
pub async fn one_of_many_active_keys_wins(fixture: Fixture) {
    let key = |number| KeyChange::AddSigning(es256(&format!("key {number}"), KeyState::Active));
    for loser in fixture.race_for_one((0..RACERS).map(|number| plan_of(key(number))).collect()).await {
        expect_conflict(Err(loser), UniqueKey::SigningKey);
    }
    assert_eq!(signing(&fixture.there).await.len(), 1);
}

/// Two keys never have one id.
pub async fn ids_of_keys_are_unique(fixture: Fixture) {
    let data = KeyChange::AddData(data_key("one", SecretPurpose::Seal));
    let signing = KeyChange::AddSigning(es256("one", KeyState::Retired));
    for change in [data, signing] {
        fixture.here.write(plan_of(change.clone())).await;
        expect_conflict(fixture.there.apply(plan_of(change)).await, UniqueKey::Random);
    }
}

async fn root(ports: &Ports) -> Option<String> {
    ports.keys.root_fingerprint().await.expect("the root is read")
}

async fn data(ports: &Ports) -> Vec<StoredDataKey> {
    ports.keys.data_keys().await.expect("the keys are read")
}

async fn signing(ports: &Ports) -> Vec<StoredSigningKey> {
    ports.keys.signing_keys().await.expect("the keys are read")
}

fn set_root(fingerprint: &str) -> KeyChange {
    KeyChange::SetRoot { fingerprint: fingerprint.into(), at: at(0) }
}

fn key_id(name: &str, purpose: SecretPurpose) -> String {
    format!("{name} {}", purpose.name())
}

fn data_key(id: &str, purpose: SecretPurpose) -> StoredDataKey {
    let sealed = SealedSecret::restore(format!("sealed.{id}"));
    StoredDataKey { id: id.into(), purpose, sealed, created_at: at(0) }
}

fn es256(kid: &str, state: KeyState) -> StoredSigningKey {
    signing_key(kid, SigningAlgorithm::Es256, state)
}

fn signing_key(kid: &str, algorithm: SigningAlgorithm, state: KeyState) -> StoredSigningKey {
    let (kid, sealed) = (kid.to_string(), SealedSecret::restore(format!("sealed.{kid}")));
    StoredSigningKey { kid, algorithm, state, sealed, created_at: at(0), changed_at: at(0) }
}
