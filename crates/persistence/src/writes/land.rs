//! Writes to land fields.

use domain::changes::LandChange;
use domain::land::field::{Field, FieldName};
use sea_orm::DbErr;

use crate::failure::Unwritten;
use crate::geometry;
use crate::sql::{execute, statements};
use crate::transaction::Transaction;
use crate::writes::touched;

statements! {
    ADD = "INSERT INTO land_fields (id, user_id, name, geo_id, boundary, created_at, updated_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7)";
    REPLACE = "UPDATE land_fields SET name = $3, geo_id = $4, boundary = $5, updated_at = $6 \
               WHERE id = $1 AND user_id = $2";
    REMOVE = "DELETE FROM land_fields WHERE id = $1 AND user_id = $2";
}

pub(super) async fn write(transaction: &Transaction, change: &LandChange) -> Result<u64, Unwritten> {
    match change {
        LandChange::Add(field) => Ok(add(transaction, field).await?),
        LandChange::Replace(field) => touched(replace(transaction, field).await?),
        LandChange::Remove { field, user } => {
            touched(execute(transaction, REMOVE, [field.uuid().into(), user.uuid().into()]).await?)
        }
    }
}

async fn add(transaction: &Transaction, field: &Field) -> Result<u64, DbErr> {
    let values = [
        field.id.uuid().into(),
        field.user.uuid().into(),
        field.name.as_ref().map(FieldName::to_string).into(),
        field.geo_id.as_str().into(),
        geometry::write(field.boundary.geometry()).into(),
        field.created_at.into(),
        field.updated_at.into(),
    ];
    execute(transaction, ADD, values).await
}

async fn replace(transaction: &Transaction, field: &Field) -> Result<u64, DbErr> {
    let values = [
        field.id.uuid().into(),
        field.user.uuid().into(),
        field.name.as_ref().map(FieldName::to_string).into(),
        field.geo_id.as_str().into(),
        geometry::write(field.boundary.geometry()).into(),
        field.updated_at.into(),
    ];
    execute(transaction, REPLACE, values).await
}
