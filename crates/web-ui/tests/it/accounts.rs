//! The account and everything that its owner does there.

use poem::http::StatusCode;

use crate::browser::{EMAIL, browser};
use crate::registry::Registry;

const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#;

fn geo_id(number: usize) -> String {
    format!("{number:064x}")
}

#[tokio::test]
async fn a_phone_number_is_saved_corrected_and_removed() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    let path = "/account/phone-number";
    browser.post_from("/account", path, &[("phone_number", "+44 20 7183 8750")]).await.leads_to("/account");
    let page = browser.get("/account").await;
    page.shows(StatusCode::OK, &["Your phone number is saved.", "role=\"status\"", "value=\"+442071838750\""]);
    for (wrong, message) in [("020 7183", "Enter a plus sign"), ("+10000000000", "There is no such phone number.")] {
        let page = browser.post_from("/account", path, &[("phone_number", wrong)]).await;
        let value = format!("value=\"{wrong}\"");
        let described = "aria-describedby=\"phone_number-mistake phone_number-hint\"";
        page.shows(StatusCode::UNPROCESSABLE_ENTITY, &[message, &value, described, "href=\"#phone_number\""]);
    }
    browser.get(path).await.leads_to("/account");
    for inputs in [&[("phone_number", "+442071838750"), ("remove", "yes")][..], &[("phone_number", "")]] {
        browser.post_from("/account", path, inputs).await.leads_to("/account");
        let page = browser.get("/account").await;
        page.shows(StatusCode::OK, &["Your phone number is removed."]);
        assert!(!page.html.contains("+442071838750"));
    }
}

#[tokio::test]
async fn discoverability_is_switched_on_and_off() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    let path = "/account/discoverable";
    browser.post_from("/account", path, &[("discoverable", "yes")]).await.leads_to("/account");
    browser.get("/account").await.shows(StatusCode::OK, &["Others can now find your fields.", " checked"]);
    browser.post_from("/account", path, &[]).await.leads_to("/account");
    let page = browser.get("/account").await;
    page.shows(StatusCode::OK, &["Others cannot find your fields."]);
    assert!(!page.html.contains(" checked"));
}

#[tokio::test]
async fn a_field_is_added_and_removed() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    browser.get("/account").await.shows(StatusCode::OK, &["You have not added any fields yet."]);
    let path = "/account/fields/new";
    let inputs = [("name", "North <b>"), ("geo_id", &*geo_id(1)), ("boundary", SQUARE)];
    browser.post_from(path, path, &inputs).await.leads_to("/account");
    let page = browser.get("/account").await;
    page.shows(StatusCode::OK, &["The field is added.", "North &#60;b&#62;", &geo_id(1), "Boundary of 4 positions"]);

    let start = page.html.find("/account/fields/0").expect("the link");
    let remove = page.html[start..].split('"').next().expect("a path").to_owned();
    browser.get(&remove).await.shows(StatusCode::OK, &["Remove this field?", "North &#60;b&#62;"]);
    browser.post_from(&remove, &remove, &[]).await.leads_to("/account");
    browser
        .get("/account")
        .await
        .shows(StatusCode::OK, &["The field is removed.", "You have not added any fields yet."]);
    browser.get(&remove).await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
    browser.post_from(path, &remove, &[]).await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
    browser.get("/account/fields/x/remove").await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
}

#[tokio::test]
async fn nobody_removes_the_field_of_another() {
    let registry = Registry::default();
    let (ada, bob) = (browser(&registry), browser(&registry));
    ada.log_in_as(EMAIL).await;
    bob.log_in_as("bob@example.org").await;
    let path = "/account/fields/new";
    ada.post_from(path, path, &[("geo_id", &geo_id(1)), ("boundary", SQUARE)]).await.leads_to("/account");
    let page = ada.get("/account").await;
    let start = page.html.find("/account/fields/0").expect("the link");
    let remove = page.html[start..].split('"').next().expect("a path");
    bob.get(remove).await.shows(StatusCode::NOT_FOUND, &[]);
    bob.post_from(path, remove, &[]).await.shows(StatusCode::NOT_FOUND, &[]);
    ada.get(remove).await.shows(StatusCode::OK, &["Field without a name"]);
}

#[tokio::test]
async fn a_field_says_all_that_is_wrong_with_it() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    let path = "/account/fields/new";
    let name = "x".repeat(101);
    let inputs = [("name", name.as_str()), ("geo_id", "0A"), ("boundary", "{\"type\": \"</textarea>")];
    let page = browser.post_from(path, path, &inputs).await;
    let messages = ["A name has at most 100", "A GeoID is 64 hex digits", "This is not JSON.", "&#60;/textarea&#62;"];
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &messages);
    let open = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#;
    for (boundary, message) in [
        ("", "Paste the boundary as GeoJSON."),
        (r#"{"type":"Point","coordinates":[0,0]}"#, "This is not a GeoJSON Polygon or MultiPolygon."),
        (open, "Each ring ends with the position that it begins with."),
    ] {
        let page = browser.post_from(path, path, &[("geo_id", &geo_id(1)), ("boundary", boundary)]).await;
        page.shows(StatusCode::UNPROCESSABLE_ENTITY, &[message, "href=\"#boundary\""]);
    }
    let inputs = [("geo_id", &*geo_id(1)), ("boundary", SQUARE)];
    browser.post_from(path, path, &inputs).await.leads_to("/account");
    let page = browser.post_from(path, path, &inputs).await;
    page.shows(StatusCode::CONFLICT, &["Another field of yours has this GeoID."]);
}

#[tokio::test]
async fn many_fields_come_in_pages() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    let path = "/account/fields/new";
    let code = browser.get(path).await.form_code();
    for number in 0..51 {
        let inputs = [("geo_id", &*geo_id(number)), ("boundary", SQUARE), ("form_code", &code)];
        browser.post(path, &inputs).await.leads_to("/account");
    }
    let page = browser.get("/account").await;
    assert_eq!(page.html.matches("class=\"geo-id\"").count(), 50);
    let start = page.html.find("/account?after=").expect("a next page");
    let next = page.html[start..].split(['"', '#']).next().expect("a path");
    let page = browser.get(next).await;
    assert_eq!(page.html.matches("class=\"geo-id\"").count(), 1);
    page.shows(StatusCode::OK, &["First fields"]);
    browser.get("/account?after=zz").await.shows(StatusCode::OK, &["More fields"]);
}

#[tokio::test]
async fn a_token_is_shown_once_replaced_and_removed() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    browser.get("/account").await.shows(StatusCode::OK, &["You have an access token.", "Replace token"]);
    let path = "/account/token/new";
    browser.get(path).await.shows(StatusCode::OK, &["Your present token stops working at once."]);
    browser.post_from(path, path, &[]).await.leads_to("/account/token");
    let page = browser.get("/account/token").await;
    page.shows(StatusCode::OK, &["shown only this once"]);
    assert!(page.secret("urt_").is_some());
    browser.get("/account/token").await.leads_to("/account");

    let path = "/account/token/remove";
    browser.post_from(path, path, &[]).await.leads_to("/account");
    let page = browser.get("/account").await;
    page.shows(StatusCode::OK, &["Your access token is removed.", "You have no access token.", "Issue a token"]);
    browser.get(path).await.leads_to("/account");
    let page = browser.get("/account/token/new").await;
    assert!(!page.html.contains("Your present token"));
}
