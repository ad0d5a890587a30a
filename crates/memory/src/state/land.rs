//! Land fields.

use std::collections::BTreeMap;

use domain::changes::{LandChange, UniqueKey};
use domain::ids::{FieldId, UserId};
use domain::land::field::{Field, MAX_FIELDS};
use domain::ports::ledger::Rejected;

use super::accounts::AccountRows;
use super::dangling;

#[derive(Clone, Debug, Default)]
pub(crate) struct FieldRows(BTreeMap<FieldId, Field>);

impl FieldRows {
    pub(crate) fn write(&mut self, change: LandChange, accounts: &AccountRows) -> Result<u64, Rejected> {
        match change {
            LandChange::Add(field) => self.add(field, accounts),
            LandChange::Replace(field) => self.replace(field),
            LandChange::Remove { field, user } => self.remove(field, user),
        }
    }

    /// The fields of a user, in the order of their ids.
    pub(crate) fn of(&self, user: UserId) -> impl Iterator<Item = &Field> {
        self.0.values().filter(move |field| field.user == user)
    }

    pub(crate) fn keeps_limit(&self, user: UserId) -> bool {
        u32::try_from(self.of(user).count()).is_ok_and(|count| count <= MAX_FIELDS)
    }

    fn add(&mut self, field: Field, accounts: &AccountRows) -> Result<u64, Rejected> {
        if accounts.user(field.user).is_none() {
            return Err(dangling("users"));
        }
        if self.0.contains_key(&field.id) {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        self.check_geo_id(&field)?;
        self.0.insert(field.id, field);
        Ok(1)
    }

    fn replace(&mut self, field: Field) -> Result<u64, Rejected> {
        let old = self.0.get(&field.id).filter(|old| old.user == field.user).ok_or(Rejected::Stale)?;
        let created_at = old.created_at;
        self.check_geo_id(&field)?;
        self.0.insert(field.id, Field { created_at, ..field });
        Ok(1)
    }

    fn remove(&mut self, field: FieldId, user: UserId) -> Result<u64, Rejected> {
        if self.0.get(&field).is_none_or(|row| row.user != user) {
            return Err(Rejected::Stale);
        }
        self.0.remove(&field);
        Ok(1)
    }

    fn check_geo_id(&self, field: &Field) -> Result<(), Rejected> {
        let taken = self.of(field.user).any(|other| other.id != field.id && other.geo_id == field.geo_id);
        if taken { Err(Rejected::Conflict(UniqueKey::GeoId)) } else { Ok(()) }
    }
}
