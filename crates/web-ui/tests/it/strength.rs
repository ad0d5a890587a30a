//! The strength meter where a password is chosen: the only script of the pages.

use std::collections::BTreeSet;

use domain::mail::letter::Template;
use poem::http::StatusCode;

use crate::browser::{EMAIL, Page, browser};
use crate::registry::Registry;

fn policy(page: &Page) -> &str {
    page.headers["content-security-policy"].to_str().expect("ASCII")
}

fn scripts(page: &Page) -> BTreeSet<String> {
    let parts = page.html.split('"').filter(|part| part.starts_with("/assets/") && part.ends_with(".js"));
    parts.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_script_runs_only_where_a_password_is_chosen() {
    let registry = Registry::default();
    let browser = browser(&registry);
    let mut with_script = vec![browser.get("/sign-up").await];
    browser.log_in_as(EMAIL).await;
    browser.post_from("/forgot", "/forgot", &[("email", EMAIL)]).await;
    let token = registry.mailed_token(Template::ResetPassword);
    with_script.push(browser.get(&format!("/mail/reset?token={token}")).await);
    with_script.push(browser.get("/account/password").await);
    let weak = [("current_password", "x"), ("password", "short")];
    with_script.push(browser.post_from("/account/password", "/account/password", &weak).await);
    for page in &with_script {
        assert!(policy(page).ends_with("; script-src 'self'"), "{}", policy(page));
        page.shows(page.status, &["data-minimum=\"8\"", "aria-live=\"polite\"", "hidden data-strength=\"password\""]);
        page.shows(page.status, &["data-level4=\"Strength: strong\"", "at least 8 characters"]);
        assert_eq!(scripts(page).len(), 3, "{:?}", scripts(page));
        assert_eq!(page.html.matches("<script").count(), 1);
    }
    for path in ["/", "/account", "/forgot", "/account/sessions", "/mail/reset?token=urm_00", "/sign-up/done"] {
        let page = browser.get(path).await;
        assert!(!policy(&page).contains("script"), "{path}: {}", policy(&page));
        assert_eq!(scripts(&page), BTreeSet::new(), "{path}");
    }
}

#[tokio::test]
async fn what_judges_passwords_is_what_was_published() {
    let browser = browser(&Registry::default());
    let page = browser.get("/sign-up").await;
    let core = include_str!("../../vendor/zxcvbn/core-4.2.0.js");
    let common = include_str!("../../vendor/zxcvbn/language-common-4.1.3.js");
    let mut found = 0;
    for path in scripts(&page) {
        let file = browser.get(&path).await;
        file.shows(StatusCode::OK, &[]);
        assert_eq!(file.headers["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(file.headers["cache-control"], "public, max-age=31536000, immutable");
        assert!(policy(&file).starts_with("default-src 'none'"));
        found += usize::from([core, common].contains(&&*file.html));
    }
    assert_eq!(found, 2);
}
