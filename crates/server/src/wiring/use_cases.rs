//! The use cases behind the API and the pages.

use std::sync::Arc;

use domain::accounts::ask_by_mail::AskByMail;
use domain::accounts::change_address::ChangeAddress;
use domain::accounts::change_password::ChangePassword;
use domain::accounts::confirm_address::ConfirmAddress;
use domain::accounts::issue_user_token::IssueUserToken;
use domain::accounts::own_row::OwnRow;
use domain::accounts::remove_user_token::RemoveUserToken;
use domain::accounts::reset_password::ResetPassword;
use domain::accounts::set_preferences::SetPreferences;
use domain::accounts::show_me::ShowMe;
use domain::accounts::sign_up::SignUp;
use domain::accounts::undo_address_change::UndoAddressChange;
use domain::accounts::update_phone::UpdatePhone;
use domain::authority::show::ShowAuthorityToken;
use domain::events::list_own_events::ListOwnEvents;
use domain::land::add_field::AddField;
use domain::land::list_fields::ListFields;
use domain::land::remove_field::RemoveField;
use domain::land::replace_field::ReplaceField;
use domain::mail::redeem::Redeem;
use domain::sessions::authenticate::Authenticate;
use domain::sessions::end_session::EndSession;
use domain::sessions::list_sessions::ListSessions;
use domain::sessions::log_in::LogIn;
use domain::sessions::log_out::LogOut;
use domain::sessions::refresh::Refresh;
use http_api::api::Api;
use passwords::hashing::Hashing;
use web_ui::site::UseCases;

use crate::config::checked::Config;
use crate::wiring::{Adapters, password_policy};

/// A use case with these ports, and with the clock and the entropy that nearly all have.
macro_rules! wired {
    ($adapters:ident, $use_case:ident { $($field:ident: $port:expr),* $(,)? }) => {
        $use_case { $($field: $port,)* clock: $adapters.clock.clone(), entropy: $adapters.entropy.clone() }.into()
    };
}

impl Adapters {
    /// Everything behind the API and the pages.
    pub(crate) fn use_cases(&self, config: &Config, hashing: Arc<Hashing>) -> (Api, UseCases) {
        let api = self.api(config, hashing);
        let pages = self.pages(&api);
        (api, pages)
    }

    fn api(&self, config: &Config, hashing: Arc<Hashing>) -> Api {
        let (database, keys, gate) = (&self.database, &self.keys, &self.gate);
        let own_row = Arc::new(OwnRow { accounts: database.clone(), ledger: database.clone() });
        let (tokens, ledger) = (database.clone(), database.clone());
        let redeem = Arc::new(Redeem { tokens, keeper: keys.clone(), ledger });
        let authenticate = self.authenticate();
        Api {
            sign_up: self.sign_up(config, hashing.clone()),
            password_policy: password_policy(config),
            log_in: self.log_in(config, hashing.clone()),
            refresh: self.refresh(config),
            log_out: wired!(self, LogOut { ledger: database.clone() }),
            ask_by_mail: wired!(
                self,
                AskByMail {
                    gate: gate.clone(),
                    answers: config.log_in_rules.answers,
                    accounts: database.clone(),
                    keeper: keys.clone(),
                    ledger: database.clone(),
                }
            ),
            confirm_address: wired!(
                self,
                ConfirmAddress {
                    gate: gate.clone(),
                    redeem: redeem.clone(),
                    default_policy: config.default_policy,
                    domains: database.clone(),
                }
            ),
            change_address: self.change_address(config, hashing.clone()),
            undo_address_change: wired!(self, UndoAddressChange { gate: gate.clone(), redeem: redeem.clone() }),
            reset_password: wired!(
                self,
                ResetPassword {
                    gate: gate.clone(),
                    redeem: redeem,
                    policy: password_policy(config),
                    hashing: hashing.clone(),
                    keeper: self.keys.clone(),
                }
            ),
            change_password: wired!(
                self,
                ChangePassword {
                    gate: gate.clone(),
                    accounts: database.clone(),
                    policy: password_policy(config),
                    hashing: hashing,
                    keeper: self.keys.clone(),
                    own_row: own_row.clone(),
                }
            ),
            list_sessions: Arc::new(ListSessions { sessions: database.clone(), clock: self.clock.clone() }),
            list_own_events: Arc::new(ListOwnEvents { events: database.clone() }),
            end_session: wired!(self, EndSession { ledger: database.clone() }),
            show_me: ShowMe { authenticate: authenticate.clone() },
            authenticate: authenticate.clone(),
            update_phone: wired!(self, UpdatePhone { own_row: own_row.clone() }),
            set_preferences: wired!(self, SetPreferences { own_row: own_row.clone() }),
            issue_user_token: wired!(self, IssueUserToken { own_row: own_row.clone(), keeper: keys.clone() }),
            remove_user_token: wired!(self, RemoveUserToken { own_row: own_row }),
            list_fields: Arc::new(ListFields { fields: database.clone() }),
            add_field: wired!(self, AddField { ledger: database.clone() }),
            replace_field: wired!(self, ReplaceField { ledger: database.clone() }),
            remove_field: wired!(self, RemoveField { ledger: database.clone() }),
            list_domains: self.list_domains(),
            put_domains: self.put_domains(),
            remove_domain: self.remove_domain(),
            show_authority_token: ShowAuthorityToken { authenticate, keeper: keys.clone() },
            issue_authority_token: self.issue_authority_token(),
            revoke_authority_token: self.revoke_authority_token(),
            published_keys: keys.clone(),
            readiness: database.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    fn authenticate(&self) -> Arc<Authenticate> {
        Arc::new(Authenticate {
            signer: self.keys.clone(),
            keeper: self.keys.clone(),
            sessions: self.database.clone(),
            last_seen: self.database.clone(),
            clock: self.clock.clone(),
        })
    }

    fn sign_up(&self, config: &Config, hashing: Arc<Hashing>) -> Arc<SignUp> {
        wired!(
            self,
            SignUp {
                gate: self.gate.clone(),
                answers: config.log_in_rules.answers,
                accounts: self.database.clone(),
                default_policy: config.default_policy,
                domains: self.database.clone(),
                hashing: hashing,
                keeper: self.keys.clone(),
                ledger: self.database.clone(),
            }
        )
    }

    fn change_address(&self, config: &Config, hashing: Arc<Hashing>) -> Arc<ChangeAddress> {
        wired!(
            self,
            ChangeAddress {
                gate: self.gate.clone(),
                accounts: self.database.clone(),
                default_policy: config.default_policy,
                domains: self.database.clone(),
                hashing: hashing,
                ledger: self.database.clone(),
            }
        )
    }

    fn log_in(&self, config: &Config, hashing: Arc<Hashing>) -> Arc<LogIn> {
        wired!(
            self,
            LogIn {
                gate: self.gate.clone(),
                rules: config.log_in_rules,
                arrivals: self.database.clone(),
                hashing: hashing,
                signer: self.keys.clone(),
                keeper: self.keys.clone(),
                ledger: self.database.clone(),
                access_token_lifetime: config.access_token_lifetime,
            }
        )
    }

    fn refresh(&self, config: &Config) -> Refresh {
        wired!(
            self,
            Refresh {
                sessions: self.database.clone(),
                signer: self.keys.clone(),
                keeper: self.keys.clone(),
                ledger: self.database.clone(),
                access_token_lifetime: config.access_token_lifetime,
            }
        )
    }

    fn pages(&self, api: &Api) -> UseCases {
        UseCases {
            authenticate: api.authenticate.clone(),
            passwords: api.password_policy.clone(),
            sign_up: api.sign_up.clone(),
            log_in: api.log_in.clone(),
            log_out: api.log_out.clone(),
            ask_by_mail: api.ask_by_mail.clone(),
            confirm_address: api.confirm_address.clone(),
            reset_password: api.reset_password.clone(),
            change_password: api.change_password.clone(),
            change_address: api.change_address.clone(),
            undo_address_change: api.undo_address_change.clone(),
            list_sessions: api.list_sessions.clone(),
            list_own_events: api.list_own_events.clone(),
            end_session: api.end_session.clone(),
            update_phone: api.update_phone.clone(),
            set_preferences: api.set_preferences.clone(),
            issue_user_token: api.issue_user_token.clone(),
            remove_user_token: api.remove_user_token.clone(),
            list_fields: api.list_fields.clone(),
            add_field: api.add_field.clone(),
            remove_field: api.remove_field.clone(),
            last_seen: self.database.clone(),
            keeper: self.keys.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
}
