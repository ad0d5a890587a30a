//! Puts the adapters behind the domain's use cases. There is no rule in it.

use std::sync::Arc;

use domain::accounts::create_user::CreateUser;
use domain::accounts::issue_user_token::IssueUserToken;
use domain::accounts::list_users::ListUsers;
use domain::accounts::own_row::OwnRow;
use domain::accounts::password::PasswordPolicy;
use domain::accounts::remove_user_token::RemoveUserToken;
use domain::accounts::set_discoverable::SetDiscoverable;
use domain::accounts::show_me::ShowMe;
use domain::accounts::sign_up::SignUp;
use domain::accounts::update_phone::UpdatePhone;
use domain::authority::issue::IssueAuthorityToken;
use domain::authority::read::ReadAuthorityToken;
use domain::authority::revoke::RevokeAuthorityToken;
use domain::domains::list_domains::ListDomains;
use domain::domains::put_domains::PutDomains;
use domain::domains::remove_domain::RemoveDomain;
use domain::land::add_field::AddField;
use domain::land::list_fields::ListFields;
use domain::land::remove_field::RemoveField;
use domain::land::replace_field::ReplaceField;
use domain::ports::clock::Clock;
use domain::ports::entropy::Entropy;
use domain::sessions::authenticate::Authenticate;
use domain::sessions::log_in::LogIn;
use domain::sessions::log_out::LogOut;
use domain::sessions::refresh::Refresh;
use http_api::api::Api;
use passwords::common_passwords::CommonPasswordList;
use passwords::hashing::Hashing;
use persistence::database::Database;
use tokens::keys::Keys;
use tokens::open_error::OpenKeysError;
use web_ui::site::UseCases;

use crate::config::checked::Config;
use crate::data_directory::DataDirectory;
use crate::failure::{Failure, said};
use crate::root_secret;
use crate::system::{SystemClock, SystemEntropy};

/// Brings the tables up to date, and nothing else.
pub(crate) async fn migrate(config: &Config) -> Result<(), Failure> {
    let directory = DataDirectory::open(&config.data_dir)?;
    if config.database_in_data_dir {
        directory.must_be_writable(&SystemEntropy)?;
    }
    open_database(config).await?.close().await;
    Ok(())
}

/// The database alone, its tables up to date.
async fn open_database(config: &Config) -> Result<Arc<Database>, Failure> {
    let opened = Database::open(config.database.clone()).await;
    let said = |error| Failure::new(format!("{error} ({})", config.database_place));
    opened.map(Arc::new).map_err(said)
}

/// The adapters of this process.
pub(crate) struct Adapters {
    pub(crate) database: Arc<Database>,
    pub(crate) keys: Arc<Keys>,
    /// Where the root secret comes from.
    pub(crate) secret_origin: &'static str,
    pub(crate) secret_fingerprint: String,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Adapters {
    /// Opens the database and the keys in it. What can be known before the database is touched is
    /// looked at first, so that a start that fails leaves nothing half made.
    pub(crate) async fn open(config: &Config) -> Result<Self, Failure> {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let directory = DataDirectory::open(&config.data_dir)?;
        let given = root_secret::given(config)?;
        if given.is_none() || config.database_in_data_dir {
            directory.must_be_writable(&*entropy)?;
        }
        let database = open_database(config).await?;
        let found = match given {
            Some(found) => found,
            None => root_secret::make(config, &*database, &*entropy).await?,
        };
        let (store, ledger) = (Arc::clone(&database), Arc::clone(&database));
        let keys =
            Keys::open(&found.secret, store, ledger, clock.clone(), entropy.clone(), config.tokens.clone()).await;
        let keys = keys.map_err(|error| {
            if matches!(error, OpenKeysError::OtherRoot { .. }) {
                found.take_back();
            }
            said(error)
        })?;
        let secret_fingerprint = found.secret.fingerprint();
        Ok(Self { database, keys: Arc::new(keys), secret_origin: found.origin, secret_fingerprint, clock, entropy })
    }

    pub(crate) fn create_user(&self, hashing: Arc<Hashing>) -> CreateUser {
        CreateUser { hashing, ledger: self.database.clone(), clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    pub(crate) fn list_users(&self) -> ListUsers {
        ListUsers { accounts: self.database.clone() }
    }

    pub(crate) fn list_domains(&self) -> ListDomains {
        ListDomains { domains: self.database.clone() }
    }

    pub(crate) fn put_domains(&self) -> PutDomains {
        let (domains, ledger) = (self.database.clone(), self.database.clone());
        PutDomains { domains, ledger, clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    pub(crate) fn remove_domain(&self) -> RemoveDomain {
        RemoveDomain { ledger: self.database.clone(), clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    pub(crate) fn read_authority_token(&self) -> ReadAuthorityToken {
        ReadAuthorityToken { tokens: self.database.clone(), keeper: self.keys.clone() }
    }

    pub(crate) fn issue_authority_token(&self) -> IssueAuthorityToken {
        let (keeper, ledger) = (self.keys.clone(), self.database.clone());
        IssueAuthorityToken { keeper, ledger, clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    pub(crate) fn revoke_authority_token(&self) -> RevokeAuthorityToken {
        RevokeAuthorityToken { ledger: self.database.clone(), clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    /// Everything behind the API and the pages.
    pub(crate) fn use_cases(&self, config: &Config, hashing: Arc<Hashing>) -> (Api, UseCases) {
        let (database, keys) = (&self.database, &self.keys);
        let (clock, entropy) = (&self.clock, &self.entropy);
        let own_row = Arc::new(OwnRow { accounts: database.clone(), ledger: database.clone() });
        let authenticate = Arc::new(Authenticate {
            signer: keys.clone(),
            keeper: keys.clone(),
            sessions: database.clone(),
            clock: clock.clone(),
        });
        let api = Api {
            sign_up: Arc::new(SignUp {
                default_policy: config.default_policy,
                domains: database.clone(),
                hashing: hashing.clone(),
                keeper: keys.clone(),
                ledger: database.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            }),
            password_policy: password_policy(config),
            log_in: Arc::new(LogIn {
                accounts: database.clone(),
                hashing,
                signer: keys.clone(),
                keeper: keys.clone(),
                ledger: database.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
                access_token_lifetime: config.access_token_lifetime,
            }),
            refresh: Refresh {
                sessions: database.clone(),
                signer: keys.clone(),
                keeper: keys.clone(),
                ledger: database.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
                access_token_lifetime: config.access_token_lifetime,
            },
            log_out: Arc::new(LogOut { ledger: database.clone(), clock: clock.clone(), entropy: entropy.clone() }),
            show_me: ShowMe { authenticate: authenticate.clone() },
            authenticate,
            update_phone: Arc::new(UpdatePhone {
                own_row: own_row.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            }),
            set_discoverable: Arc::new(SetDiscoverable {
                own_row: own_row.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            }),
            issue_user_token: Arc::new(IssueUserToken {
                own_row: own_row.clone(),
                keeper: keys.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            }),
            remove_user_token: Arc::new(RemoveUserToken { own_row, clock: clock.clone(), entropy: entropy.clone() }),
            list_fields: Arc::new(ListFields { fields: database.clone() }),
            add_field: Arc::new(AddField { ledger: database.clone(), clock: clock.clone(), entropy: entropy.clone() }),
            replace_field: ReplaceField { ledger: database.clone(), clock: clock.clone(), entropy: entropy.clone() },
            remove_field: Arc::new(RemoveField {
                ledger: database.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            }),
            list_domains: self.list_domains(),
            put_domains: self.put_domains(),
            remove_domain: self.remove_domain(),
            read_authority_token: self.read_authority_token(),
            issue_authority_token: self.issue_authority_token(),
            revoke_authority_token: self.revoke_authority_token(),
            published_keys: keys.clone(),
            readiness: database.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        };
        let pages = self.pages(&api);
        (api, pages)
    }

    fn pages(&self, api: &Api) -> UseCases {
        UseCases {
            authenticate: api.authenticate.clone(),
            passwords: api.password_policy.clone(),
            sign_up: api.sign_up.clone(),
            log_in: api.log_in.clone(),
            log_out: api.log_out.clone(),
            update_phone: api.update_phone.clone(),
            set_discoverable: api.set_discoverable.clone(),
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

/// What a new password must be.
pub(crate) fn password_policy(config: &Config) -> PasswordPolicy {
    PasswordPolicy::new(config.password_minimum, Arc::new(CommonPasswordList))
}

/// The hashing pool.
pub(crate) fn hashing(config: &Config) -> Result<Arc<Hashing>, Failure> {
    Ok(Arc::new(Hashing::start(&config.hashing).map_err(|error| Failure::new(format!("{error}.")))?))
}
