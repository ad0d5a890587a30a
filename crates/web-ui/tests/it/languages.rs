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
