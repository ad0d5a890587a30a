//! Logging in: what it asks of its ports, and what it makes of their answers.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::access::Actor;
use domain::accounts::email::EmailAddress;
use domain::accounts::password::Password;
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::ports::{HashFailure, MockPasswordHashing, Verdict};
use domain::accounts::user::{Account, User, UserState};
use domain::accounts::user_token::HeldUserToken;
use domain::changes::account::AccountChange;
use domain::changes::{Change, SessionChange};
use domain::events::EventKind;
use domain::ids::UserId;
use domain::origin::Origin;
use domain::ports::clock::{MockClock, Timestamp};
use domain::ports::entropy::MockEntropy;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::{MockLedger, Receipt, Rejected};
use domain::ports::secrets::MockSecretKeeper;
use domain::sessions::arrival::{Arrival, Place};
use domain::sessions::claims::AccessToken;
use domain::sessions::log_in::{Command, IssuedCredential, LogIn, LogInError, LogInRules, Outcome};
use domain::sessions::ports::{MockArrivals, MockTokenSigner};
use domain::sessions::session::Channel;
use domain::throttles::gate::Gate;
use uuid::Uuid;

/// The mocks of a login. None of them expects a call yet, save those that are always well.
struct Ports {
    arrivals: MockArrivals,
    hashing: MockPasswordHashing,
    signer: MockTokenSigner,
    ledger: MockLedger,
}

impl Ports {
    /// A registry in which Ada, or nobody, has the address, and her password gets this verdict.
    fn new(account: Option<Account>, verdict: Verdict) -> Self {
        let mut arrivals = MockArrivals::new();
        let arrival = Arrival { account, place: Place::First };
        arrivals.expect_arrival().returning(move |_, _| Ok(arrival.clone()));
        let mut hashing = MockPasswordHashing::new();
        hashing.expect_keep_place().returning(Ok);
        hashing.expect_verify().returning(move |_, _, _| Ok(verdict));
        let mut signer = MockTokenSigner::new();
        signer.expect_sign().returning(|_| Ok(AccessToken::restore("signed")));
        Self { arrivals, hashing, signer, ledger: MockLedger::new() }
    }

    async fn log_in(self) -> Result<Outcome, LogInError> {
        let mut clock = MockClock::new();
        clock.expect_now().return_const(Timestamp::UNIX_EPOCH);
        let mut entropy = MockEntropy::new();
        entropy.expect_fill().returning(|bytes| bytes.fill(7));
        let mut keeper = MockSecretKeeper::new();
        keeper.expect_code().returning(|_, _| [9; 32]);
        let case = LogIn {
            gate: Arc::new(Gate::open()),
            rules: LogInRules::default(),
            arrivals: Arc::new(self.arrivals),
            hashing: Arc::new(self.hashing),
            signer: Arc::new(self.signer),
            keeper: Arc::new(keeper),
            ledger: Arc::new(self.ledger),
            clock: Arc::new(clock),
            entropy: Arc::new(entropy),
            access_token_lifetime: TimeDelta::minutes(5),
        };
        let email = EmailAddress::parse("ada@example.org").expect("an address");
        let password = Password::typed("a quiet afternoon").expect("a password");
        case.run(&Actor::nobody(Origin::default()), Command { email, password, channel: Channel::Api }).await
    }
}

fn ada(state: UserState) -> Account {
    let user = User {
        id: UserId::restore(Uuid::from_u128(1)),
        email: EmailAddress::parse("ada@example.org").expect("an address"),
        email_verified_at: None,
        phone_number: None,
        discoverable: false,
        state,
        administrator: false,
        locale: None,
        user_token: Some(HeldUserToken::default()),
        version: 1,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    };
    Account { user, password: Some(PasswordHash::restore("stored")) }
}

#[tokio::test]
async fn the_right_password_opens_a_session_in_one_plan() {
    let mut ports = Ports::new(Some(ada(UserState::Active)), Verdict::Matches { outdated: false });
    ports.ledger.expect_apply().times(1).returning(|changes| {
        assert_eq!(changes.event.kind, EventKind::SessionStarted);
        let [Change::Session(SessionChange::Open { verified, .. }), Change::Session(SessionChange::AddGrant { .. })] =
            changes.list.as_slice()
        else {
            panic!("{changes:?}");
        };
        assert_eq!(*verified, PasswordHash::restore("stored"), "the plan expects the hash that was verified");
        Ok(Receipt { rows: vec![1, 1] })
    });
    let Outcome::SignedIn(signed_in) = ports.log_in().await.expect("the password is right");
    let IssuedCredential::Tokens(tokens) = signed_in.credential else { panic!("the API gets tokens") };
    assert_eq!(tokens.access_token.reveal(), "signed");
}

#[tokio::test]
async fn those_who_do_not_get_in_leave_an_event_and_nothing_else() {
    let refused = |account, verdict| {
        let mut ports = Ports::new(account, verdict);
        ports.ledger.expect_apply().times(1).returning(|changes| {
            assert_eq!((changes.event.kind, changes.list), (EventKind::LogInRefused, Vec::new()));
            Ok(Receipt { rows: Vec::new() })
        });
        ports.log_in()
    };
    let unknown = refused(None, Verdict::Differs).await;
    assert!(matches!(unknown, Err(LogInError::UnknownUser)), "{unknown:?}");
    let wrong = refused(Some(ada(UserState::Active)), Verdict::Differs).await;
    assert!(matches!(wrong, Err(LogInError::WrongPassword)), "{wrong:?}");
    let disabled = refused(Some(ada(UserState::Disabled)), Verdict::Matches { outdated: false }).await;
    assert!(matches!(disabled, Err(LogInError::Disabled)), "{disabled:?}");
}

#[tokio::test]
async fn an_account_that_changes_meanwhile_is_read_again() {
    let mut ports = Ports::new(Some(ada(UserState::Active)), Verdict::Matches { outdated: false });
    let mut order = mockall::Sequence::new();
    ports.ledger.expect_apply().times(1).in_sequence(&mut order).returning(|_| Err(Rejected::Stale));
    ports.ledger.expect_apply().times(1).in_sequence(&mut order).returning(|_| Ok(Receipt { rows: vec![1, 1] }));
    assert!(ports.log_in().await.is_ok());
}

#[tokio::test]
async fn a_row_that_never_rests_is_a_passing_failure() {
    let mut ports = Ports::new(Some(ada(UserState::Active)), Verdict::Matches { outdated: false });
    ports.ledger.expect_apply().times(3).returning(|_| Err(Rejected::Stale));
    let outcome = ports.log_in().await;
    assert!(matches!(outcome, Err(LogInError::Failed(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_full_pool_of_hashes_leaves_an_outdated_hash_for_later() {
    let mut ports = Ports::new(Some(ada(UserState::Active)), Verdict::Matches { outdated: true });
    let overloaded = || HashFailure::Overloaded { retry_after: std::time::Duration::from_secs(1) };
    ports.hashing.expect_hash().times(1).returning(move |_, _| Err(overloaded()));
    ports.ledger.expect_apply().times(1).returning(|changes| {
        let is_rehash = |change: &Change| matches!(change, Change::Account(AccountChange::Rehash { .. }));
        assert!(!changes.list.iter().any(is_rehash));
        Ok(Receipt { rows: vec![1, 1] })
    });
    assert!(ports.log_in().await.is_ok());
}

#[tokio::test]
async fn a_signer_that_fails_leaves_no_session_behind() {
    let mut ports = Ports::new(Some(ada(UserState::Active)), Verdict::Matches { outdated: false });
    ports.signer = MockTokenSigner::new();
    ports.signer.expect_sign().times(1).returning(|_| Err(PortFailure::lasting("no key")));
    let outcome = ports.log_in().await;
    assert!(matches!(outcome, Err(LogInError::Failed(_))), "{outcome:?}");
}
