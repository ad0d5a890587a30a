//! Land fields. A boundary is the text of a `GeoJSON` geometry (RFC 7946).

use async_trait::async_trait;
use domain::ids::{FieldId, UserId};
use domain::land::boundary::Boundary;
use domain::land::field::{Field, FieldName, shown_at_a_time};
use domain::land::geo_id::GeoId;
use domain::land::ports::Fields;
use domain::ports::failure::PortFailure;
use sea_orm::QueryResult;
use uuid::Uuid;

use crate::database::Database;
use crate::failure::port_failure;
use crate::geometry;
use crate::reads::columns::field_columns;
use crate::sql::{all, column, corrupt, limit, statements};

statements! {
    LIST = concat!(
        "SELECT ", field_columns!(), " FROM land_fields f WHERE f.user_id = $1 AND f.id > $2 ORDER BY f.id LIMIT $3"
    );
}

#[async_trait]
impl Fields for Database {
    async fn list(&self, user: UserId, after: Option<FieldId>, rows: usize) -> Result<Vec<Field>, PortFailure> {
        let mut fields = Vec::new();
        while fields.len() < rows {
            // Every id follows the one of zeros.
            let after = last(&fields).or(after).map_or(Uuid::nil(), |after| after.uuid());
            let step = STEP.min(rows - fields.len());
            let values = [user.uuid().into(), after.into(), limit(step)];
            let found = all(self.reader(), LIST, values).await.map_err(port_failure)?;
            add(&mut fields, &found)?;
            if found.len() < step || is_enough(&fields) {
                break;
            }
        }
        Ok(fields)
    }
}

/// How many rows are asked for at a time: boundaries of a few MiB, at most.
pub(super) const STEP: usize = 32;

/// Reads the fields in rows, as long as there is use for them.
pub(super) fn add(fields: &mut Vec<Field>, rows: &[QueryResult]) -> Result<(), PortFailure> {
    for row in rows {
        if is_enough(fields) {
            break;
        }
        fields.push(field(row)?);
    }
    Ok(())
}

/// Whether there are more than are shown at a time.
pub(super) fn is_enough(fields: &[Field]) -> bool {
    shown_at_a_time(fields, usize::MAX) < fields.len()
}

pub(super) fn last(fields: &[Field]) -> Option<FieldId> {
    fields.last().map(|field| field.id)
}

/// The field in a row with the columns of [`field_columns`].
fn field(row: &QueryResult) -> Result<Field, PortFailure> {
    let id = FieldId::restore(column(row, "f_id")?);
    let wrong = |name| corrupt("land_fields", name, id);
    let name = column::<Option<String>>(row, "f_name")?
        .map(|name| FieldName::parse(&name))
        .transpose()
        .map_err(|_| wrong("name"))?;
    let boundary = geometry::read(&column::<String>(row, "f_boundary")?).map(Boundary::restore);
    Ok(Field {
        id,
        user: UserId::restore(column(row, "f_user_id")?),
        name,
        geo_id: GeoId::parse(&column::<String>(row, "f_geo_id")?).map_err(|_| wrong("geo_id"))?,
        boundary: boundary.and_then(Result::ok).ok_or_else(|| wrong("boundary"))?,
        created_at: column(row, "f_created_at")?,
        updated_at: column(row, "f_updated_at")?,
    })
}
