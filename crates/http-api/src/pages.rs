//! Pages for developers: Swagger UI, the document, what each problem means.

mod problems;

use poem::{Endpoint, Route, RouteMethod, get};

use crate::document::{document, service};
use crate::prepared::Prepared;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The pages, and what they load. Swagger UI has all that it needs in files of its own, so that nothing
/// inline needs to be trusted.
pub(crate) fn routes() -> Route {
    let start = || format!("SwaggerUIBundle({{dom_id:'#ui',spec:{},deepLinking:true}});", document());
    let script = || between(&service().swagger_ui_html(), "<script charset=\"UTF-8\">", "</script>");
    let style = || between(&service().swagger_ui_html(), "<style charset=\"UTF-8\">", "</style>");
    Route::new()
        .at("/docs", swagger(HTML, || SWAGGER_PAGE.into()))
        .at("/docs/swagger-ui.js", swagger(SCRIPT, script))
        .at("/docs/swagger-ui.css", swagger(CSS, style))
        .at("/docs/start.js", swagger(SCRIPT, start))
        .at("/openapi.json", get(Prepared::new("application/json", NOTHING, document)))
        .at("/problems", page(problems::list))
        .at("/problems/style.css", get(Prepared::new(CSS, NOTHING, || problems::STYLE.into())))
        .at("/problems/:slug", get(problems::show))
}

/// The routes without a parameter.
const ROUTES: [&str; 7] = [
    "/docs",
    "/docs/swagger-ui.js",
    "/docs/swagger-ui.css",
    "/docs/start.js",
    "/openapi.json",
    "/problems",
    "/problems/style.css",
];

/// Whether a path is one of these pages, or would be one.
pub(crate) fn owns(path: &str) -> bool {
    let below = |parent: &str| path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path == "/openapi.json" || below("/docs") || below("/problems")
}

/// What the log says of the path of a page: never what a caller made up.
pub(crate) fn pattern(path: &str) -> Option<&'static str> {
    let known = ROUTES.into_iter().find(|route| *route == path);
    let is_problem = || path.strip_prefix("/problems/").is_some_and(|slug| !slug.is_empty() && !slug.contains('/'));
    known.or_else(|| is_problem().then_some("/problems/{slug}"))
}

fn swagger(content_type: &'static str, make: impl Fn() -> String + Send + Sync + 'static) -> RouteMethod {
    get(Prepared::new(content_type, SWAGGER_POLICY, make))
}

fn page(make: impl Fn() -> String + Send + Sync + 'static) -> impl Endpoint {
    get(Prepared::new(HTML, problems::POLICY, make))
}

fn between(page: &str, start: &str, end: &str) -> String {
    let from = page.find(start).map_or(page.len(), |at| at + start.len());
    let rest = &page[from..];
    rest[..rest.find(end).unwrap_or(rest.len())].to_owned()
}

const SWAGGER_PAGE: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>User registry: API</title>\
    <link rel=\"icon\" href=\"/favicon.ico\"><link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\"></head>\
    <body><div id=\"ui\"></div><script src=\"/docs/swagger-ui.js\"></script><script src=\"/docs/start.js\"></script>\
    </body></html>";

/// Swagger UI sets styles on its elements, and draws images that its style holds; all else comes from here.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For what is read by programs, or loaded by a page.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use poem::Request;
    use poem::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn the_log_names_routes_and_nothing_that_a_caller_made_up() {
        let routes = routes();
        let problem = ("/problems/too-many-requests", "/problems/{slug}");
        for (path, pattern) in ROUTES.map(|route| (route, route)).into_iter().chain([problem]) {
            let request = Request::builder().uri(path.parse().expect("a path")).finish();
            assert_eq!(routes.get_response(request).await.status(), StatusCode::OK, "{path}");
            assert_eq!(super::pattern(path), Some(pattern));
        }
        for path in ["/docs/canary", "/docs/", "/problems/", "/problems/canary/more", "/openapi.json/canary", "/canary"]
        {
            assert_eq!(super::pattern(path), None, "{path}");
        }
        assert_eq!(super::pattern("/problems/canary"), Some("/problems/{slug}"));
    }
}
