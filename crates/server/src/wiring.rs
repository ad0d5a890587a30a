//! Puts the adapters behind the domain's use cases. There is no rule in it.

mod use_cases;

use std::sync::Arc;

use domain::accounts::create_user::CreateUser;
use domain::accounts::list_users::ListUsers;
use domain::accounts::password::PasswordPolicy;
use domain::accounts::set_user_state::SetUserState;
use domain::authority::issue::IssueAuthorityToken;
use domain::authority::read::ReadAuthorityToken;
use domain::authority::revoke::RevokeAuthorityToken;
use domain::domains::list_domains::ListDomains;
use domain::domains::put_domains::PutDomains;
use domain::domains::remove_domain::RemoveDomain;
use domain::keys::forget::ForgetKeys;
use domain::keys::list::ListKeys;
use domain::keys::revoke::RevokeKey;
use domain::keys::rotate::RotateKeys;
use domain::mail::deliver::Deliver;
use domain::mail::ports::Mailer;
use domain::ports::clock::Clock;
use domain::ports::entropy::Entropy;
use domain::retention::PurgeLeftovers;
use domain::throttles::counting::Counting;
use domain::throttles::gate::Gate;
use mailer::options::Destination;
use mailer::post_office::PostOffice;
use passwords::common_passwords::CommonPasswordList;
use passwords::hashing::Hashing;
use persistence::database::Database;
use tokens::keys::Keys;
use tokens::open_error::OpenKeysError;

use crate::config::checked::Config;
use crate::data_directory::DataDirectory;
use crate::failure::{Failure, said};
use crate::root_secret::{self, Found};
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
pub(crate) async fn open_database(config: &Config) -> Result<Arc<Database>, Failure> {
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
    /// Refuses what is tried too often.
    pub(crate) gate: Arc<Gate>,
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
        let (found, keys) = open_keys(config, given, &database, &clock, &entropy).await?;
        let (keys, secret_fingerprint, secret_origin) = (Arc::new(keys), found.secret.fingerprint(), found.origin);
        let gate = if config.throttles {
            Gate::new(Counting {
                throttles: database.clone(),
                keeper: keys.clone(),
                ledger: database.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            })
        } else {
            Gate::open()
        };
        Ok(Self { database, keys, secret_origin, secret_fingerprint, gate: Arc::new(gate), clock, entropy })
    }

    pub(crate) fn create_user(&self, hashing: Arc<Hashing>) -> CreateUser {
        CreateUser { hashing, ledger: self.database.clone(), clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    pub(crate) fn set_user_state(&self) -> SetUserState {
        let (accounts, ledger) = (self.database.clone(), self.database.clone());
        SetUserState { accounts, ledger, clock: self.clock.clone(), entropy: self.entropy.clone() }
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

    pub(crate) fn list_keys(&self) -> ListKeys {
        ListKeys { keys: self.database.clone() }
    }

    pub(crate) fn rotate_keys(&self) -> RotateKeys {
        let (keys, maker, ledger) = (self.database.clone(), self.keys.clone(), self.database.clone());
        RotateKeys { keys, maker, ledger, clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    pub(crate) fn revoke_key(&self) -> RevokeKey {
        let (keys, maker, ledger) = (self.database.clone(), self.keys.clone(), self.database.clone());
        RevokeKey { keys, maker, ledger, clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    pub(crate) fn forget_keys(&self) -> ForgetKeys {
        let (keys, ledger) = (self.database.clone(), self.database.clone());
        ForgetKeys { keys, ledger, clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    /// What sends the letters that wait.
    pub(crate) fn deliver(&self, mailer: Arc<dyn Mailer>) -> Deliver {
        let (deliveries, tokens) = (self.database.clone(), self.database.clone());
        Deliver { deliveries, tokens, mailer, keeper: self.keys.clone(), clock: self.clock.clone() }
    }

    /// What removes the rows that nobody needs any more.
    pub(crate) fn purge_leftovers(&self, config: &Config) -> PurgeLeftovers {
        let (retention, clock) = (self.database.clone(), self.clock.clone());
        PurgeLeftovers { retention, clock, keep_events: config.event_retention }
    }
}

/// Finds the root secret, or makes one for a new database, and opens the keys with it.
async fn open_keys(
    config: &Config,
    given: Option<Found>,
    database: &Arc<Database>,
    clock: &Arc<SystemClock>,
    entropy: &Arc<SystemEntropy>,
) -> Result<(Found, Keys), Failure> {
    let found = match root_secret::settled(config, given, &**database).await? {
        Some(found) => found,
        None => root_secret::make(config, &**database, &**entropy).await?,
    };
    let open = async |found: &Found| {
        let (store, ledger, options) = (database.clone(), database.clone(), config.tokens.clone());
        Keys::open(&found.secret, store, ledger, clock.clone(), entropy.clone(), options).await
    };
    match open(&found).await {
        Err(error @ OpenKeysError::OtherRoot { .. }) => {
            found.take_back();
            // Perhaps the root secret was changed since it was looked up.
            let again = root_secret::settled(config, root_secret::given(config)?, &**database).await?;
            let again = again.ok_or_else(|| said(error))?;
            let keys = open(&again).await.map_err(said)?;
            Ok((again, keys))
        }
        opened => Ok((found, opened.map_err(said)?)),
    }
}

/// What a new password must be.
pub(crate) fn password_policy(config: &Config) -> PasswordPolicy {
    PasswordPolicy::new(config.password_minimum, Arc::new(CommonPasswordList))
}

/// What sends letters. That their directory can be written is known before the first of them, and nothing
/// is made for it until then.
pub(crate) fn post_office(config: &Config) -> Result<PostOffice, Failure> {
    if matches!(config.mail.destination, Destination::Directory(_)) {
        DataDirectory::open(&config.data_dir)?.must_be_writable(&SystemEntropy)?;
    }
    PostOffice::open(config.mail.clone()).map_err(|error| Failure::new(format!("Mail does not work: {error}.")))
}

/// The hashing pool.
pub(crate) fn hashing(config: &Config) -> Result<Arc<Hashing>, Failure> {
    Ok(Arc::new(Hashing::start(&config.hashing).map_err(|error| Failure::new(format!("{error}.")))?))
}
