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

/// The pages, as one endpoint. It never fails: its errors are pages, a panic included. Only a panic before there is a
/// page, while the request is read, is answered without one.
pub fn routes(use_cases: UseCases, options: Options) -> impl Endpoint<Output = Response> + 'static {
    let bare = options.clone();
    let site = Arc::new(Site { use_cases, options });
    let pages = router().around(envelope::show_refusals);
    let contained = pages.with(CatchPanic::new().with_handler(|_| envelope::panicked()));
    let answered = contained.around(move |pages, request| envelope::answer(Arc::clone(&site), pages, request));
    answered.with(CatchPanic::new().with_handler(move |_| envelope::bare_failure(&bare)))
}

/// The pages by their routes, where `{id}` stands for whatever a caller writes there. A line of the log tells the
/// route as it stands here.
fn pages_by_route() -> [(&'static str, Page); 31] {
    use crate::pages::{account, ask_by_mail, change_password, discoverable, end_sessions, log_in, log_out, new_field};
    use crate::pages::{activity, change_address, language, sign_up, undo_address_change, verify_address};
    use crate::pages::{new_user_token, phone_number, remove_field, remove_user_token, reset_password, sessions};
    [
        ("/", page_with_form(get(log_in::show).post(log_in::submit))),
        ("/sign-up", page_with_form(get(sign_up::show).post(sign_up::submit))),
        ("/sign-up/done", page(get(sign_up::show_done))),
        ("/forgot", page_with_form(get(ask_by_mail::show_forgot).post(ask_by_mail::submit_forgot))),
        ("/mail/again", page_with_form(get(ask_by_mail::show_again).post(ask_by_mail::submit_again))),
        ("/mail/sent", page(get(ask_by_mail::show_sent))),
        ("/mail/verify", page_with_form(get(verify_address::show).post(verify_address::submit))),
        ("/mail/verify/done", page(get(verify_address::show_done))),
        ("/mail/reset", page_with_form(get(reset_password::show).post(reset_password::submit))),
        ("/mail/undo", page_with_form(get(undo_address_change::show).post(undo_address_change::submit))),
        ("/mail/undo/done", page(get(undo_address_change::show_done))),
        ("/account", page(get(account::show))),
        ("/account/verification", page_with_form(get(account::lead_back).post(ask_by_mail::submit_own))),
        ("/account/password", page_with_form(get(change_password::show).post(change_password::submit))),
        ("/account/email", page_with_form(get(change_address::show).post(change_address::submit))),
        ("/account/email/sent", page(get(change_address::show_sent))),
        ("/account/activity", page(get(activity::show))),
        ("/account/sessions", page(get(sessions::show))),
        ("/account/sessions/end-all", page_with_form(get(end_sessions::show).post(end_sessions::submit))),
        ("/account/sessions/{id}/end", page_with_form(get(sessions::lead_back).post(sessions::end))),
        ("/account/phone-number", page_with_form(get(account::lead_back).post(phone_number::submit))),
        ("/account/discoverable", page_with_form(get(account::lead_back).post(discoverable::submit))),
        ("/account/language", page_with_form(get(account::lead_back).post(language::submit))),
        ("/account/fields/new", page_with_form(get(new_field::show).post(new_field::submit))),
        ("/account/fields/{id}/remove", page_with_form(get(remove_field::show).post(remove_field::submit))),
        ("/account/token", page(get(new_user_token::show_issued))),
        ("/account/token/new", page_with_form(get(new_user_token::show).post(new_user_token::submit))),
        ("/account/token/remove", page_with_form(get(remove_user_token::show).post(remove_user_token::submit))),
        ("/account/log-out", form(post(log_out::submit))),
        ("/assets/{name}", page(get(assets::show))),
        ("/favicon.ico", page(get(assets::show_icon))),
    ]
}

/// What is at a path.
struct Page {
    /// The methods that it takes, as in the header `Allow`.
    allowed: &'static str,
    methods: RouteMethod,
}

fn page(methods: RouteMethod) -> Page {
    Page { allowed: "GET, HEAD", methods }
}

fn form(methods: RouteMethod) -> Page {
    Page { allowed: "POST", methods }
}

fn page_with_form(methods: RouteMethod) -> Page {
    Page { allowed: "GET, HEAD, POST", methods }
}

fn router() -> Route {
    pages_by_route().into_iter().fold(Route::new(), |router, (route, page)| {
        let path = route.replace('{', ":").replace('}', "");
        router.at(path, entered(route, page))
    })
}

/// A page behind what holds for all. A refusal of other methods names the allowed ones, as RFC 9110 asks.
fn entered(route: &'static str, Page { allowed, methods }: Page) -> impl Endpoint<Output = Response> {
    methods.around(move |methods, request| async move {
        envelope::enter(&request, route)?;
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
