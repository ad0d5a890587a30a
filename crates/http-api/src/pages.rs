//! Pages for developers: Swagger UI, the document, what each problem means.

use std::fmt::Write as _;

use poem::endpoint::make_sync;
use poem::http::{HeaderValue, header};
use poem::web::Path;
use poem::{IntoEndpoint, Response, Route, get, handler};

use crate::document::service;
use crate::problem::{Kind, Refusal};

/// Swagger UI with all that it needs, in files of its own, so that nothing inline needs to be trusted.
pub(crate) fn swagger(document: &str) -> Route {
    let page = service().swagger_ui_html();
    let script = between(&page, "<script charset=\"UTF-8\">", "</script>").to_owned();
    let style = between(&page, "<style charset=\"UTF-8\">", "</style>").to_owned();
    let start = format!("SwaggerUIBundle({{dom_id:'#ui',spec:{document},deepLinking:true}});");
    Route::new()
        .at("/docs", get(fixed(SWAGGER_PAGE.into(), "text/html; charset=utf-8")))
        .at("/docs/swagger-ui.js", get(fixed(script, "text/javascript; charset=utf-8")))
        .at("/docs/swagger-ui.css", get(fixed(style, "text/css; charset=utf-8")))
        .at("/docs/start.js", get(fixed(start, "text/javascript; charset=utf-8")))
        .at("/openapi.json", get(fixed(document.into(), "application/json")))
        .at("/problems/:slug", get(problem))
}

fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let from = page.find(start).map_or(page.len(), |at| at + start.len());
    let rest = &page[from..];
    &rest[..rest.find(end).unwrap_or(rest.len())]
}

fn fixed(body: String, content_type: &'static str) -> impl IntoEndpoint {
    let body = bytes::Bytes::from(body);
    make_sync(move |_| {
        Response::builder()
            .content_type(content_type)
            .header(header::CACHE_CONTROL, "public, max-age=3600")
            .header(header::CONTENT_SECURITY_POLICY, SWAGGER_POLICY)
            .body(body.clone())
    })
}

/// A page about a kind of problem.
#[handler]
fn problem(Path(slug): Path<String>) -> poem::Result<Response> {
    let kind = Kind::ALL.iter().find(|kind| kind.slug() == slug);
    let kind = kind.ok_or_else(|| Refusal::new(Kind::NotFound, "There is no such problem."))?;
    let section = section(kind.slug());
    let mut page = String::new();
    // Writing to a string cannot fail. The section is our own text and holds no markup.
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><main><h1>{title}</h1><p>Status {status}.</p><p>{section}</p></main></body></html>",
        title = kind.title(),
        status = kind.status(),
    );
    let response = Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'")
        .header(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))
        .body(page);
    Ok(response)
}

/// What the documentation says of a problem.
fn section(slug: &str) -> String {
    let start = format!("\n## {slug} (");
    let rest = PROBLEMS.split_once(&start).map_or("", |(_, rest)| rest);
    let text = rest.split_once('\n').map_or("", |(_, text)| text);
    text.split("\n## ").next().unwrap_or_default().replace('&', "&amp;").replace('<', "&lt;").replace("\n\n", "</p><p>")
}

const PROBLEMS: &str = include_str!("../../../docs/problems.md");

const SWAGGER_PAGE: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>User registry: API</title>\
    <link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\"></head><body><div id=\"ui\"></div>\
    <script src=\"/docs/swagger-ui.js\"></script><script src=\"/docs/start.js\"></script></body></html>";

/// Swagger UI sets styles on its elements; all else comes from here or is an image in a style.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
