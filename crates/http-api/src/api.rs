//! What the API asks of the domain.

use std::sync::Arc;

use domain::accounts::ask_by_mail::AskByMail;
use domain::accounts::change_address::ChangeAddress;
use domain::accounts::change_password::ChangePassword;
use domain::accounts::confirm_address::ConfirmAddress;
use domain::accounts::issue_user_token::IssueUserToken;
use domain::accounts::password::PasswordPolicy;
use domain::accounts::remove_user_token::RemoveUserToken;
use domain::accounts::reset_password::ResetPassword;
use domain::accounts::set_preferences::SetPreferences;
use domain::accounts::show_me::ShowMe;
use domain::accounts::sign_up::SignUp;
use domain::accounts::undo_address_change::UndoAddressChange;
use domain::accounts::update_phone::UpdatePhone;
use domain::authority::issue::IssueAuthorityToken;
use domain::authority::revoke::RevokeAuthorityToken;
use domain::authority::show::ShowAuthorityToken;
use domain::domains::list_domains::ListDomains;
use domain::domains::put_domains::PutDomains;
use domain::domains::remove_domain::RemoveDomain;
use domain::events::list_own_events::ListOwnEvents;
use domain::keys::ports::PublishedKeys;
use domain::land::add_field::AddField;
use domain::land::list_fields::ListFields;
use domain::land::remove_field::RemoveField;
use domain::land::replace_field::ReplaceField;
use domain::ports::clock::Clock;
use domain::ports::entropy::Entropy;
use domain::ports::readiness::Readiness;
use domain::sessions::authenticate::Authenticate;
use domain::sessions::end_session::EndSession;
use domain::sessions::list_sessions::ListSessions;
use domain::sessions::log_in::LogIn;
use domain::sessions::log_out::LogOut;
use domain::sessions::refresh::Refresh;

/// The use cases behind the API, and the few ports that it uses itself.
pub struct Api {
    /// Finds out who asks.
    pub authenticate: Arc<Authenticate>,
    /// `POST /signup`.
    pub sign_up: Arc<SignUp>,
    /// What a new password must be.
    pub password_policy: PasswordPolicy,
    /// `POST /login`.
    pub log_in: Arc<LogIn>,
    /// `POST /email/verification`, `POST /password/forgot`.
    pub ask_by_mail: Arc<AskByMail>,
    /// `POST /email/verification/confirm`.
    pub confirm_address: Arc<ConfirmAddress>,
    /// `POST /email/change`.
    pub change_address: Arc<ChangeAddress>,
    /// `POST /email/change/undo`.
    pub undo_address_change: Arc<UndoAddressChange>,
    /// `POST /password/reset`.
    pub reset_password: Arc<ResetPassword>,
    /// `POST /password/change`.
    pub change_password: Arc<ChangePassword>,
    /// `GET /sessions`.
    pub list_sessions: Arc<ListSessions>,
    /// `DELETE /sessions/{id}`, `POST /logout?all=true`.
    pub end_session: Arc<EndSession>,
    /// `GET /me/events`.
    pub list_own_events: Arc<ListOwnEvents>,
    /// `POST /refresh`.
    pub refresh: Refresh,
    /// `POST /logout`.
    pub log_out: Arc<LogOut>,
    /// `GET /me`.
    pub show_me: ShowMe,
    /// `PATCH /update`.
    pub update_phone: Arc<UpdatePhone>,
    /// `PATCH /me`.
    pub set_preferences: Arc<SetPreferences>,
    /// `POST /me/token-required`.
    pub issue_user_token: Arc<IssueUserToken>,
    /// `DELETE /me/token-required`.
    pub remove_user_token: Arc<RemoveUserToken>,
    /// `GET /me/fields`.
    pub list_fields: Arc<ListFields>,
    /// `POST /me/fields`.
    pub add_field: Arc<AddField>,
    /// `PUT /me/fields/{id}`.
    pub replace_field: ReplaceField,
    /// `DELETE /me/fields/{id}`.
    pub remove_field: Arc<RemoveField>,
    /// `GET /domains`.
    pub list_domains: ListDomains,
    /// `POST /domains`.
    pub put_domains: PutDomains,
    /// `DELETE /domains/{domain}`.
    pub remove_domain: RemoveDomain,
    /// `GET /authority-token`.
    pub show_authority_token: ShowAuthorityToken,
    /// `POST /domains/{domain}/authority-token`.
    pub issue_authority_token: IssueAuthorityToken,
    /// `DELETE /domains/{domain}/authority-token`.
    pub revoke_authority_token: RevokeAuthorityToken,
    /// `GET /.well-known/jwks.json`.
    pub published_keys: Arc<dyn PublishedKeys>,
    /// `GET /health/ready`.
    pub readiness: Arc<dyn Readiness>,
    /// Stamps request ids.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids.
    pub entropy: Arc<dyn Entropy>,
}
