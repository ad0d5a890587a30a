//! A whole registry in memory, behind its pages.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::accounts::ask_by_mail::AskByMail;
use domain::accounts::change_address::ChangeAddress;
use domain::accounts::change_password::ChangePassword;
use domain::accounts::confirm_address::ConfirmAddress;
use domain::accounts::issue_user_token::IssueUserToken;
use domain::accounts::own_row::OwnRow;
use domain::accounts::password::PasswordPolicy;
use domain::accounts::remove_user_token::RemoveUserToken;
use domain::accounts::reset_password::ResetPassword;
use domain::accounts::set_preferences::SetPreferences;
use domain::accounts::sign_up::SignUp;
use domain::accounts::undo_address_change::UndoAddressChange;
use domain::accounts::update_phone::UpdatePhone;
use domain::domains::policy::DefaultPolicy;
use domain::events::list_own_events::ListOwnEvents;
use domain::land::add_field::AddField;
use domain::land::list_fields::ListFields;
use domain::land::remove_field::RemoveField;
use domain::mail::redeem::Redeem;
use domain::sessions::authenticate::Authenticate;
use domain::sessions::end_session::EndSession;
use domain::sessions::list_sessions::ListSessions;
use domain::sessions::log_in::{LogIn, LogInRules};
use domain::sessions::log_out::LogOut;
use domain::sessions::ports::Sessions;
use domain::throttles::counting::Counting;
use domain::throttles::gate::Gate;
use memory::clock::ManualClock;
use memory::entropy::SeededEntropy;
use memory::memory::Memory;
use memory::passwords::{CheapHashing, FewCommonPasswords};
use memory::secrets::FakeSecretKeeper;
use memory::tokens::FakeTokenSigner;
use web_ui::site::UseCases;

/// A whole registry in memory.
#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) rules: LogInRules,
    pub(crate) memory: Arc<Memory>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) hashing: Arc<CheapHashing>,
    pub(crate) keeper: Arc<FakeSecretKeeper>,
    pub(crate) signer: Arc<FakeTokenSigner>,
    /// Whether what is tried too often is refused.
    pub(crate) throttled: bool,
}

impl Registry {
    /// Its use cases, as the pages need them.
    pub(crate) fn use_cases(&self) -> UseCases {
        self.reading(self.memory.clone())
    }

    /// The same, with another reader of sessions.
    pub(crate) fn reading(&self, sessions: Arc<dyn Sessions>) -> UseCases {
        let Self { rules, memory, clock, entropy, hashing, keeper, signer, throttled: _ } = self;
        let own_row = Arc::new(OwnRow { accounts: memory.clone(), ledger: memory.clone() });
        let (clock, entropy) = (|| clock.clone(), || entropy.clone());
        UseCases {
            authenticate: Arc::new(Authenticate {
                signer: signer.clone(),
                keeper: keeper.clone(),
                sessions: sessions.clone(),
                clock: clock(),
                last_seen: memory.clone(),
            }),
            passwords: policy(),
            sign_up: Arc::new(self.sign_up()),
            log_in: Arc::new(LogIn {
                gate: self.gate(),
                rules: *rules,
                arrivals: memory.clone(),
                hashing: hashing.clone(),
                signer: signer.clone(),
                keeper: keeper.clone(),
                ledger: memory.clone(),
                clock: clock(),
                entropy: entropy(),
                access_token_lifetime: TimeDelta::minutes(15),
            }),
            log_out: Arc::new(LogOut { ledger: memory.clone(), clock: clock(), entropy: entropy() }),
            ask_by_mail: Arc::new(self.ask_by_mail()),
            confirm_address: Arc::new(ConfirmAddress {
                gate: self.gate(),
                redeem: self.redeem(),
                default_policy: DefaultPolicy::Allow,
                domains: memory.clone(),
                clock: clock(),
                entropy: entropy(),
            }),
            change_address: Arc::new(self.change_address()),
            undo_address_change: Arc::new(UndoAddressChange {
                gate: self.gate(),
                redeem: self.redeem(),
                clock: clock(),
                entropy: entropy(),
            }),
            reset_password: Arc::new(self.reset_password()),
            change_password: Arc::new(self.change_password(own_row.clone())),
            list_sessions: Arc::new(ListSessions { sessions, clock: clock() }),
            list_own_events: Arc::new(ListOwnEvents { events: memory.clone() }),
            end_session: Arc::new(EndSession { ledger: memory.clone(), clock: clock(), entropy: entropy() }),
            update_phone: Arc::new(UpdatePhone { own_row: own_row.clone(), clock: clock(), entropy: entropy() }),
            set_preferences: Arc::new(SetPreferences { own_row: own_row.clone(), clock: clock(), entropy: entropy() }),
            issue_user_token: Arc::new(IssueUserToken {
                own_row: own_row.clone(),
                keeper: keeper.clone(),
                clock: clock(),
                entropy: entropy(),
            }),
            remove_user_token: Arc::new(RemoveUserToken { own_row, clock: clock(), entropy: entropy() }),
            list_fields: Arc::new(ListFields { fields: memory.clone() }),
            add_field: Arc::new(AddField { ledger: memory.clone(), clock: clock(), entropy: entropy() }),
            remove_field: Arc::new(RemoveField { ledger: memory.clone(), clock: clock(), entropy: entropy() }),
            last_seen: memory.clone(),
            keeper: keeper.clone(),
            clock: clock(),
            entropy: entropy(),
        }
    }

    fn gate(&self) -> Arc<Gate> {
        if !self.throttled {
            return Arc::new(Gate::open());
        }
        Arc::new(Gate::new(Counting {
            throttles: self.memory.clone(),
            keeper: self.keeper.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }))
    }

    fn sign_up(&self) -> SignUp {
        SignUp {
            gate: self.gate(),
            answers: self.rules.answers,
            accounts: self.memory.clone(),
            default_policy: DefaultPolicy::Allow,
            domains: self.memory.clone(),
            hashing: self.hashing.clone(),
            keeper: self.keeper.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    fn change_address(&self) -> ChangeAddress {
        ChangeAddress {
            gate: self.gate(),
            accounts: self.memory.clone(),
            default_policy: DefaultPolicy::Allow,
            domains: self.memory.clone(),
            hashing: self.hashing.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    fn ask_by_mail(&self) -> AskByMail {
        AskByMail {
            gate: self.gate(),
            answers: self.rules.answers,
            accounts: self.memory.clone(),
            keeper: self.keeper.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    fn redeem(&self) -> Arc<Redeem> {
        Arc::new(Redeem { tokens: self.memory.clone(), keeper: self.keeper.clone(), ledger: self.memory.clone() })
    }

    fn reset_password(&self) -> ResetPassword {
        ResetPassword {
            gate: self.gate(),
            redeem: self.redeem(),
            policy: policy(),
            hashing: self.hashing.clone(),
            keeper: self.keeper.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    fn change_password(&self, own_row: Arc<OwnRow>) -> ChangePassword {
        ChangePassword {
            gate: self.gate(),
            accounts: self.memory.clone(),
            policy: policy(),
            hashing: self.hashing.clone(),
            keeper: self.keeper.clone(),
            own_row,
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
}

fn policy() -> PasswordPolicy {
    PasswordPolicy::new(8, Arc::new(FewCommonPasswords))
}
