//! The API as one endpoint.

use std::sync::Arc;

use poem::endpoint::EndpointExt as _;
use poem::middleware::CatchPanic;
use poem::{Endpoint, Response, Route};

use crate::api::Api;
use crate::document::{operations, service};
use crate::frame::{Frame, Panicked};
use crate::options::Options;
use crate::pages;

/// The API, its document, Swagger UI and the pages about problems. Every answer has an id, and every
/// error is a problem document.
pub fn routes(api: Arc<Api>, options: Options) -> impl Endpoint<Output = Response> {
    let routes: Route = pages::routes().nest("/", service());
    let contained = routes.with(CatchPanic::new().with_handler(|_| {
        // The panic itself was reported where it happened.
        let mut response = Response::default();
        response.extensions_mut().insert(Panicked);
        response
    }));
    Frame { api, options, operations: operations(), inner: contained.map_to_response().boxed() }
}
