//! What must hold whatever a browser sends. Only tests and `cargo fuzz` compile this.

use domain::land::boundary::{Geometry, Position, Rings};
use form_urlencoded::Serializer;
use percent_encoding::percent_decode_str;
use poem::http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use crate::boundary_text;
use crate::cookies::Cookie;
use crate::form;
use crate::next::{log_in_path, path_on_this_site};
use crate::options::Options;
use crate::texts::Texts;

/// A form is read as it would be written, and has no input twice.
pub fn html_form(data: &[u8]) {
    let Ok(inputs) = form::parse(data).map(form::Post::inputs) else { return };
    assert!(inputs.len() <= data.len() + 1);
    let mut serializer = Serializer::new(String::new());
    serializer.extend_pairs(&inputs);
    let again = form::parse(serializer.finish().as_bytes()).map(form::Post::inputs);
    assert_eq!(again.ok(), Some(inputs));
}

/// A value that is set reads back, and is nothing but a value; and any header can be read.
pub fn cookies(data: &[u8]) {
    let value = String::from_utf8_lossy(data);
    for url in ["https://registry.example", "http://127.0.0.1:8080"] {
        let options = Options::new(url, 8080, false).expect("the place of some pages");
        let set = Cookie::Session.set(&value, Some(60), &options);
        let set = set.to_str().expect("a cookie is plain ASCII");
        assert_eq!(set.matches(';').count(), if options.is_https() { 5 } else { 4 }, "{set}");
        let (pair, _) = set.split_once(';').expect("a cookie has attributes");
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(pair).expect("a pair is plain ASCII"));
        assert_eq!(Cookie::Session.read(&headers, &options).unwrap_or_default(), value);
        if let Ok(line) = HeaderValue::from_bytes(data) {
            let headers = HeaderMap::from_iter([(header::COOKIE, line)]);
            for cookie in [Cookie::Session, Cookie::Visitor, Cookie::Flash, Cookie::Device] {
                assert_ne!(cookie.read(&headers, &options).as_deref(), Some(""));
            }
        }
    }
}

/// No path to go on to leads off the site, as `stays_on_site` says that a browser sees it; and no other origin, as
/// `origin_of` says that a browser writes it, is taken for that of the pages.
pub fn next(data: &[u8], stays_on_site: fn(&str) -> bool, origin_of: fn(&str) -> Option<String>) {
    let text = String::from_utf8_lossy(data);
    if let Some(path) = path_on_this_site(&text) {
        assert!(path.len() <= 512 && path.bytes().all(|byte| byte.is_ascii_graphic()), "{path:?}");
        assert!(stays_on_site(path), "{path:?} leads elsewhere");
    }
    let log_in = log_in_path(&text);
    let carried = log_in.strip_prefix("/?next=").expect("the path of the login");
    assert!(stays_on_site(&log_in) && carried.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'));
    assert_eq!(percent_decode_str(carried).decode_utf8_lossy(), text);
    let options = Options::new("https://registry.example", 8080, false).expect("the place of some pages");
    if options.is_own_origin(&text) {
        let hosts = ["https://registry.example", "http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"];
        let origin = origin_of(&text);
        assert!(origin.is_some_and(|origin| hosts.contains(&origin.as_str())), "{text:?} is another origin");
    }
}

/// A geometry that is read can be written and read again.
pub fn boundary_text(data: &[u8]) {
    let Ok(geometry) = boundary_text::read(&String::from_utf8_lossy(data)) else { return };
    let (kind, coordinates) = match &geometry {
        Geometry::Polygon(rings) => ("Polygon", written(rings)),
        Geometry::MultiPolygon(polygons) => ("MultiPolygon", polygons.iter().map(written).collect()),
    };
    let text = json!({ "type": kind, "coordinates": coordinates }).to_string();
    assert_eq!(boundary_text::read(&text), Ok(geometry), "{text}");
}

fn written(rings: &Rings) -> Value {
    let numbers = |at: &Position| [Some(at.longitude), Some(at.latitude), at.altitude].into_iter().flatten().collect();
    rings.iter().map(|ring| Value::Array(ring.iter().map(numbers).collect())).collect()
}

/// Every reader gets a language that is there.
pub fn languages(data: &[u8]) {
    let texts = Texts::for_reader(Some(&String::from_utf8_lossy(data)));
    assert!(Texts::all().contains(&texts), "{texts:?}");
}

#[cfg(test)]
mod tests {
    use fuzz::{short_form, text};

    #[test]
    fn every_property_holds_for_the_seeds_and_what_is_near_them() {
        short_form::run("html_form", super::html_form);
        short_form::run("cookies", super::cookies);
        short_form::run("next", |data| super::next(data, text::stays_on_site, text::origin_of));
        short_form::run("boundary_text", super::boundary_text);
        short_form::run("languages", super::languages);
    }
}
