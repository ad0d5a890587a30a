use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::access::Actor;
use domain::keys::forget::ForgetKeys;
use domain::keys::ports::{KeyStore, KeyWrapping as _, PublishedKeys as _};
use domain::keys::revoke::RevokeKey;
use domain::keys::rewrap::{Outcome, RewrapKeys};
use domain::keys::rotate::{self, RotateKeys, RotateKeysError, Which};
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use domain::keys::seen_retired::SeenRetired;
use domain::ports::clock::Clock as _;
use domain::ports::failure::PortFailure;
use domain::ports::secrets::{SecretKeeper as _, SecretPurpose};
use domain::sessions::claims::AccessToken;
use domain::sessions::ports::{TokenRefused, TokenSigner as _};
use memory::entropy::SeededEntropy;
use memory::memory::Memory;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::Keys;
use crate::fakes::{ISSUER, Installation, is_ready};
use crate::open_error::OpenKeysError;
use crate::options::Options;
use crate::rewrapping::Rewrapping;
use crate::root_secret::RootSecret;

const ES256: SigningAlgorithm = SigningAlgorithm::Es256;
const EDDSA: SigningAlgorithm = SigningAlgorithm::EdDsa;

/// An installation on a storage that keeps what the ports promise, and how often the keys are read from it.
struct Registry {
    installation: Installation,
    store: Arc<Counting>,
    entropy: Arc<SeededEntropy>,
}

#[derive(Default)]
struct Counting {
    memory: Arc<Memory>,
    revisions: AtomicUsize,
    readings: AtomicUsize,
}

#[async_trait]
impl KeyStore for Counting {
    async fn revision(&self) -> Result<i64, PortFailure> {
        self.revisions.fetch_add(1, Ordering::Relaxed);
        self.memory.revision().await
    }

    async fn root_fingerprint(&self) -> Result<Option<String>, PortFailure> {
        self.memory.root_fingerprint().await
    }

    async fn data_keys(&self) -> Result<Vec<StoredDataKey>, PortFailure> {
        self.memory.data_keys().await
    }

    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, PortFailure> {
        self.readings.fetch_add(1, Ordering::Relaxed);
        self.memory.signing_keys().await
    }
}

impl Registry {
    fn new() -> Self {
        Self { installation: Installation::new(), store: Arc::default(), entropy: Arc::default() }
    }

    async fn try_open(&self, root: &RootSecret, algorithm: SigningAlgorithm) -> Result<Arc<Keys>, OpenKeysError> {
        let (clock, entropy) = (Arc::clone(&self.installation.clock), Arc::clone(&self.entropy));
        let options = Options { algorithm, ..Options::new(ISSUER) };
        let (store, ledger) = (Arc::clone(&self.store), Arc::clone(&self.store.memory));
        Keys::open(root, store, ledger, clock, entropy, options).await.map(Arc::new)
    }

    async fn open(&self) -> Arc<Keys> {
        self.try_open(&self.installation.root, ES256).await.unwrap()
    }

    async fn try_rotate(&self, keys: &Arc<Keys>) -> Result<rotate::Outcome, RotateKeysError> {
        let (store, ledger, maker) = (self.store.clone(), self.store.memory.clone(), Arc::clone(keys));
        let (clock, entropy) = (self.installation.clock.clone(), self.entropy.clone());
        RotateKeys { keys: store, maker, ledger, clock, entropy }.run(&Actor::system(), Which::AllAtOnce).await
    }

    async fn rotate(&self, keys: &Arc<Keys>) {
        let rotated = self.try_rotate(keys).await.unwrap();
        assert!(matches!(rotated, rotate::Outcome::Rotated(rotated) if !rotated.is_empty()));
    }

    async fn forget(&self, seen: &mut SeenRetired, uptime: TimeDelta) {
        let (store, ledger) = (self.store.clone(), self.store.memory.clone());
        let (clock, entropy) = (self.installation.clock.clone(), self.entropy.clone());
        ForgetKeys { keys: store, ledger, clock, entropy }.run(seen, uptime).await.unwrap();
    }

    async fn revoke(&self, keys: &Arc<Keys>, kid: &str) {
        let (store, ledger, maker) = (self.store.clone(), self.store.memory.clone(), Arc::clone(keys));
        let (clock, entropy) = (self.installation.clock.clone(), self.entropy.clone());
        RevokeKey { keys: store, maker, ledger, clock, entropy }.run(&Actor::system(), kid).await.unwrap();
    }

    async fn rewrap(&self, to: &RootSecret) {
        let wrapping = Arc::new(Rewrapping::new(&self.installation.root, to, self.entropy.clone()));
        let (keys, ledger) = (self.store.clone(), self.store.memory.clone());
        let (clock, entropy) = (self.installation.clock.clone(), self.entropy.clone());
        let rewrap = RewrapKeys { keys, wrapping, ledger, clock, entropy };
        assert!(matches!(rewrap.run(&Actor::system()).await.unwrap(), Outcome::Rewrapped(keys) if keys >= 8));
    }

    fn sign(&self, keys: &Keys) -> AccessToken {
        keys.sign(&self.installation.claims()).unwrap()
    }

    fn accepts(&self, keys: &Keys, token: &AccessToken) -> bool {
        keys.verify(token.reveal(), self.installation.clock.now()).is_ok()
    }
}

fn active(keys: &Keys) -> String {
    keys.active_kids()[0].1.clone()
}

/// Another root secret than that of the installation.
fn other_root() -> RootSecret {
    RootSecret::from_bytes((0..64).collect::<Vec<u8>>()).unwrap()
}

#[tokio::test]
async fn tokens_of_every_key_are_good_on_every_replica_through_rotations() {
    let registry = Registry::new();
    let (one, other) = (registry.open().await, registry.open().await);
    let mut tokens = vec![registry.sign(&one)];
    for round in 1..4 {
        let (before, next) = (active(&one), one.ring().in_state(KeyState::Next).next().unwrap().kid.clone());
        registry.rotate(&one).await;
        assert!(one.catch_up().await.unwrap() && !one.catch_up().await.unwrap());
        assert_eq!((active(&one), active(&other)), (next, before), "the other does not know it yet");
        tokens.extend([registry.sign(&one), registry.sign(&other)]);
        for token in &tokens {
            assert!(registry.accepts(&one, token) && registry.accepts(&other, token), "{round}");
        }
        other.catch_up().await.unwrap();
        assert_eq!((other.jwks(), active(&other)), (one.jwks(), active(&one)));
        assert_eq!(one.jwks().matches("\"kid\"").count(), round + 2);
    }
}

#[tokio::test]
async fn tokens_from_before_a_jump_of_the_clock_are_good_when_it_is_mended_whatever_has_rotated_meanwhile() {
    let (hours, minute) = (TimeDelta::hours(5), TimeDelta::minutes(1));
    for jump in [hours, -hours] {
        let registry = Registry::new();
        let (one, other) = (registry.open().await, registry.open().await);
        let (clock, mut seen) = (&registry.installation.clock, SeenRetired::default());
        let mut tokens = vec![registry.sign(&one)];
        registry.rotate(&one).await;
        one.catch_up().await.unwrap();
        tokens.push(registry.sign(&one));
        registry.forget(&mut seen, TimeDelta::zero()).await;
        clock.advance(jump);
        registry.rotate(&one).await;
        registry.forget(&mut seen, minute).await;
        one.catch_up().await.unwrap();
        let meanwhile = registry.sign(&one);
        assert!(registry.accepts(&one, &meanwhile), "{jump}");
        clock.advance(minute - jump);
        registry.forget(&mut seen, minute * 2).await;
        registry.rotate(&one).await;
        for keys in [&one, &other] {
            keys.catch_up().await.unwrap();
            for token in &tokens {
                assert!(registry.accepts(keys, token), "{jump}");
            }
            assert!(registry.accepts(keys, &registry.sign(&one)), "{jump}");
            assert_eq!(keys.jwks().matches("\"kid\"").count(), 5, "{jump}: none is gone");
        }
    }
}

#[tokio::test]
async fn a_revoked_key_counts_no_more_although_its_signatures_are_remembered() {
    let registry = Registry::new();
    let (one, other) = (registry.open().await, registry.open().await);
    let (token, kid) = (registry.sign(&one), active(&one));
    assert!(registry.accepts(&other, &token) && registry.accepts(&other, &token));
    registry.revoke(&one, &kid).await;
    assert!(other.catch_up().await.unwrap());
    assert!(!registry.accepts(&other, &token));
    assert!(!other.jwks().contains(&kid));
    // It signs no more either, and what took its place is good.
    let fresh = registry.sign(&other);
    one.catch_up().await.unwrap();
    assert!(registry.accepts(&one, &fresh) && registry.accepts(&other, &fresh));
}

#[tokio::test]
async fn a_key_that_nobody_has_published_is_learned_when_a_token_names_it() {
    let registry = Registry::new();
    let (one, other) = (registry.open().await, registry.open().await);
    let next = one.ring().in_state(KeyState::Next).next().unwrap().kid.clone();
    registry.revoke(&one, &next).await;
    registry.revoke(&one, &active(&one)).await;
    one.catch_up().await.unwrap();
    let token = registry.sign(&one);
    assert!(!registry.accepts(&other, &token));
    assert!(is_ready(other.refresh_wanted()));
    other.catch_up().await.unwrap();
    assert!(registry.accepts(&other, &token));
}

#[tokio::test]
async fn forged_key_ids_cost_one_small_row_a_second() {
    let registry = Registry::new();
    let (keys, stranger) = (registry.open().await, Registry::new());
    let stranger_keys = stranger.open().await;
    let readings = registry.store.readings.load(Ordering::Relaxed);
    let (mut wishes, before) = (0, registry.store.revisions.load(Ordering::Relaxed));
    for _ in 0..200 {
        registry.installation.clock.advance(TimeDelta::milliseconds(10));
        let token = registry.installation.claims();
        let token = stranger_keys.sign(&token).unwrap();
        assert_eq!(keys.verify(token.reveal(), registry.installation.clock.now()), Err(TokenRefused));
        if is_ready(keys.refresh_wanted()) {
            wishes += 1;
            assert!(!keys.catch_up().await.unwrap());
        }
    }
    assert_eq!(wishes, 2, "in two seconds");
    assert_eq!(registry.store.revisions.load(Ordering::Relaxed) - before, 2);
    assert_eq!(registry.store.readings.load(Ordering::Relaxed), readings, "the keys were not read");
}

#[tokio::test]
async fn everything_stays_good_under_another_root_secret() {
    let registry = Registry::new();
    let (before, root) = (registry.open().await, other_root());
    let (token, digest) = (registry.sign(&before), before.digest("urt_1"));
    let sealed = before.seal("uat_1", "example.org").unwrap();
    let codes = SecretPurpose::ALL.map(|purpose| before.code(purpose, b"message"));
    registry.rewrap(&root).await;
    let refused = registry.try_open(&registry.installation.root, ES256).await.unwrap_err();
    assert!(matches!(refused, OpenKeysError::OtherRoot { needed, .. } if needed == root.fingerprint()));
    let after = registry.try_open(&root, ES256).await.unwrap();
    assert!(registry.accepts(&after, &token));
    assert_eq!((after.digest("urt_1"), after.jwks()), (digest, before.jwks()));
    assert_eq!(after.open(&sealed, "example.org").unwrap(), "uat_1");
    assert_eq!(SecretPurpose::ALL.map(|purpose| after.code(purpose, b"message")), codes);
    // What the process of before still makes is good for the new one as well.
    assert!(before.catch_up().await.unwrap());
    assert!(registry.accepts(&after, &registry.sign(&before)));
    let sealed = before.seal("uat_2", "example.org").unwrap();
    assert_eq!(after.open(&sealed, "example.org").unwrap(), "uat_2");
}

#[tokio::test]
async fn a_process_with_the_root_secret_of_before_goes_on_with_what_it_knows() {
    let registry = Registry::new();
    let (behind, root) = (registry.open().await, other_root());
    registry.rewrap(&root).await;
    assert!(behind.catch_up().await.unwrap());
    assert!(behind.has_told_other_root.load(Ordering::Relaxed));
    let ahead = registry.try_open(&root, ES256).await.unwrap();
    // It makes no key that the others could not open.
    assert!(matches!(registry.try_rotate(&behind).await, Err(RotateKeysError::OtherRoot(_))));
    registry.rotate(&ahead).await;
    ahead.catch_up().await.unwrap();
    behind.catch_up().await.unwrap();
    let kid = active(&ahead);
    assert_eq!(active(&behind), kid, "the key that was next when the root changed");
    let (theirs, ours) = (registry.sign(&ahead), registry.sign(&behind));
    for token in [&theirs, &ours] {
        assert!(registry.accepts(&ahead, token) && registry.accepts(&behind, token));
    }
    // The next one it does not know: it verifies what it can and signs no more, which is better than wrongly.
    registry.rotate(&ahead).await;
    ahead.catch_up().await.unwrap();
    behind.catch_up().await.unwrap();
    assert!(registry.accepts(&behind, &theirs) && !registry.accepts(&behind, &registry.sign(&ahead)));
    assert!(behind.sign(&registry.installation.claims()).is_err());
    // What is revoked counts no more for it either.
    registry.revoke(&ahead, &kid).await;
    behind.catch_up().await.unwrap();
    assert!(!registry.accepts(&behind, &theirs));
}

#[tokio::test]
async fn a_ring_tells_the_fingerprint_of_the_root_secret_that_took_the_place_of_its_own() {
    let registry = Registry::new();
    let (keys, root) = (registry.open().await, other_root());
    keys.refresh().await.unwrap();
    assert_eq!(keys.ring().other_root(), None);
    assert!(!keys.has_told_other_root.load(Ordering::Relaxed));
    registry.rewrap(&root).await;
    keys.refresh().await.unwrap();
    assert_eq!(keys.ring().other_root(), Some(root.fingerprint().as_str()));
    let after = registry.try_open(&root, ES256).await.unwrap();
    assert_eq!(after.ring().other_root(), None);
}

/// Counts what is told in the log.
struct Told(Arc<AtomicUsize>);

impl Subscriber for Told {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn that_another_root_secret_wraps_the_keys_is_told_once() {
    let told = Arc::new(AtomicUsize::new(0));
    let _guard = tracing::subscriber::set_default(Told(told.clone()));
    let registry = Registry::new();
    let keys = registry.open().await;
    keys.refresh().await.unwrap();
    assert_eq!(told.load(Ordering::Relaxed), 0);
    registry.rewrap(&other_root()).await;
    for _ in 0..3 {
        keys.refresh().await.unwrap();
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn an_algorithm_that_is_added_under_another_root_secret_is_left_out() {
    let registry = Registry::new();
    let (behind, root) = (registry.open().await, other_root());
    let jwks = behind.jwks();
    registry.rewrap(&root).await;
    registry.try_open(&root, EDDSA).await.unwrap();
    behind.catch_up().await.unwrap();
    assert_eq!(behind.jwks(), jwks);
    assert!(registry.accepts(&behind, &registry.sign(&behind)));
}

#[tokio::test]
async fn a_key_that_does_not_open_is_named_and_nothing_is_changed() {
    let registry = Registry::new();
    registry.open().await;
    let wrapping = Rewrapping::new(&other_root(), &registry.installation.root, registry.entropy.clone());
    let data = registry.store.memory.data_keys().await.unwrap().remove(0);
    let signing = registry.store.memory.signing_keys().await.unwrap().remove(0);
    for (failure, id, sealed) in [
        (wrapping.data(&data).unwrap_err(), data.id, data.sealed),
        (wrapping.signing(&signing).unwrap_err(), signing.kid, signing.sealed),
    ] {
        assert!(failure.to_string().contains(&id) && !failure.to_string().contains(sealed.as_str()), "{failure}");
    }
    assert_eq!(format!("{wrapping:?}"), "Rewrapping { .. }");
}
