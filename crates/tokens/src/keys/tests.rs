use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::events::EventKind;
use domain::keys::ports::{KeyStore, PublishedKeys};
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use domain::ports::clock::Clock as _;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::{MockLedger, Rejected};
use domain::ports::secrets::{SealedSecret, SecretKeeper as _, SecretPurpose};
use domain::sessions::ports::{TokenRefused, TokenSigner as _};
use memory::entropy::SeededEntropy;
use memory::memory::Memory;
use serde_json::Value;

use super::Keys;
use crate::fakes::{ISSUER, Installation, KeyTable, is_ready};
use crate::open_error::OpenKeysError;
use crate::options::Options;
use crate::remembered::KeyMark;
use crate::root_secret::RootSecret;
use crate::{data_key, signing_key};

const ES256: SigningAlgorithm = SigningAlgorithm::Es256;
const EDDSA: SigningAlgorithm = SigningAlgorithm::EdDsa;

fn with(further_algorithms: &[SigningAlgorithm]) -> Options {
    Options { further_algorithms: further_algorithms.to_vec(), ..Options::new(ISSUER) }
}

/// Algorithm and id of the published keys.
fn published(keys: &Keys) -> Vec<(String, String)> {
    let set: Value = serde_json::from_str(&keys.jwks()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    set["keys"].as_array().unwrap().iter().map(|key| (text(&key["alg"]), text(&key["kid"]))).collect()
}

#[tokio::test]
async fn a_new_database_gets_all_its_keys_in_one_plan() {
    let installation = Installation::new();
    installation.try_open(with(&[EDDSA, ES256])).await.unwrap();
    let rows = installation.table.rows().clone();
    assert_eq!(rows.fingerprint, Some(installation.root.fingerprint()));
    assert_eq!(rows.data.iter().map(|key| key.purpose).collect::<Vec<_>>(), SecretPurpose::ALL);
    let signing: Vec<_> = rows.signing.iter().map(|key| (key.algorithm, key.state)).collect();
    let (active, next) = (KeyState::Active, KeyState::Next);
    assert_eq!(signing, [(ES256, active), (ES256, next), (EDDSA, active), (EDDSA, next)]);
    let [event] = &rows.events[..] else { panic!("{} events", rows.events.len()) };
    assert_eq!((event.kind, event.subject.kind), (EventKind::KeysMade, "keys"));
    assert_eq!(event.data[0], ("data_keys", SecretPurpose::ALL.map(SecretPurpose::name).join(", ")));
    assert_eq!(event.data[1], ("signing_keys", "ES256 active, ES256 next, EdDSA active, EdDSA next".into()));
}

#[tokio::test]
async fn keys_that_are_there_are_used_and_none_is_added() {
    let installation = Installation::new();
    let first = installation.open(ES256).await;
    let token = first.sign(&installation.claims()).unwrap();
    installation.clock.advance(TimeDelta::minutes(1));
    let second = installation.open(ES256).await;
    assert_eq!(installation.table.rows().events.len(), 1);
    assert_eq!(second.jwks(), first.jwks());
    assert_eq!(second.digest("urt_1"), first.digest("urt_1"));
    assert!(second.verify(token.reveal(), installation.clock.now()).is_ok());
}

#[tokio::test]
async fn an_algorithm_that_is_configured_later_gets_its_keys_and_the_others_stay() {
    let installation = Installation::new();
    let before = published(&installation.open(ES256).await);
    let after = published(&installation.try_open(with(&[EDDSA, SigningAlgorithm::Rs256])).await.unwrap());
    assert_eq!(installation.table.rows().events.len(), 2);
    let algorithms: Vec<_> = after.iter().map(|(algorithm, _)| algorithm.as_str()).collect();
    // The active ones come first.
    assert_eq!(algorithms, ["ES256", "EdDSA", "RS256", "ES256", "EdDSA", "RS256"]);
    assert!(before.iter().all(|key| after.contains(key)));
}

#[tokio::test]
async fn another_root_secret_is_refused_and_the_right_one_named() {
    let mut installation = Installation::new();
    installation.open(ES256).await;
    let needed = installation.root.fingerprint();
    installation.root = RootSecret::generate(&SeededEntropy::default());
    installation.root = RootSecret::from_bytes(installation.root.to_text().as_bytes().to_vec()).unwrap();
    let given = installation.root.fingerprint();
    let error = installation.try_open(with(&[EDDSA])).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "This database was made with another root secret: bring the one with the fingerprint {needed} (the given one has {given})."
        )
    );
    assert_eq!(installation.table.rows().signing.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_start_together_make_one_set_of_keys() {
    for algorithms in [&[][..], &[EDDSA]] {
        let installation = Arc::new(Installation::new());
        let replicas: Vec<_> = (0..12)
            .map(|_| {
                let (installation, options) = (Arc::clone(&installation), with(algorithms));
                tokio::spawn(async move { installation.try_open(options).await.unwrap() })
            })
            .collect();
        let mut opened = Vec::new();
        for replica in replicas {
            opened.push(replica.await.unwrap());
        }
        assert_eq!(installation.table.rows().events.len(), 1);
        let token = opened[0].sign(&installation.claims()).unwrap();
        for keys in &opened {
            assert_eq!(keys.jwks(), opened[0].jwks());
            assert_eq!(keys.digest("urt_1"), opened[0].digest("urt_1"));
            assert!(keys.verify(token.reveal(), installation.clock.now()).is_ok());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_add_an_algorithm_together_add_it_once() {
    let installation = Arc::new(Installation::new());
    installation.open(ES256).await;
    let replicas: Vec<_> = (0..12)
        .map(|_| {
            let installation = Arc::clone(&installation);
            tokio::spawn(async move { installation.try_open(with(&[EDDSA])).await.unwrap().jwks() })
        })
        .collect();
    for replica in replicas {
        assert_eq!(replica.await.unwrap().matches("EdDSA").count(), 2);
    }
    assert_eq!(installation.table.rows().signing.len(), 4);
}

#[tokio::test]
async fn it_works_on_an_adapter_that_keeps_what_the_ports_promise() {
    let (installation, memory) = (Installation::new(), Arc::new(Memory::new()));
    let entropy: Arc<SeededEntropy> = Arc::default();
    let open = async |options| {
        let (store, ledger) = (Arc::clone(&memory) as _, Arc::clone(&memory) as _);
        let (clock, entropy) = (Arc::clone(&installation.clock) as _, Arc::clone(&entropy) as _);
        Keys::open(&installation.root, store, ledger, clock, entropy, options).await.unwrap()
    };
    let first = open(with(&[])).await;
    let second = open(with(&[EDDSA])).await;
    first.refresh().await.unwrap();
    assert_eq!((first.jwks(), first.digest("urt_1")), (second.jwks(), second.digest("urt_1")));
    assert_eq!(published(&first).len(), 4);
    assert_eq!(memory.events().len(), 2);
}

#[tokio::test]
async fn a_purpose_without_a_key_gets_one() {
    let installation = Installation::new();
    let before = installation.open(ES256).await.digest("urt_1");
    installation.table.rows().data.retain(|key| key.purpose != SecretPurpose::FormCode);
    let keys = installation.open(ES256).await;
    assert_eq!(keys.digest("urt_1"), before);
    assert!(keys.code_holds(SecretPurpose::FormCode, b"form", &keys.code(SecretPurpose::FormCode, b"form")));
    assert_eq!(installation.table.rows().data.len(), SecretPurpose::ALL.len());
}

#[tokio::test]
async fn an_algorithm_without_a_next_or_an_active_key_gets_that_one() {
    for lost in [KeyState::Next, KeyState::Active] {
        let installation = Installation::new();
        installation.open(ES256).await;
        installation.table.rows().signing.retain(|key| key.state != lost);
        let kept = installation.table.rows().signing[0].clone();
        installation.open(ES256).await;
        let rows = installation.table.rows().clone();
        let states: Vec<_> = rows.signing.iter().map(|key| key.state).collect();
        assert_eq!((&rows.signing[0], states), (&kept, vec![kept.state, lost]));
        assert_eq!(rows.events[1].data[1], ("signing_keys", format!("ES256 {}", lost.name())));
    }
}

#[tokio::test]
async fn a_stored_key_that_was_altered_is_named_and_not_used() {
    for (is_data, sealed_of) in [(true, 1), (false, 1), (true, 0), (false, 0)] {
        let installation = Installation::new();
        installation.open(ES256).await;
        let (id, sealed) = {
            let mut rows = installation.table.rows();
            let garbled = SealedSecret::restore(format!("{}:garbled", installation.root.fingerprint()));
            let (id, sealed) = if is_data {
                let other = if sealed_of == 0 { garbled } else { rows.data[sealed_of].sealed.clone() };
                (rows.data[0].id.clone(), std::mem::replace(&mut rows.data[0].sealed, other))
            } else {
                let other = if sealed_of == 0 { garbled } else { rows.signing[sealed_of].sealed.clone() };
                (rows.signing[0].kid.clone(), std::mem::replace(&mut rows.signing[0].sealed, other))
            };
            (id, sealed)
        };
        let error = installation.try_open(with(&[])).await.unwrap_err();
        assert!(matches!(&error, OpenKeysError::Unusable { id: named, .. } if *named == id), "{error}");
        assert!(!format!("{error} {error:?}").contains(sealed.as_str()));
    }
}

#[tokio::test]
async fn a_database_that_is_away_or_never_settles_ends_the_start() {
    let installation = Installation::new();
    installation.table.rows().is_away = true;
    let error = installation.try_open(with(&[])).await.unwrap_err();
    assert!(matches!(error, OpenKeysError::Failed(failure) if failure.retryable()));
    assert_eq!(installation.table.rows().events, []);

    for (answer, is_expected) in [
        (
            || Rejected::Conflict(domain::changes::UniqueKey::Root),
            (|error| matches!(error, OpenKeysError::Unsettled)) as fn(OpenKeysError) -> bool,
        ),
        (|| Rejected::Stale, |error| matches!(error, OpenKeysError::Unsettled)),
        (|| Rejected::AlreadyUsed, |error| matches!(error, OpenKeysError::Failed(failure) if !failure.retryable())),
    ] as [(fn() -> Rejected, _); 3]
    {
        let mut ledger = MockLedger::new();
        ledger.expect_apply().returning(move |_| Err(answer()));
        let installation = Installation::new();
        let entropy = Arc::new(SeededEntropy::default());
        let store = Arc::new(KeyTable::default());
        let opened =
            Keys::open(&installation.root, store, Arc::new(ledger), installation.clock, entropy, with(&[])).await;
        assert!(is_expected(opened.unwrap_err()));
    }
}

#[tokio::test]
async fn a_data_key_that_another_root_secret_wraps_is_left_out() {
    let installation = Installation::new();
    let keys = installation.open(ES256).await;
    let (before, now) = (keys.digest("urt_1"), installation.clock.now() + TimeDelta::days(1));
    let root = RootSecret::from_bytes((0..64).collect::<Vec<u8>>()).unwrap().wrapping_key();
    let (id, purpose, entropy) = ("token-hash-2", SecretPurpose::TokenHash, SeededEntropy::default());
    installation.table.rows().data.push(data_key::make(id.into(), purpose, &root, now, &entropy).unwrap());
    keys.refresh().await.unwrap();
    assert_eq!(keys.digest("urt_1"), before);
    assert!(installation.try_open(with(&[])).await.is_err(), "who starts says so");
}

/// A database in which somebody changes the keys while they are read for the first time.
struct Torn {
    table: Arc<KeyTable>,
    is_torn: AtomicBool,
}

#[async_trait]
impl KeyStore for Torn {
    async fn root_fingerprint(&self) -> Result<Option<String>, PortFailure> {
        self.table.root_fingerprint().await
    }

    async fn revision(&self) -> Result<i64, PortFailure> {
        self.table.revision().await
    }

    async fn data_keys(&self) -> Result<Vec<StoredDataKey>, PortFailure> {
        self.table.data_keys().await
    }

    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, PortFailure> {
        let mut keys = self.table.signing_keys().await?;
        if self.is_torn.swap(false, Ordering::Relaxed) {
            self.table.rows().revision += 1;
            keys[0].sealed = keys[1].sealed.clone();
        }
        Ok(keys)
    }
}

#[tokio::test]
async fn keys_that_changed_while_they_were_read_are_read_again() {
    let installation = Installation::new();
    let before = installation.open(ES256).await;
    let store = Arc::new(Torn { table: Arc::clone(&installation.table), is_torn: AtomicBool::new(true) });
    let (ledger, entropy) = (Arc::clone(&installation.table), Arc::new(SeededEntropy::default()));
    let opened =
        Keys::open(&installation.root, store.clone(), ledger, installation.clock, entropy, with(&[])).await.unwrap();
    assert!(!store.is_torn.load(Ordering::Relaxed));
    assert_eq!(opened.jwks(), before.jwks());
}

#[tokio::test]
async fn a_replica_learns_of_a_key_that_another_added() {
    let installation = Installation::new();
    let behind = installation.open(ES256).await;
    let ahead = installation.open(EDDSA).await;
    let (token, now) = (ahead.sign(&installation.claims()).unwrap(), installation.clock.now());
    assert_eq!(behind.verify(token.reveal(), now), Err(TokenRefused));
    // The token of an unknown key is what wakes the refresh.
    assert!(is_ready(behind.refresh_wanted()));
    behind.refresh().await.unwrap();
    assert!(behind.verify(token.reveal(), now).is_ok());
    assert_eq!(behind.jwks(), ahead.jwks());
}

#[tokio::test]
async fn a_key_that_left_the_ring_counts_no_more_even_for_remembered_tokens() {
    let installation = Installation::new();
    let keys = installation.open(ES256).await;
    let (token, now) = (keys.sign(&installation.claims()).unwrap(), installation.clock.now());
    assert!(keys.verify(token.reveal(), now).is_ok());
    {
        let mut rows = installation.table.rows();
        rows.signing.retain(|key| key.state != KeyState::Active);
        rows.signing[0].state = KeyState::Active;
    }
    keys.refresh().await.unwrap();
    assert_eq!(keys.verify(token.reveal(), now), Err(TokenRefused));
    assert_eq!(published(&keys).len(), 1);
    let of_next = keys.sign(&installation.claims()).unwrap();
    assert!(keys.verify(of_next.reveal(), now).is_ok());
}

#[tokio::test]
async fn tokens_of_next_and_retired_keys_are_good_and_the_active_one_signs() {
    let installation = Installation::new();
    let keys = installation.open(ES256).await;
    let now = installation.clock.now();
    let of_first = keys.sign(&installation.claims()).unwrap();
    {
        let mut rows = installation.table.rows();
        for key in &mut rows.signing {
            key.state = if key.state == KeyState::Active { KeyState::Retired } else { KeyState::Active };
        }
        let next =
            signing_key::make(ES256, KeyState::Next, &installation.root.wrapping_key(), now, &SeededEntropy::default());
        rows.signing.push(next.unwrap());
    }
    let ahead = installation.open(ES256).await;
    let of_second = ahead.sign(&installation.claims()).unwrap();
    // What is active for one replica is still next for the other, and the other way round retired.
    assert!(keys.verify(of_second.reveal(), now).is_ok());
    assert!(ahead.verify(of_first.reveal(), now).is_ok());
    keys.refresh().await.unwrap();
    assert!(keys.verify(of_first.reveal(), now).is_ok());
    assert_eq!(published(&keys).len(), 3);
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_the_keys_as_they_were() {
    let installation = Installation::new();
    let keys = installation.open(ES256).await;
    let (token, now) = (keys.sign(&installation.claims()).unwrap(), installation.clock.now());
    installation.table.rows().is_away = true;
    assert!(keys.refresh().await.unwrap_err().retryable());
    {
        let mut rows = installation.table.rows();
        rows.is_away = false;
        rows.signing.retain(|key| key.state != KeyState::Active);
    }
    let failure = keys.refresh().await.unwrap_err();
    assert_eq!(failure.to_string(), "The database holds no active signing key for ES256.");
    assert!(!failure.retryable());
    assert!(keys.verify(token.reveal(), now).is_ok());
}

#[tokio::test]
async fn a_verified_token_is_remembered_as_long_as_its_key_counts() {
    let installation = Installation::new();
    let (keys, stranger) = (installation.open(ES256).await, Installation::new().open(ES256).await);
    for key in published(&keys) {
        assert!(keys.ring().counts(KeyMark::of(&key.1)) && !stranger.ring().counts(KeyMark::of(&key.1)));
    }
    let (token, now) = (keys.sign(&installation.claims()).unwrap(), installation.clock.now());
    keys.verify(token.reveal(), now).unwrap();
    assert_eq!(format!("{:?}", keys.remembered), "Remembered(1)");
}

#[tokio::test]
async fn debug_tells_only_the_options() {
    let installation = Installation::new();
    let keys = installation.open(ES256).await;
    assert_eq!(format!("{keys:?}"), format!("Keys {{ options: {:?}, .. }}", with(&[])));
}
