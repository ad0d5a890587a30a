//! Which requests are for people and which for programs.

use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, Request, Response};

/// The pages beside the API.
pub(crate) struct Dispatch {
    pub(crate) pages: BoxEndpoint<'static, Response>,
    pub(crate) api: BoxEndpoint<'static, Response>,
}

impl Endpoint for Dispatch {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let endpoint = if web_ui::owns(request.uri().path()) { &self.pages } else { &self.api };
        endpoint.call(request).await
    }
}
