//! The keys on both engines.

use domain::changes::{KeyChange, UniqueKey};
use domain::keys::ports::KeyStore as _;
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use domain::ports::ledger::Rejected;
use domain::ports::secrets::{SealedSecret, SecretPurpose};

use crate::fixture::{Place, apply, at, on_both_engines, plan, race};

on_both_engines!(one_of_many_first_starts_sets_the_root, keys_read_back_equal);

async fn one_of_many_first_starts_sets_the_root(place: &Place) {
    let database = place.open().await;
    assert_eq!(database.root_fingerprint().await.expect("read"), None);
    let set = |n| plan().with(KeyChange::SetRoot { fingerprint: format!("root {n}"), at: at(1) });
    let outcomes = race(&database, (0..32).map(set).collect()).await;
    let winner = outcomes.iter().position(Result::is_ok).expect("one wins");
    assert_eq!(database.root_fingerprint().await.expect("read"), Some(format!("root {winner}")));
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let expected = n == winner || matches!(outcome, Err(Rejected::Conflict(UniqueKey::Root)));
        assert!(expected, "{outcome:?}");
    }
}

async fn keys_read_back_equal(place: &Place) {
    let database = place.open().await;
    let [old, new, other] =
        [("a", SecretPurpose::Seal, 1), ("b", SecretPurpose::Seal, 2), ("c", SecretPurpose::TokenHash, 1)].map(
            |(id, purpose, made)| StoredDataKey {
                id: id.into(),
                purpose,
                sealed: SealedSecret::restore(format!("sealed {id}")),
                created_at: at(made),
            },
        );
    for key in [&old, &new, &other] {
        apply(&database, KeyChange::AddData(key.clone())).await.expect("added");
    }
    let twice = apply(&database, KeyChange::AddData(old.clone())).await;
    assert!(matches!(twice, Err(Rejected::Conflict(UniqueKey::Random))), "{twice:?}");
    assert_eq!(database.data_keys().await.expect("read"), [other, new, old]);

    let mut keys = Vec::new();
    for algorithm in SigningAlgorithm::ALL {
        for state in [KeyState::Next, KeyState::Active, KeyState::Retired, KeyState::Retired] {
            keys.push(signing(&format!("kid {:02}", keys.len()), algorithm, state));
        }
    }
    for key in &keys {
        apply(&database, KeyChange::AddSigning(key.clone())).await.expect("added");
    }
    assert_eq!(database.signing_keys().await.expect("read"), keys);
    for (key, unique) in [
        (signing("second next", SigningAlgorithm::Es256, KeyState::Next), UniqueKey::SigningKey),
        (signing("second active", SigningAlgorithm::EdDsa, KeyState::Active), UniqueKey::SigningKey),
        (signing("kid 00", SigningAlgorithm::EdDsa, KeyState::Retired), UniqueKey::Random),
    ] {
        let refused = apply(&database, KeyChange::AddSigning(key)).await;
        assert!(matches!(refused, Err(Rejected::Conflict(key)) if key == unique), "{refused:?}");
    }
}

fn signing(kid: &str, algorithm: SigningAlgorithm, state: KeyState) -> StoredSigningKey {
    let sealed = SealedSecret::restore(format!("sealed {kid}"));
    StoredSigningKey { kid: kid.into(), algorithm, state, sealed, created_at: at(1), changed_at: at(2) }
}
