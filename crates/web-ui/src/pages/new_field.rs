//! A new land field.

use askama::Template;
use domain::access::Operation;
use domain::form::{FieldError, FormErrors};
use domain::land::add_field::AddFieldError;
use domain::land::boundary::Boundary;
use domain::land::field::FieldName;
use domain::land::field_form::{CheckedField, FieldListError};
use domain::land::geo_id::GeoId;
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::boundary_text;
use crate::flash::{Flash, Notice};
use crate::form::{Form, Post};
use crate::frame::{Frame, page, redirect};
use crate::mistakes::Mistakes;
use crate::refused::Refused;
use crate::site::Owner;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "new_field.html")]
struct NewFieldPage {
    frame: Frame,
    mistakes: Mistakes,
    entered: Entered,
}

/// Shows the form.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeFields).await?;
    Entered::default().page(visit, &owner, StatusCode::OK, Mistakes::none())
}

/// Adds the field.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeFields).await?;
    let entered = Entered::of(&post.open(&owner.binding(), &visit.site)?);
    let field = match entered.check() {
        Ok(field) => field,
        Err(errors) => {
            let mistakes = Mistakes::found(&errors, visit.texts(), &[]);
            return entered.page(visit, &owner, StatusCode::UNPROCESSABLE_ENTITY, mistakes);
        }
    };
    let refusal = match visit.site.use_cases.add_field.run(&owner.actor, field).await {
        Ok(_) => {
            visit.leave(&Flash::Notice(Notice::FieldAdded), &owner.binding())?;
            return Ok(redirect("/account"));
        }
        Err(AddFieldError::SameGeoId) => FieldListError::SameGeoId,
        Err(AddFieldError::TooMany) => FieldListError::TooMany,
        Err(AddFieldError::Denied(denied)) => return Err(denied.into()),
        Err(AddFieldError::Failed(failure)) => return Err(failure.into()),
    };
    let mut mistakes = Mistakes::none();
    mistakes.add("geo_id", &refusal, visit.texts());
    entered.page(visit, &owner, StatusCode::CONFLICT, mistakes)
}

/// What the form keeps.
#[derive(Default)]
struct Entered {
    name: String,
    geo_id: String,
    boundary: String,
}

impl Entered {
    fn of(form: &Form) -> Self {
        let text = |name| form.trimmed(name).to_owned();
        Self { name: text("name"), geo_id: text("geo_id"), boundary: text("boundary") }
    }

    /// All values are judged, also when the text of the boundary is none: one look shows every mistake.
    fn check(&self) -> Result<CheckedField, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let name = (!self.name.is_empty()).then(|| FieldName::parse(&self.name)).transpose();
        let name = errors.take("name", name);
        let geo_id = errors.take("geo_id", GeoId::parse(&self.geo_id));
        let geometry = errors.take("boundary", boundary_text::read(&self.boundary));
        let boundary = geometry.and_then(|geometry| errors.take("boundary", Boundary::new(geometry)));
        match (name, geo_id, boundary) {
            (Some(name), Some(geo_id), Some(boundary)) => Ok(CheckedField { name, geo_id, boundary }),
            _ => Err(errors.into_list()),
        }
    }

    fn page(self, visit: &Visit, owner: &Owner, status: StatusCode, mistakes: Mistakes) -> Result<Response, Refused> {
        let frame = Frame::owner(visit, owner, "new-field-title").with_mistakes(&mistakes);
        page(status, &NewFieldPage { frame, mistakes, entered: self })
    }
}
