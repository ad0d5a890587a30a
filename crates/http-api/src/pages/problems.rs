//! What each problem means, from the same text as the documentation.

use poem::http::{HeaderValue, header};
use poem::web::Path;
use poem::{Response, handler};

use crate::problem::{Kind, Refusal};

/// What a page about problems may load: its own style.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) const STYLE: &str = include_str!("problems.css");

const TEXT: &str = include_str!("../../../../docs/problems.md");

/// All problems.
pub(super) fn list() -> String {
    let row = |kind: &Kind| {
        let (slug, title, status) = (kind.slug(), kind.title(), kind.status());
        format!("<li><span>{status}</span> <a href=\"/problems/{slug}\">{title}</a></li>")
    };
    let rows = Kind::ALL.iter().map(row).collect::<String>();
    page("Problems", &format!("<p>What can go wrong, as the member <code>type</code> tells.</p><ul>{rows}</ul>"))
}

/// The page about a kind of problem: what its `type` leads to.
#[handler]
pub(super) fn show(Path(slug): Path<String>) -> poem::Result<Response> {
    let kind = Kind::ALL.iter().find(|kind| kind.slug() == slug);
    let kind = kind.ok_or_else(|| Refusal::new(Kind::NotFound, "There is no such problem."))?;
    let (status, slug, section) = (kind.status(), kind.slug(), section(kind.slug()));
    let body = format!(
        "<p class=\"kind\">{status} <code>{slug}</code></p>{section}<p><a href=\"/problems\">All problems</a></p>"
    );
    let response = Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))
        .body(page(kind.title(), &body));
    Ok(response)
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} \u{b7} User registry</title>\
         <link rel=\"icon\" href=\"/favicon.ico\"><link rel=\"stylesheet\" href=\"/problems/style.css\"></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

/// What the documentation says of a problem, as HTML: its paragraphs, and what it sets in backquotes.
fn section(slug: &str) -> String {
    let start = format!("\n## {slug} (");
    let rest = TEXT.split_once(&start).map_or("", |(_, rest)| rest);
    let text = rest.split_once('\n').map_or("", |(_, text)| text);
    let text = text.split("\n## ").next().unwrap_or_default().replace('&', "&amp;").replace('<', "&lt;");
    let paragraphs = text.trim().split("\n\n").map(|paragraph| format!("<p>{}</p>", with_code(paragraph)));
    paragraphs.collect()
}

fn with_code(paragraph: &str) -> String {
    let mark = |(index, part): (usize, &str)| if index % 2 == 1 { format!("<code>{part}</code>") } else { part.into() };
    paragraph.split('`').enumerate().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_has_a_page_with_a_text_of_its_own() {
        for kind in Kind::ALL {
            let section = section(kind.slug());
            assert!(section.len() > 30 && !section.contains('`') && !section.contains("##"), "{section}");
            assert!(list().contains(&format!("\"/problems/{}\"", kind.slug())), "{}", kind.slug());
        }
        assert_eq!(with_code("a `b<` c"), "a <code>b<</code> c");
    }
}
