//! The keys are wrapped by another root secret.

use std::sync::Arc;

use domain::access::Actor;
use domain::changes::KeyChange;
use domain::events::EventKind;
use domain::keys::key_set::OtherRoot;
use domain::keys::ports::{KeyMaker as _, KeyStore as _, KeyWrapping};
use domain::keys::revoke::RevokeKeyError;
use domain::keys::rewrap::{Outcome, RewrapKeys, RewrapKeysError};
use domain::keys::rotate::{self, RotateKeysError, Which};
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use domain::ports::clock::Clock as _;
use domain::ports::failure::PortFailure;
use domain::ports::secrets::SealedSecret;
use memory::key_maker::FakeKeyMaker;

use crate::keys::{Installation, Overtaken};
use crate::world::World;

/// Changes what stands before a wrapped key.
struct Renaming {
    from: &'static str,
    to: &'static str,
}

impl Renaming {
    fn renamed(&self, sealed: &SealedSecret) -> Result<SealedSecret, PortFailure> {
        let key = sealed.as_str().strip_prefix(&format!("{}:", self.from)).ok_or_else(|| PortFailure::lasting("other"));
        Ok(SealedSecret::restore(format!("{}:{}", self.to, key?)))
    }
}

impl KeyWrapping for Renaming {
    fn from(&self) -> String {
        self.from.into()
    }

    fn to(&self) -> String {
        self.to.into()
    }

    fn data(&self, key: &StoredDataKey) -> Result<SealedSecret, PortFailure> {
        self.renamed(&key.sealed)
    }

    fn signing(&self, key: &StoredSigningKey) -> Result<SealedSecret, PortFailure> {
        self.renamed(&key.sealed)
    }
}

async fn rewrapped(
    installation: &Installation,
    from: &'static str,
    to: &'static str,
) -> Result<Outcome, RewrapKeysError> {
    let (keys, ledger) = (installation.world.memory.clone(), installation.world.memory.clone());
    let (clock, entropy) = (installation.world.clock.clone(), installation.world.entropy.clone());
    let wrapping = Arc::new(Renaming { from, to });
    RewrapKeys { keys, wrapping, ledger, clock, entropy }.run(&Actor::system()).await
}

#[tokio::test]
async fn every_key_is_wrapped_by_the_new_root_and_stays_what_it_is() {
    let installation = Installation::new().await;
    let before = installation.world.memory.signing_keys().await.expect("read");
    assert_eq!(rewrapped(&installation, "one", "two").await.expect("of one"), Outcome::Rewrapped(5));
    let event = installation.last_event();
    assert_eq!((event.kind, event.subject.id.as_str()), (EventKind::KeysRewrapped, "two"));
    assert_eq!(event.data, [("from", "one".to_owned()), ("keys", "5".to_owned())]);
    let memory = &installation.world.memory;
    assert_eq!(memory.root_fingerprint().await.expect("read").as_deref(), Some("two"));
    assert_eq!(memory.data_keys().await.expect("read")[0].sealed.as_str(), "two:seal");
    for (old, new) in before.into_iter().zip(memory.signing_keys().await.expect("read")) {
        let sealed = SealedSecret::restore(format!("two:{}", old.kid));
        assert_eq!(new, StoredSigningKey { sealed, ..old });
    }
    assert_eq!(rewrapped(&installation, "one", "two").await.expect("done"), Outcome::AlreadyDone);
    let refused = rewrapped(&installation, "one", "three").await;
    let needed = "two".to_owned();
    assert!(matches!(refused, Err(RewrapKeysError::OtherRoot(root)) if root == OtherRoot { needed }));
}

#[tokio::test]
async fn a_process_with_the_root_of_before_makes_no_key_that_nobody_could_open() {
    let installation = Installation::new().await;
    rewrapped(&installation, "one", "two").await.expect("of one");
    let (before, needed) = (installation.listed().await, OtherRoot { needed: "two".into() });
    let refused = installation.rotated(Which::AllAtOnce).await;
    assert!(matches!(&refused, Err(RotateKeysError::OtherRoot(root)) if *root == needed), "{refused:?}");
    let refused = installation.revoked("kid-1").await;
    assert!(matches!(&refused, Err(RevokeKeyError::OtherRoot(root)) if *root == needed), "{refused:?}");
    assert_eq!(installation.listed().await, before);
}

#[tokio::test]
async fn a_key_that_is_added_while_others_are_wrapped_anew_is_not_left_behind() {
    let installation = Installation::new().await;
    let fresh =
        installation.maker.make(SigningAlgorithm::Rs256, KeyState::Next, installation.world.clock.now()).expect("made");
    let ledger = Overtaken::by(&installation, vec![installation.plan(1).with(KeyChange::AddSigning(fresh))]);
    let (keys, wrapping) = (installation.world.memory.clone(), Arc::new(Renaming { from: "one", to: "two" }));
    let (clock, entropy) = (installation.world.clock.clone(), installation.world.entropy.clone());
    let outcome = RewrapKeys { keys, wrapping, ledger, clock, entropy }.run(&Actor::system()).await;
    assert_eq!(outcome.expect("of one"), Outcome::Rewrapped(6));
}

#[tokio::test]
async fn a_database_without_keys_has_nothing_to_wrap() {
    let installation = Installation { world: World::default(), maker: Arc::new(FakeKeyMaker::new("one")) };
    assert!(matches!(rewrapped(&installation, "one", "two").await, Err(RewrapKeysError::NoKeys)));
    let nothing = installation.rotated(Which::All).await;
    assert!(matches!(nothing, Ok(rotate::Outcome::Rotated(rotated)) if rotated.is_empty()));
}
