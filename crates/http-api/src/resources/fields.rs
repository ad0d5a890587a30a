//! The land fields of one's own account.

use domain::form::{FieldError, FormErrors};
use domain::ids::FieldId;
use domain::land::add_field::AddFieldError;
use domain::land::boundary::Geometry;
use domain::land::field::{Field, MAX_FIELDS};
use domain::land::field_form::{CheckedField, FieldForm, FieldListError};
use domain::land::list_fields::{ListFields, ListFieldsError};
use domain::land::remove_field::RemoveFieldError;
use domain::land::replace_field::ReplaceFieldError;
use domain::page::Listing;
use poem::Request;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::body::{Body, Strict};
use crate::caller::{Caller, Context, denied};
use crate::json::{Reader, Shape, Tree, text};
use crate::problem::{Kind, Refusal};
use crate::query::{self, PageRefusal};
use crate::resources::Part;
use crate::resources::boundary::GeoJson;

pub(crate) struct Fields;

#[OpenApi(tag = "Part::Fields")]
impl Fields {
    /// List your fields
    ///
    /// In the order in which they were added.
    #[oai(path = "/me/fields", method = "get", operation_id = "listFields")]
    async fn list(
        &self,
        caller: Caller,
        request: &Request,
        /// How many fields a page holds: 1 to 100, 50 unless you say otherwise; fewer where these have more than
        /// 20,000 positions together.
        limit: Query<Option<String>>,
        /// The `next` of the page before.
        after: Query<Option<String>>,
    ) -> poem::Result<FieldsAnswer> {
        let filter = ListFields::filter(caller.actor());
        let mut errors = FormErrors::none();
        query::check_names(request, &["limit", "after"], &mut errors);
        let (limit, after) = query::page(limit.0.as_deref(), after.0.as_deref(), Listing::Fields, &filter, &mut errors);
        query::settle(errors)?;
        match Context::of(request)?.api.list_fields.run(caller.actor(), after, limit).await {
            Ok(page) => Ok(FieldsAnswer::Ok(Json(FieldPage {
                next: page.next.map(|cursor| cursor.encode(Listing::Fields, &filter)),
                fields: page.items.into_iter().map(FieldDto::of).collect(),
            }))),
            Err(ListFieldsError::Denied(reason)) => Err(denied(reason).into()),
            Err(ListFieldsError::Page(error)) => Err(query::wrong("after", &PageRefusal(error)).into()),
            Err(ListFieldsError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Add a field
    ///
    /// A user has at most 1,000 fields, each with a GeoID of its own.
    #[oai(path = "/me/fields", method = "post", operation_id = "addField")]
    async fn add(&self, caller: Caller, request: &Request, body: Strict<FieldBody>) -> poem::Result<FieldAddedAnswer> {
        let field = body.check(FieldBody::check)?;
        match Context::of(request)?.api.add_field.run(caller.actor(), field).await {
            Ok(field) => Ok(FieldAddedAnswer::Created(Json(FieldDto::of(field)))),
            Err(error @ (AddFieldError::SameGeoId | AddFieldError::TooMany)) => {
                Err(Refusal::new(Kind::Conflict, error.to_string()).into())
            }
            Err(AddFieldError::Denied(reason)) => Err(denied(reason).into()),
            Err(AddFieldError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Replace a field
    #[oai(path = "/me/fields/:id", method = "put", operation_id = "replaceField")]
    async fn replace(
        &self,
        caller: Caller,
        request: &Request,
        /// The field's id.
        id: Path<String>,
        body: Strict<FieldBody>,
    ) -> poem::Result<FieldAnswer> {
        let (id, field) = body.check(|body| {
            let mut errors = FormErrors::none();
            let id = errors.take("id", field_id(&id.0));
            let field = body.form().check("", &mut errors);
            id.zip(field).ok_or_else(|| errors.into_list())
        })?;
        match Context::of(request)?.api.replace_field.run(caller.actor(), id, field).await {
            Ok(field) => Ok(FieldAnswer::Ok(Json(FieldDto::of(field)))),
            Err(error @ ReplaceFieldError::NotFound) => Err(Refusal::new(Kind::NotFound, error.to_string()).into()),
            Err(error @ ReplaceFieldError::SameGeoId) => Err(Refusal::new(Kind::Conflict, error.to_string()).into()),
            Err(ReplaceFieldError::Denied(reason)) => Err(denied(reason).into()),
            Err(ReplaceFieldError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Remove a field
    #[oai(path = "/me/fields/:id", method = "delete", operation_id = "removeField")]
    async fn remove(
        &self,
        caller: Caller,
        request: &Request,
        /// The field's id.
        id: Path<String>,
    ) -> poem::Result<FieldRemovedAnswer> {
        let mut errors = query::strays(request);
        let id = errors.take("id", field_id(&id.0));
        query::settle(errors)?;
        let id = id.ok_or_else(|| Refusal::internal("a field's id is neither right nor wrong"))?;
        match Context::of(request)?.api.remove_field.run(caller.actor(), id).await {
            Ok(()) => Ok(FieldRemovedAnswer::Removed),
            Err(error @ RemoveFieldError::NotFound) => Err(Refusal::new(Kind::NotFound, error.to_string()).into()),
            Err(RemoveFieldError::Denied(reason)) => Err(denied(reason).into()),
            Err(RemoveFieldError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }
}

fn field_id(text: &str) -> Result<FieldId, Shape> {
    Uuid::try_parse(text).map(FieldId::restore).map_err(|_| Shape::Not("an id"))
}

/// A land field to add or to replace another with.
#[derive(Object)]
#[oai(rename = "NewField", example, skip_serializing_if_is_none)]
pub(crate) struct FieldBody {
    /// What you call it.
    #[oai(nullable, validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// Its GeoID: 64 lower-case hex digits.
    #[oai(validator(pattern = "^[0-9a-f]{64}$"))]
    geo_id: String,
    /// Its boundary.
    boundary: GeoJson,
}

impl FieldBody {
    fn check(self) -> Result<CheckedField, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let field = self.form().check("", &mut errors);
        field.ok_or_else(|| errors.into_list())
    }

    pub(crate) fn form(self) -> FieldForm {
        FieldForm { name: self.name, geo_id: self.geo_id, boundary: self.boundary.0 }
    }

    /// Reads the list of fields of a sign-up.
    pub(crate) fn read_list(tree: &Tree, path: &str, errors: &mut FormErrors) -> Vec<Self> {
        let Tree::List(items) = tree else {
            errors.add(path, &Shape::Not("a list"));
            return Vec::new();
        };
        // Of more than there may be, no item is looked at.
        if items.len() > MAX_FIELDS as usize {
            errors.add(path, &FieldListError::TooMany);
            return Vec::new();
        }
        let mut fields = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if let Some(mut reader) = Reader::of(item, &format!("{path}[{index}]."), errors) {
                fields.push(Self::read(&mut reader));
                reader.finish();
            } else {
                // It keeps the place, so that the indexes of the others are right.
                fields.push(Self {
                    name: None,
                    geo_id: String::new(),
                    boundary: GeoJson(Geometry::Polygon(Vec::new())),
                });
            }
        }
        fields
    }
}

impl Body for FieldBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        let name = reader.nullable("name", "a text", text);
        let geo_id = reader.required("geo_id", "a text", text).unwrap_or_default();
        let boundary = reader.take("boundary");
        if boundary.is_none() {
            reader.note("boundary", Shape::Required);
        }
        let (path, errors) = reader.below("boundary");
        let nothing = Tree::Object(Vec::new());
        let boundary = match boundary {
            Some(tree) => GeoJson::read(tree, &path, errors),
            None => GeoJson::read(&nothing, &path, &mut FormErrors::none()),
        };
        Self { name, geo_id, boundary }
    }
}

impl Example for FieldBody {
    fn example() -> Self {
        Self { name: Some("North field".into()), geo_id: "0123456789abcdef".repeat(4), boundary: GeoJson::square() }
    }
}

/// A land field.
#[derive(Object)]
#[oai(rename = "Field", example, skip_serializing_if_is_none)]
pub(crate) struct FieldDto {
    /// The field's id.
    id: Uuid,
    /// What its owner calls it.
    name: Option<String>,
    /// Its GeoID.
    geo_id: String,
    /// Its boundary, as it was given.
    boundary: GeoJson,
}

impl FieldDto {
    pub(crate) fn of(field: Field) -> Self {
        Self {
            id: field.id.uuid(),
            name: field.name.as_ref().map(ToString::to_string),
            geo_id: field.geo_id.to_string(),
            boundary: GeoJson(field.boundary.into_geometry()),
        }
    }
}

impl Example for FieldDto {
    fn example() -> Self {
        let FieldBody { name, geo_id, boundary } = FieldBody::example();
        Self { id: Uuid::from_u128(0x0193_6a4e_7c5b_7a10_8a5f_3f6f_2d0c_9b1e), name, geo_id, boundary }
    }
}

/// A page of fields.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct FieldPage {
    /// The fields.
    fields: Vec<FieldDto>,
    /// What to give as `after` for the next page; absent on the last one.
    next: Option<String>,
}

#[derive(ApiResponse)]
pub(crate) enum FieldsAnswer {
    /// A page of your fields.
    #[oai(status = 200)]
    Ok(Json<FieldPage>),
}

#[derive(ApiResponse)]
pub(crate) enum FieldAddedAnswer {
    /// The field was added.
    #[oai(status = 201)]
    Created(Json<FieldDto>),
}

#[derive(ApiResponse)]
pub(crate) enum FieldAnswer {
    /// The field as it is now.
    #[oai(status = 200)]
    Ok(Json<FieldDto>),
}

#[derive(ApiResponse)]
pub(crate) enum FieldRemovedAnswer {
    /// The field was removed.
    #[oai(status = 204)]
    Removed,
}
