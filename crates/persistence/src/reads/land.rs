//! Land fields. A boundary is the text of a `GeoJSON` geometry (RFC 7946).

use async_trait::async_trait;
use domain::ids::{FieldId, UserId};
use domain::land::boundary::Boundary;
use domain::land::field::{Field, FieldName};
use domain::land::geo_id::GeoId;
use domain::land::ports::Fields;
use domain::ports::failure::PortFailure;
use sea_orm::QueryResult;

use crate::database::Database;
use crate::failure::port_failure;
use crate::geometry;
use crate::sql::{all, column, corrupt, limit};

/// The columns of a field `f`.
pub(super) const FIELD: &str = "f.id AS f_id, f.user_id AS f_user_id, f.name AS f_name, f.geo_id AS f_geo_id, \
    f.boundary AS f_boundary, f.created_at AS f_created_at, f.updated_at AS f_updated_at";

#[async_trait]
impl Fields for Database {
    async fn list(&self, user: UserId, after: Option<FieldId>, rows: usize) -> Result<Vec<Field>, PortFailure> {
        let mut values = vec![user.uuid().into(), limit(rows)];
        values.extend(after.map(|after| after.uuid().into()));
        let following = if after.is_some() { "AND f.id > $3" } else { "" };
        let sql = format!("SELECT {FIELD} FROM land_fields f WHERE f.user_id = $1 {following} ORDER BY f.id LIMIT $2");
        all(self.reader(), &sql, values).await.map_err(port_failure)?.iter().map(field).collect()
    }
}

/// The field in a row with the columns [`FIELD`].
pub(super) fn field(row: &QueryResult) -> Result<Field, PortFailure> {
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
