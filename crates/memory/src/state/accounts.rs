//! Users, their addresses and their secrets.

use std::collections::BTreeMap;

use domain::accounts::email::{EmailAddress, EmailKey};
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::user::{Account, User};
use domain::accounts::user_token::HeldUserToken;
use domain::changes::UniqueKey;
use domain::changes::account::AccountChange;
use domain::ids::UserId;
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Rejected;
use domain::ports::secrets::SecretDigest;

use super::oldest;

#[derive(Clone, Debug)]
struct UserRow {
    user: User,
    password: Option<PasswordHash>,
    user_token: Option<SecretDigest>,
}

#[derive(Clone, Debug)]
struct AddressRow {
    user: UserId,
    /// Until when nobody else may take it, if its user has left it.
    left_until: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct AccountRows {
    users: BTreeMap<UserId, UserRow>,
    addresses: BTreeMap<EmailKey, AddressRow>,
}

impl AccountRows {
    pub(crate) fn write(&mut self, change: AccountChange) -> Result<u64, Rejected> {
        match change {
            AccountChange::Add { user, password, user_token } => self.add(*user, password, user_token),
            AccountChange::SetPhone { user, version, phone_number, at } => {
                self.edit(user, version, at, |row| row.user.phone_number = phone_number)
            }
            AccountChange::SetDiscoverable { user, version, discoverable, at } => {
                self.edit(user, version, at, |row| row.user.discoverable = discoverable)
            }
            AccountChange::SetLocale { user, version, locale, at } => {
                self.edit(user, version, at, |row| row.user.locale = locale)
            }
            AccountChange::SetState { user, version, state, at } => {
                self.edit(user, version, at, |row| row.user.state = state)
            }
            AccountChange::SetUserToken { user, version, digest, expires_at, at } => {
                if digest.as_ref().is_some_and(|digest| self.digest_of_another(user, digest)) {
                    return Err(Rejected::Conflict(UniqueKey::Random));
                }
                self.edit(user, version, at, |row| {
                    row.user.user_token = digest.as_ref().map(|_| HeldUserToken { expires_at, last_used_at: None });
                    row.user_token = digest;
                })
            }
            AccountChange::SetPassword { user, version, password, at } => self.edit(user, version, at, |row| {
                row.password = Some(password);
                row.user_token = None;
                row.user.user_token = None;
            }),
            AccountChange::VerifyAddress { user, version, address, at } => {
                if !self.is_primary(&address, user) {
                    return Err(Rejected::Stale);
                }
                self.edit(user, version, at, |row| {
                    row.user.email_verified_at = row.user.email_verified_at.or(Some(at));
                })
            }
            AccountChange::SetAddress { user, version, from, to, reserved_until, at } => {
                self.set_address(user, version, (&from, to), reserved_until, at)
            }
            AccountChange::RemoveSecrets { user, version, at } => self.edit(user, version, at, |row| {
                (row.password, row.user_token) = (None, None);
                row.user.user_token = None;
            }),
            AccountChange::Rehash { user, from, to } => Ok(self.rehash(user, &from, to)),
        }
    }

    pub(crate) fn user(&self, id: UserId) -> Option<User> {
        self.users.get(&id).map(|row| row.user.clone())
    }

    pub(crate) fn account(&self, id: UserId) -> Option<Account> {
        self.users.get(&id).map(|row| Account { user: row.user.clone(), password: row.password.clone() })
    }

    pub(crate) fn by_email(&self, key: &EmailKey) -> Option<Account> {
        let primary = self.addresses.get(key).filter(|row| row.left_until.is_none());
        primary.and_then(|row| self.account(row.user))
    }

    pub(crate) fn by_user_token(&self, digest: &SecretDigest) -> Option<User> {
        let row = self.users.values().find(|row| row.user_token.as_ref() == Some(digest));
        row.map(|row| row.user.clone())
    }

    pub(crate) fn user_token(&self, id: UserId) -> Option<SecretDigest> {
        self.users.get(&id).and_then(|row| row.user_token.clone())
    }

    pub(crate) fn note_use(&mut self, digest: &SecretDigest, at: Timestamp) {
        let row = self.users.values_mut().find(|row| row.user_token.as_ref() == Some(digest));
        if let Some(held) = row.and_then(|row| row.user.user_token.as_mut()) {
            held.last_used_at = held.last_used_at.max(Some(at));
        }
    }

    /// Every user, in the order of their ids.
    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values().map(|row| &row.user)
    }

    fn add(
        &mut self,
        mut user: User,
        password: PasswordHash,
        user_token: Option<SecretDigest>,
    ) -> Result<u64, Rejected> {
        let key = user.email.key();
        if !self.may_take(key, user.id, user.created_at) {
            return Err(Rejected::Conflict(UniqueKey::Address));
        }
        let known = user_token.as_ref().is_some_and(|digest| self.digest_of_another(user.id, digest));
        if self.users.contains_key(&user.id) || known {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        user.user_token = user_token.as_ref().map(|_| HeldUserToken::default());
        self.addresses.insert(key.clone(), AddressRow { user: user.id, left_until: None });
        self.users.insert(user.id, UserRow { user, password: Some(password), user_token });
        Ok(1)
    }

    fn edit(
        &mut self,
        user: UserId,
        version: i64,
        at: Timestamp,
        edit: impl FnOnce(&mut UserRow),
    ) -> Result<u64, Rejected> {
        let row = self.users.get_mut(&user).filter(|row| row.user.version == version).ok_or(Rejected::Stale)?;
        edit(row);
        row.user.version += 1;
        row.user.updated_at = at;
        Ok(1)
    }

    pub(crate) fn purge_addresses(&mut self, before: Timestamp, most: usize) -> usize {
        let old = oldest(self.addresses.iter().map(|(key, row)| (row.left_until, key.clone())), before, most);
        old.iter().filter(|key| self.addresses.remove(key).is_some()).count()
    }

    fn set_address(
        &mut self,
        user: UserId,
        version: i64,
        (from, to): (&EmailKey, EmailAddress),
        reserved_until: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<u64, Rejected> {
        if self.users.get(&user).is_none_or(|row| row.user.version != version) || !self.is_primary(from, user) {
            return Err(Rejected::Stale);
        }
        if from != to.key() {
            if !self.may_take(to.key(), user, at) {
                return Err(Rejected::Conflict(UniqueKey::Address));
            }
            self.addresses.remove(from);
            if reserved_until.is_some() {
                self.addresses.insert(from.clone(), AddressRow { user, left_until: reserved_until });
            }
            self.addresses.insert(to.key().clone(), AddressRow { user, left_until: None });
        }
        self.edit(user, version, at, |row| {
            row.user.email = to;
            row.user.email_verified_at = Some(at);
        })
    }

    fn is_primary(&self, address: &EmailKey, user: UserId) -> bool {
        self.addresses.get(address).is_some_and(|row| row.user == user && row.left_until.is_none())
    }

    /// Whether the address is nobody's, or was left and is the user's own or not reserved any more.
    fn may_take(&self, address: &EmailKey, user: UserId, now: Timestamp) -> bool {
        self.addresses
            .get(address)
            .is_none_or(|row| row.left_until.is_some_and(|until| row.user == user || until <= now))
    }

    fn rehash(&mut self, user: UserId, from: &PasswordHash, to: PasswordHash) -> u64 {
        let Some(row) = self.users.get_mut(&user).filter(|row| row.password.as_ref() == Some(from)) else { return 0 };
        row.password = Some(to);
        1
    }

    fn digest_of_another(&self, user: UserId, digest: &SecretDigest) -> bool {
        self.users.values().any(|row| row.user.id != user && row.user_token.as_ref() == Some(digest))
    }
}
