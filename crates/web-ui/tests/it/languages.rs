//! The language of the reader.

use poem::Endpoint;
use poem::http::{Method, StatusCode};

use crate::browser::{Browser, EMAIL, PASSWORD, Page, browser, encode};
use crate::registry::Registry;

const SPANISH: (&str, &str) = ("accept-language", "es-MX,es;q=0.9,en;q=0.5");
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn get<E: Endpoint>(browser: &Browser<E>, path: &str) -> Page {
    browser.send(Method::GET, path, &[SPANISH], None).await
}

async fn post<E: Endpoint>(browser: &Browser<E>, from: &str, path: &str, inputs: &[(&str, &str)]) -> Page {
    let code = get(browser, from).await.form_code();
    let body = encode(&[inputs, &[("form_code", &code)]].concat());
    browser.send(Method::POST, path, &[SPANISH, OWN], Some(body)).await
}

#[tokio::test]
async fn who_reads_spanish_gets_spanish() {
    let browser = browser(&Registry::default());
    let page = get(&browser, "/").await;
    page.shows(StatusCode::OK, &["<html lang=\"es\">", ">Iniciar sesión</h1>", "¿Olvidó su contraseña?"]);
    let page = post(&browser, "/sign-up", "/sign-up", &[("email", "ada"), ("password", "short")]).await;
    let parts = ["<title>Error: ", "nombre@example.org", "Una contraseña tiene al menos 8 caracteres."];
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &parts);
    post(&browser, "/forgot", "/forgot", &[("email", EMAIL)]).await.leads_to("/mail/sent");
    get(&browser, "/mail/sent").await.shows(StatusCode::OK, &[">Revise su correo</h1>"]);
    get(&browser, "/mail/verify?token=urm_00").await.shows(StatusCode::UNPROCESSABLE_ENTITY, &["no es válido"]);
    get(&browser, "/account/none").await.shows(StatusCode::NOT_FOUND, &["Página no encontrada"]);
    browser.log_in_as(EMAIL).await;
    post(&browser, "/account", "/account/phone-number", &[("phone_number", "+14155552671")]).await.leads_to("/account");
    get(&browser, "/account").await.shows(StatusCode::OK, &["Su número de teléfono se ha guardado.", "No verificada"]);
    get(&browser, "/account/sessions").await.shows(StatusCode::OK, &["Navegador", "Última vez:"]);
    let inputs = [("current_password", PASSWORD), ("password", "password1")];
    let page = post(&browser, "/account/password", "/account/password", &inputs).await;
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &["una de las más comunes"]);
}

#[tokio::test]
async fn who_likes_another_language_better_gets_that_or_english() {
    let browser = browser(&Registry::default());
    for (liked, language) in [
        ("es", "es"),
        ("es-419", "es"),
        ("de, es;q=0.8, en;q=0.7", "es"),
        ("en-GB, es;q=0.9", "en"),
        ("es;q=0, en", "en"),
        ("de", "en"),
        ("eszz!", "en"),
    ] {
        let page = browser.send(Method::GET, "/", &[("accept-language", liked)], None).await;
        page.shows(StatusCode::OK, &[&format!("<html lang=\"{language}\">")]);
    }
}

/// Every page for somebody who is signed in, and its heading in Spanish.
const OWNERS: [(&str, &str); 8] = [
    ("/account", "Su cuenta"),
    ("/account/password", "Cambie su contraseña"),
    ("/account/email", "Cambie su dirección de correo"),
    ("/account/activity", "Actividad reciente"),
    ("/account/sessions", "Sus sesiones"),
    ("/account/sessions/end-all", "¿Cerrar sesión en todas partes?"),
    ("/account/fields/new", "Añadir una parcela"),
    ("/account/token/new", "¿Emitir un nuevo token de acceso?"),
];
const ENGLISH: (&str, &str) = ("accept-language", "en-GB,en;q=0.9");

async fn say<E: Endpoint>(browser: &Browser<E>, locale: &str) {
    browser.post_from("/account", "/account/language", &[("locale", locale)]).await.leads_to("/account");
}

#[tokio::test]
async fn who_has_named_a_language_reads_it_whatever_the_browser_asks_for() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    let page = browser.get("/account").await;
    page.shows(StatusCode::OK, &["<html lang=\"en\">", ">As my browser asks</option>", "lang=\"es\">Español</option>"]);
    assert!(!page.html.contains(" selected"), "{}", page.html);
    say(&browser, "es").await;
    let english = async |path: &str| browser.send(Method::GET, path, &[ENGLISH], None).await;
    let saved = "<option value=\"es\" lang=\"es\" selected>Español</option>";
    english("/account").await.shows(StatusCode::OK, &["Su idioma se ha guardado.", saved]);
    for (path, heading) in OWNERS {
        english(path).await.shows(StatusCode::OK, &["<html lang=\"es\">", heading]);
    }
    english("/account/activity").await.shows(StatusCode::OK, &["Se cambió el idioma"]);
    let none = "/account/fields/00000000-0000-0000-0000-000000000000/remove";
    english(none).await.shows(StatusCode::NOT_FOUND, &["<html lang=\"es\">", "Página no encontrada"]);
    english("/account/none").await.shows(StatusCode::NOT_FOUND, &["<html lang=\"es\">", "Página no encontrada"]);
    let foreign = browser.send(Method::POST, "/account/language", &[ENGLISH], Some(String::new())).await;
    foreign.shows(StatusCode::FORBIDDEN, &["<html lang=\"es\">"]);
    let wrong = browser.post_from("/account", "/account/phone-number", &[("phone_number", "1")]).await;
    wrong.shows(StatusCode::UNPROCESSABLE_ENTITY, &["<title>Error: ", "Introduzca un signo más"]);
    let unsigned = browser.post("/account/language", &[("locale", "en")]).await;
    unsigned.shows(StatusCode::FORBIDDEN, &["<html lang=\"es\">"]);

    say(&browser, "").await;
    english("/account").await.shows(StatusCode::OK, &["<html lang=\"en\">", "Your language is saved."]);
    get(&browser, "/account").await.shows(StatusCode::OK, &["<html lang=\"es\">"]);
}

#[tokio::test]
async fn who_is_not_signed_in_reads_what_the_browser_asks_for() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    say(&browser, "es").await;
    browser.post_from("/account", "/account/log-out", &[]).await.leads_to("/");
    browser.get("/").await.shows(StatusCode::OK, &["<html lang=\"en\">", "You are logged out."]);
}

#[tokio::test]
async fn a_language_that_no_page_speaks_is_kept_and_shown() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    for (locale, option) in [
        ("es-mx", "<option value=\"es-MX\" lang=\"es\" selected>Español</option>"),
        ("gsw-ch", "<option value=\"gsw-CH\" lang=\"gsw-CH\" selected>gsw-CH</option>"),
    ] {
        say(&browser, locale).await;
        browser.get("/account").await.shows(StatusCode::OK, &[option]);
    }
    get(&browser, "/account").await.shows(StatusCode::OK, &["<html lang=\"es\">"]);
    let page = browser.post_from("/account", "/account/language", &[("locale", "<b>")]).await;
    let parts =
        ["Choose a language from the list.", "href=\"#locale\"", "aria-describedby=\"locale-mistake locale-hint\""];
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &parts);
    browser.get("/account").await.shows(StatusCode::OK, &["selected>gsw-CH</option>"]);
}
