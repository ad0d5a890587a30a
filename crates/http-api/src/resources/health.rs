//! Whether the service is well.

use poem::Request;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::caller::Context;
use crate::problem::Refusal;
use crate::query;
use crate::resources::Part;

pub(crate) struct Health;

#[OpenApi(tag = "Part::Health")]
impl Health {
    /// Is the process alive?
    #[oai(path = "/health/live", method = "get", operation_id = "getLiveness")]
    async fn live(&self, request: &Request) -> poem::Result<HealthAnswer> {
        query::none(request)?;
        Ok(HealthAnswer::Ok(Json(Status { status: "live".into() })))
    }

    /// Can requests be answered?
    ///
    /// Asks the database, too.
    #[oai(path = "/health/ready", method = "get", operation_id = "getReadiness")]
    async fn ready(&self, request: &Request) -> poem::Result<HealthAnswer> {
        query::none(request)?;
        match Context::of(request)?.api.readiness.check().await {
            Ok(()) => Ok(HealthAnswer::Ok(Json(Status { status: "ready".into() }))),
            Err(failure) => Err(Refusal::failed(&failure).into()),
        }
    }
}

/// How it is.
#[derive(Object)]
pub(crate) struct Status {
    /// `live` or `ready`.
    status: String,
}

#[derive(ApiResponse)]
pub(crate) enum HealthAnswer {
    /// All is well.
    #[oai(status = 200)]
    Ok(Json<Status>),
}
