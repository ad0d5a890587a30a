//! The files that pages load: they are part of the program, and their content is part of their path.

use std::io::Read as _;
use std::sync::{LazyLock, OnceLock};

use bytes::Bytes;
use flate2::read::GzDecoder;
use poem::http::{HeaderMap, header};
use poem::web::Path;
use poem::{Response, handler};

use crate::refused::Refused;

/// The style sheet.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::plain("style", "css", "text/css; charset=utf-8", include_bytes!("../assets/style.css")));
/// The mark of the registry, also its icon.
pub(crate) static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::plain("mark", "svg", "image/svg+xml", include_bytes!("../assets/mark.svg")));
/// The script of the strength meter.
pub(crate) static STRENGTH: LazyLock<Asset> =
    LazyLock::new(|| Asset::plain("strength", "js", JAVASCRIPT, include_bytes!("../assets/strength.js")));
/// What judges passwords.
pub(crate) static ZXCVBN: LazyLock<Asset> = LazyLock::new(|| {
    Asset::compressed("zxcvbn", "js", JAVASCRIPT, include_bytes!(concat!(env!("OUT_DIR"), "/core-4.2.0.js.gz")))
});
/// The passwords and key boards that it knows.
pub(crate) static ZXCVBN_COMMON: LazyLock<Asset> = LazyLock::new(|| {
    let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/language-common-4.1.3.js.gz"));
    Asset::compressed("zxcvbn-common", "js", JAVASCRIPT, bytes)
});

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// A file that pages load.
pub(crate) struct Asset {
    name: String,
    content_type: &'static str,
    bytes: &'static [u8],
    is_compressed: bool,
    /// What was compressed, once a browser has asked for it that cannot read it so.
    inflated: OnceLock<Bytes>,
}

impl Asset {
    fn plain(stem: &str, extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let name = format!("{stem}-{:016x}.{extension}", fnv1a(bytes));
        Self { name, content_type, bytes, is_compressed: false, inflated: OnceLock::new() }
    }

    /// A file of which only the compressed form is kept.
    fn compressed(stem: &str, extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { is_compressed: true, ..Self::plain(stem, extension, content_type, bytes) }
    }

    /// The path under which browsers may keep it for ever: another content has another path.
    pub(crate) fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }

    fn answer(&self, headers: &HeaderMap, cache_control: &'static str) -> Response {
        let response = Response::builder().content_type(self.content_type).header(header::CACHE_CONTROL, cache_control);
        if !self.is_compressed {
            return response.body(self.bytes);
        }
        let response = response.header(header::VARY, "accept-encoding");
        if takes_gzip(headers) {
            return response.header(header::CONTENT_ENCODING, "gzip").body(self.bytes);
        }
        response.body(self.inflated.get_or_init(|| inflate(self.bytes)).clone())
    }
}

/// Shows a file.
#[handler]
pub(crate) fn show(Path(name): Path<String>, headers: &HeaderMap) -> Result<Response, Refused> {
    let all = [&*STYLE, &*MARK, &*STRENGTH, &*ZXCVBN, &*ZXCVBN_COMMON];
    let asset = all.into_iter().find(|asset| asset.name == name).ok_or(Refused::NotFound)?;
    Ok(asset.answer(headers, "public, max-age=31536000, immutable"))
}

/// Shows the icon where browsers look for it unasked.
#[handler]
pub(crate) fn show_icon(headers: &HeaderMap) -> Response {
    MARK.answer(headers, "public, max-age=86400")
}

fn inflate(bytes: &[u8]) -> Bytes {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).expect("the build has compressed it");
    plain.into()
}

/// Whether the browser reads gzip (RFC 9110, section 12.5.3); all do that are still in use.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    let is_gzip = |coding: &str| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight| weight > 0.0)
    };
    accepted.split(',').any(is_gzip)
}

/// The hash FNV-1a: it only needs to change when the content does.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_browsers_that_read_it() {
        for (accepted, takes) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=x", false),
            ("br", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().expect("ASCII"))]);
            assert_eq!(takes_gzip(&headers), takes, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
