//! One request to the pages: what the request itself tells of its sender, and the cookies to answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use domain::accounts::user::User;
use domain::ids::RequestId;
use domain::origin::{ClientAddress, Origin};
use domain::ports::secrets::SealedSecret;
use domain::sessions::known_browser::{self, KnownBrowser};
use domain::sessions::page_secret::PageSecret;
use domain::sessions::session::ABSOLUTE;
use poem::error::NotFoundError;
use poem::http::{HeaderValue, header};
use poem::{FromRequest, Request, RequestBody};

use crate::binding::{Binding, fresh_visitor, is_visitor};
use crate::cookies::Cookie;
use crate::flash::{self, Flash};
use crate::refused::Refused;
use crate::site::Site;
use crate::texts::Texts;

/// One request to the pages.
pub(crate) struct Visit {
    pub(crate) site: Arc<Site>,
    /// The request's id: that of the whole server, where it gives one.
    pub(crate) request: RequestId,
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// The path, and the query behind it if there is one.
    pub(crate) target: String,
    /// The texts in the language that the browser asks for.
    asked: Texts,
    /// Those in the language of the user who visits.
    chosen: OnceLock<Texts>,
    session_secret: Option<String>,
    visitor: Option<String>,
    flash: Option<String>,
    route: OnceLock<&'static str>,
    set_cookies: Mutex<BTreeMap<Cookie, HeaderValue>>,
}

impl Visit {
    /// What a request tells.
    pub(crate) fn of(request: &Request, site: Arc<Site>) -> Self {
        let headers = request.headers();
        let read = |cookie: Cookie| cookie.read(headers, &site.options);
        let fresh_id = || RequestId::fresh(site.use_cases.clock.now(), &*site.use_cases.entropy);
        let accept_language = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let id = request.data().copied().unwrap_or_else(fresh_id);
        let agent = headers.get(header::USER_AGENT).and_then(|field| field.to_str().ok());
        let address = request.data::<ClientAddress>().cloned();
        let known = |text: String| KnownBrowser::read(&text, &*site.use_cases.keeper, site.use_cases.clock.now());
        let browser = read(Cookie::Device).and_then(known);
        Self {
            request: id,
            origin: Origin { address, browser, ..Origin::request(id) }.with_fields(agent, accept_language),
            asked: Texts::for_reader(accept_language),
            chosen: OnceLock::new(),
            target: request.uri().path_and_query().map_or("/", |target| target.as_str()).into(),
            session_secret: read(Cookie::Session),
            visitor: read(Cookie::Visitor).filter(|text| is_visitor(text)),
            flash: read(Cookie::Flash),
            route: OnceLock::new(),
            set_cookies: Mutex::default(),
            site,
        }
    }

    /// The visit that a request is, once the envelope around all pages has put it there.
    pub(crate) fn made_by(request: &Request) -> Option<&Arc<Self>> {
        request.data()
    }

    /// Notes the route that the path has matched.
    pub(crate) fn note_route(&self, route: &'static str) {
        // A request is routed once.
        self.route.get_or_init(|| route);
    }

    /// The route that the path has matched, if there is one.
    pub(crate) fn route(&self) -> Option<&'static str> {
        self.route.get().copied()
    }

    /// The value of a name in the query.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        form_urlencoded::parse(query.as_bytes()).find_map(|(found, value)| (found == name).then(|| value.into_owned()))
    }

    /// The texts in the language of the user who visits, as soon as they are known; else in the one that the browser
    /// asks for.
    pub(crate) fn texts(&self) -> &Texts {
        self.chosen.get().unwrap_or(&self.asked)
    }

    /// Speaks the user's language from here on, if they have named one that these pages speak.
    pub(crate) fn speak_to(&self, user: &User) {
        if let Some(texts) = user.locale.as_ref().and_then(Texts::of) {
            // A request has one user: a second time it is the same language, or one that was just saved elsewhere.
            self.chosen.get_or_init(|| texts);
        }
    }

    /// What the browser shows for a session.
    pub(crate) fn session_secret(&self) -> Option<&str> {
        self.session_secret.as_deref()
    }

    /// Begins to show this session: always a new secret, never one that the browser brought.
    pub(crate) fn keep_session(&self, secret: &PageSecret) {
        // The session's row says when it ends; the cookie only must not end before.
        let set = Cookie::Session.set(secret.reveal(), Some(ABSOLUTE.num_seconds()), &self.site.options);
        self.set_cookies().insert(Cookie::Session, set);
    }

    /// Lets the browser keep by what it is known. It stays when the session ends, for it opens nothing.
    pub(crate) fn keep_device(&self, browser: Option<&SealedSecret>) {
        let Some(browser) = browser else { return };
        let seconds = known_browser::LIFETIME.num_seconds();
        let set = Cookie::Device.set(browser.as_str(), Some(seconds), &self.site.options);
        self.set_cookies().insert(Cookie::Device, set);
    }

    /// Stops showing a session.
    pub(crate) fn drop_session(&self) {
        self.set_cookies().insert(Cookie::Session, Cookie::Session.remove(&self.site.options));
    }

    /// Who visits without being signed in. A browser that has no cookie for it gets one.
    pub(crate) fn visitor(&self) -> Binding {
        if let Some(id) = &self.visitor {
            return Binding::Visitor(id.clone());
        }
        let id = fresh_visitor(&*self.site.use_cases.entropy);
        self.set_cookies().insert(Cookie::Visitor, Cookie::Visitor.set(&id, None, &self.site.options));
        Binding::Visitor(id)
    }

    /// Leaves a message for the next page that they see.
    pub(crate) fn leave(&self, message: &Flash, reader: &Binding) -> Result<(), Refused> {
        let use_cases = &self.site.use_cases;
        let sealed = flash::seal(message, reader, &*use_cases.keeper, use_cases.clock.now())?;
        let seconds = message.lifetime().num_seconds();
        let set = Cookie::Flash.set(sealed.as_str(), Some(seconds), &self.site.options);
        self.set_cookies().insert(Cookie::Flash, set);
        Ok(())
    }

    /// The message that was left for them; it is shown once.
    pub(crate) fn take(&self, reader: &Binding) -> Option<Flash> {
        let sealed = self.flash.as_deref()?;
        self.set_cookies().insert(Cookie::Flash, Cookie::Flash.remove(&self.site.options));
        let use_cases = &self.site.use_cases;
        flash::open(sealed, reader, &*use_cases.keeper, use_cases.clock.now())
    }

    /// The cookies to set with the answer.
    pub(crate) fn take_cookies(&self) -> Vec<HeaderValue> {
        std::mem::take(&mut *self.set_cookies()).into_values().collect()
    }

    fn set_cookies(&self) -> MutexGuard<'_, BTreeMap<Cookie, HeaderValue>> {
        // A map of headers is whole at every moment, whoever panicked.
        self.set_cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> FromRequest<'a> for &'a Visit {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Visit::made_by(request).map(|visit| &**visit).ok_or_else(|| NotFoundError.into())
    }
}
