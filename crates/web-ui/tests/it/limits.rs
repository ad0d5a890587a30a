//! Requests that no page foresees: they get a page all the same.

use poem::http::StatusCode;

use crate::browser::browser;
use crate::registry::Registry;

#[tokio::test]
async fn a_path_that_is_no_text_is_not_found_rather_than_a_failure() {
    let browser = browser(&Registry::default());
    for path in ["/account/fields/%ff/remove", "/assets/%ff", "/account/%ff", "/sign-up/%ff"] {
        browser.get(path).await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
    }
}
