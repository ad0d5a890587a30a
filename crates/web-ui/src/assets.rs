//! The files that pages load: they are part of the program, and their content is part of their path.

use std::sync::LazyLock;

use poem::http::header;
use poem::web::Path;
use poem::{Response, handler};

use crate::refused::Refused;

/// The style sheet.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_bytes!("../assets/style.css")));
/// The mark of the registry, also its icon.
pub(crate) static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml", include_bytes!("../assets/mark.svg")));

/// A file that pages load.
pub(crate) struct Asset {
    name: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { name: format!("{stem}-{:016x}.{extension}", fnv1a(bytes)), content_type, bytes }
    }

    /// The path under which browsers may keep it for ever: another content has another path.
    pub(crate) fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }

    fn answer(&self, cache_control: &'static str) -> Response {
        Response::builder()
            .content_type(self.content_type)
            .header(header::CACHE_CONTROL, cache_control)
            .body(self.bytes)
    }
}

/// Shows a file.
#[handler]
pub(crate) fn show(Path(name): Path<String>) -> Result<Response, Refused> {
    let asset = [&*STYLE, &*MARK].into_iter().find(|asset| asset.name == name).ok_or(Refused::NotFound)?;
    Ok(asset.answer("public, max-age=31536000, immutable"))
}

/// Shows the icon where browsers look for it unasked.
#[handler]
pub(crate) fn show_icon() -> Response {
    MARK.answer("public, max-age=86400")
}

/// The hash FNV-1a: it only needs to change when the content does.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
