//! The pages for people: the use cases of the registry as HTML, without JavaScript.
//!
//! [`routes`] answers every path for which [`owns`] holds; the pages post only to such paths, and
//! nothing else reads their cookies.

use std::sync::Arc;

use poem::error::MethodNotAllowedError;
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt as _, Response, Route, RouteMethod, get, post};

use crate::options::Options;
use crate::refused::Refused;
use crate::site::{Site, UseCases};

mod assets;
mod binding;
mod boundary_text;
mod cookies;
mod envelope;
mod flash;
mod form;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod mistakes;
mod next;
pub mod options;
mod pages;
mod refused;
pub mod site;
mod texts;
mod tree;
mod visit;

/// The longest form that is read, in bytes.
pub const MAX_FORM_BYTES: usize = 64 * 1024;

/// The paths that are the pages' own, with everything below them.
const OWN: [&str; 5] = ["/sign-up", "/forgot", "/mail", "/account", "/assets"];

/// Whether a path is one of the pages, or would be one: their errors are pages, too.
#[must_use]
pub fn owns(path: &str) -> bool {
    let below = |parent: &str| path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path == "/" || path == "/favicon.ico" || OWN.into_iter().any(below)
}

/// The pages, as one endpoint. It never fails: its errors are pages, a panic included.
pub fn routes(use_cases: UseCases, options: Options) -> impl Endpoint<Output = Response> + 'static {
    let site = Arc::new(Site { use_cases, options });
    let contained = paths().with(CatchPanic::new().with_handler(|_| envelope::panicked()));
    contained.around(move |pages, request| envelope::answer(Arc::clone(&site), pages, request))
}

fn paths() -> Route {
    use crate::pages::{account, ask_by_mail, change_password, discoverable, end_sessions, log_in, log_out, new_field};
    use crate::pages::{activity, change_address, language, sign_up, undo_address_change, verify_address};
    use crate::pages::{new_user_token, phone_number, remove_field, remove_user_token, reset_password, sessions};
    Route::new()
        .at("/", page_with_form(get(log_in::show).post(log_in::submit)))
        .at("/sign-up", page_with_form(get(sign_up::show).post(sign_up::submit)))
        .at("/sign-up/done", page(get(sign_up::show_done)))
        .at("/forgot", page_with_form(get(ask_by_mail::show_forgot).post(ask_by_mail::submit_forgot)))
        .at("/mail/again", page_with_form(get(ask_by_mail::show_again).post(ask_by_mail::submit_again)))
        .at("/mail/sent", page(get(ask_by_mail::show_sent)))
        .at("/mail/verify", page_with_form(get(verify_address::show).post(verify_address::submit)))
        .at("/mail/verify/done", page(get(verify_address::show_done)))
        .at("/mail/reset", page_with_form(get(reset_password::show).post(reset_password::submit)))
        .at("/mail/undo", page_with_form(get(undo_address_change::show).post(undo_address_change::submit)))
        .at("/mail/undo/done", page(get(undo_address_change::show_done)))
        .at("/account", page(get(account::show)))
        .at("/account/verification", page_with_form(get(account::lead_back).post(ask_by_mail::submit_own)))
        .at("/account/password", page_with_form(get(change_password::show).post(change_password::submit)))
        .at("/account/email", page_with_form(get(change_address::show).post(change_address::submit)))
        .at("/account/email/sent", page(get(change_address::show_sent)))
        .at("/account/activity", page(get(activity::show)))
        .at("/account/sessions", page(get(sessions::show)))
        .at("/account/sessions/end-all", page_with_form(get(end_sessions::show).post(end_sessions::submit)))
        .at("/account/sessions/:id/end", page_with_form(get(sessions::lead_back).post(sessions::end)))
        .at("/account/phone-number", page_with_form(get(account::lead_back).post(phone_number::submit)))
        .at("/account/discoverable", page_with_form(get(account::lead_back).post(discoverable::submit)))
        .at("/account/language", page_with_form(get(account::lead_back).post(language::submit)))
        .at("/account/fields/new", page_with_form(get(new_field::show).post(new_field::submit)))
        .at("/account/fields/:id/remove", page_with_form(get(remove_field::show).post(remove_field::submit)))
        .at("/account/token", page(get(new_user_token::show_issued)))
        .at("/account/token/new", page_with_form(get(new_user_token::show).post(new_user_token::submit)))
        .at("/account/token/remove", page_with_form(get(remove_user_token::show).post(remove_user_token::submit)))
        .at("/account/log-out", form(post(log_out::submit)))
        .at("/assets/:name", page(get(assets::show)))
        .at("/favicon.ico", page(get(assets::show_icon)))
}

fn page(methods: RouteMethod) -> impl Endpoint<Output = Response> {
    naming("GET, HEAD", methods)
}

fn form(methods: RouteMethod) -> impl Endpoint<Output = Response> {
    naming("POST", methods)
}

fn page_with_form(methods: RouteMethod) -> impl Endpoint<Output = Response> {
    naming("GET, HEAD, POST", methods)
}

/// The same, but for a refusal of other methods that names the allowed ones, as RFC 9110 asks.
fn naming(allowed: &'static str, methods: RouteMethod) -> impl Endpoint<Output = Response> {
    methods.around(move |methods, request| async move {
        methods.call(request).await.map_err(|error| {
            if error.is::<MethodNotAllowedError>() { Refused::MethodNotAllowed { allowed }.into() } else { error }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_own_their_paths_and_no_others() {
        for own in ["/", "/sign-up", "/sign-up/done", "/account", "/account/x", "/assets/style.css", "/favicon.ico"] {
            assert!(owns(own), "{own}");
        }
        for own in ["/forgot", "/mail", "/mail/verify", "/mail/reset", "/account/password", "/account/sessions"] {
            assert!(owns(own), "{own}");
        }
        for other in [
            "",
            "/signup",
            "/login",
            "/sign-upx",
            "/accounts",
            "/me",
            "/docs",
            "/health/live",
            "/favicon.icon",
            "/mails",
        ] {
            assert!(!owns(other), "{other}");
        }
    }
}
