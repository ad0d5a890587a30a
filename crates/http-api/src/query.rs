//! Parameters of the query and the path.

use domain::form::{FieldError, FormErrors};
use domain::page::{Cursor, Listing, PageError, PageLimit};
use poem::Request;

use crate::json::{Shape, shown};
use crate::problem::Refusal;

/// Notes parameters of the query that are unknown or given twice.
pub(crate) fn check_names(request: &Request, known: &[&str], errors: &mut FormErrors) {
    let query = request.uri().query().unwrap_or_default();
    let mut seen = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let name = part.split('=').next().unwrap_or_default();
        if !known.contains(&name) {
            errors.add(shown(name), &Shape::Unknown);
        } else if seen.contains(&name) {
            errors.add(name, &Shape::Duplicate);
        }
        seen.push(name);
    }
}

/// The parameters of the query of an operation that has none.
pub(crate) fn strays(request: &Request) -> FormErrors {
    let mut errors = FormErrors::none();
    check_names(request, &[], &mut errors);
    errors
}

/// Refuses every parameter of the query, for an operation that has none.
pub(crate) fn none(request: &Request) -> Result<(), Refusal> {
    settle(strays(request))
}

/// A parameter that is `true` or `false`; `false` unless it is given.
pub(crate) fn flag(name: &str, value: Option<&str>, errors: &mut FormErrors) -> bool {
    if value.is_some_and(|value| !matches!(value, "true" | "false")) {
        errors.add(name, &Shape::Not("true or false"));
    }
    value == Some("true")
}

/// Which page a query asks for.
pub(crate) fn page(
    limit: Option<&str>,
    after: Option<&str>,
    listing: Listing,
    filter: &str,
    errors: &mut FormErrors,
) -> (PageLimit, Option<Cursor>) {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let limit = limit.map_or(Ok(PageLimit::USUAL), |text| digits(text).map_or(Err(PageError::Limit), PageLimit::parse));
    let limit = limit.map_err(|error| note(errors, "limit", error)).unwrap_or(PageLimit::USUAL);
    let after = after.map(|text| Cursor::decode(text, listing, filter)).transpose();
    let after = after.map_err(|error| note(errors, "after", error)).unwrap_or_default();
    (limit, after)
}

/// What is wrong with one parameter.
pub(crate) fn wrong(field: &str, error: &dyn domain::form::Refusal) -> Refusal {
    let (code, message) = (error.code(), error.to_string());
    Refusal::invalid(vec![FieldError { field: field.into(), code, message }])
}

/// Refuses when something was noted.
pub(crate) fn settle(errors: FormErrors) -> Result<(), Refusal> {
    let errors = errors.into_list();
    if errors.is_empty() { Ok(()) } else { Err(Refusal::invalid(errors)) }
}

fn note(errors: &mut FormErrors, field: &str, error: PageError) {
    errors.add(field, &PageRefusal(error));
}

/// A wrong page, as a form tells it.
pub(crate) struct PageRefusal(pub(crate) PageError);

impl std::fmt::Display for PageRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl domain::form::Refusal for PageRefusal {
    fn code(&self) -> &'static str {
        self.0.code()
    }
}
