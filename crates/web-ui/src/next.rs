//! Where to go after a login.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const LONGEST: usize = 512;

/// A path on this site to go to after a login; `None` for anything that could lead elsewhere.
pub(crate) fn path_on_this_site(next: &str) -> Option<&str> {
    let rest = next.strip_prefix('/')?;
    // Browsers take `//host` and `/\host` for another site, and drop control characters before they look.
    let leads_elsewhere =
        rest.starts_with('/') || next.contains('\\') || !next.bytes().all(|byte| byte.is_ascii_graphic());
    (!leads_elsewhere && next.len() <= LONGEST).then_some(next)
}

/// The path of the login that leads on to this path.
pub(crate) fn log_in_path(next: &str) -> String {
    format!("/?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_on_this_site_are_followed() {
        for good in ["/", "/account", "/account/fields/new?a=b#c", "/a//b", "/%2F%2Fevil.example", "/@evil.example"] {
            assert_eq!(path_on_this_site(good), Some(good));
        }
        for bad in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "/a\\b",
            "\\/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " /account",
            "/a b",
            "/\u{e9}",
            &format!("/{}", "a".repeat(LONGEST)),
        ] {
            assert_eq!(path_on_this_site(bad), None, "{bad:?}");
        }
    }
}
