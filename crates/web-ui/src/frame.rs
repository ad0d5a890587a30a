//! What all pages have in common, and how a page becomes an answer.

use askama::Template;
use chrono::Timelike as _;
use domain::land::boundary::Boundary;
use domain::ports::clock::Timestamp;
use poem::Response;
use poem::http::{StatusCode, header};

use crate::assets::{MARK, STRENGTH, STYLE, ZXCVBN, ZXCVBN_COMMON};
use crate::binding::Binding;
use crate::flash::Notice;
use crate::mistakes::Mistakes;
use crate::refused::Refused;
use crate::site::Owner;
use crate::texts::Texts;
use crate::visit::Visit;

/// What all pages have in common.
pub(crate) struct Frame {
    texts: Texts,
    pub(crate) title: String,
    pub(crate) form_code: String,
    pub(crate) notice: Option<Notice>,
}

impl Frame {
    /// Of a page without forms, for anybody.
    pub(crate) fn stranger(visit: &Visit, title_key: &str) -> Self {
        let title = visit.texts().text(title_key);
        Self { texts: visit.texts().clone(), title, form_code: String::new(), notice: None }
    }

    /// Of a page with forms for a visitor who is not signed in.
    pub(crate) fn visitor(visit: &Visit, visitor: &Binding, title_key: &str) -> Self {
        Self { form_code: form_code(visit, visitor), ..Self::stranger(visit, title_key) }
    }

    /// Of a page for a user who is signed in.
    pub(crate) fn owner(visit: &Visit, owner: &Owner, title_key: &str) -> Self {
        Self::visitor(visit, &owner.binding(), title_key)
    }

    /// The same, with word that something is done.
    pub(crate) fn with_notice(self, notice: Option<Notice>) -> Self {
        Self { notice, ..self }
    }

    /// The same, with a title that tells of mistakes, as it is the first that a screen reader reads.
    pub(crate) fn with_mistakes(self, mistakes: &Mistakes) -> Self {
        if mistakes.is_empty() {
            return self;
        }
        let title = self.texts.with("title-with-mistakes", &[("title", self.title.clone().into())]);
        Self { title, ..self }
    }

    /// The text of a key.
    pub(crate) fn t(&self, key: &str) -> String {
        self.texts.text(key)
    }

    /// The text of a key, with a number in it.
    pub(crate) fn count(&self, key: &str, count: &usize) -> String {
        self.texts.with(key, &[("count", (*count).into())])
    }

    /// The sentence of a page without content of its own.
    pub(crate) fn sentence(&self, key: &str) -> String {
        self.t(&format!("{key}-text"))
    }

    /// The day of a time, in UTC.
    pub(crate) fn date(&self, at: &Timestamp) -> String {
        at.date_naive().to_string()
    }

    /// The hour and minute of a time, in UTC.
    pub(crate) fn time(&self, at: &Timestamp) -> String {
        format!("{:02}:{:02}", at.hour(), at.minute())
    }

    /// How long a boundary is.
    pub(crate) fn positions(&self, boundary: &Boundary) -> String {
        self.count("field-positions", &boundary.geometry().polygons().iter().flatten().map(Vec::len).sum())
    }

    /// The language, for `lang`.
    pub(crate) fn language(&self) -> String {
        self.texts.language()
    }

    /// The path of the style sheet.
    pub(crate) fn style(&self) -> String {
        STYLE.path()
    }

    /// The path of the script that tells how strong a password is.
    pub(crate) fn strength(&self) -> String {
        STRENGTH.path()
    }

    /// The path of what judges passwords.
    pub(crate) fn zxcvbn(&self) -> String {
        ZXCVBN.path()
    }

    /// The path of what it knows.
    pub(crate) fn zxcvbn_common(&self) -> String {
        ZXCVBN_COMMON.path()
    }

    /// The path of the mark.
    pub(crate) fn mark(&self) -> String {
        MARK.path()
    }
}

/// A page as an answer.
pub(crate) fn page(status: StatusCode, view: &impl Template) -> Result<Response, Refused> {
    Ok(Response::builder().status(status).content_type("text/html; charset=utf-8").body(view.render()?))
}

/// Marks an answer whose page runs scripts.
#[derive(Clone, Copy)]
pub(crate) struct Scripted;

/// A page that chooses a password, as an answer: its strength meter is a script.
pub(crate) fn password_page(status: StatusCode, view: &impl Template) -> Result<Response, Refused> {
    let mut response = page(status, view)?;
    response.extensions_mut().insert(Scripted);
    Ok(response)
}

/// An answer that leads on to a path of these pages, by GET.
pub(crate) fn redirect(path: &str) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, path).finish()
}

fn form_code(visit: &Visit, owner: &Binding) -> String {
    let use_cases = &visit.site.use_cases;
    owner.form_code(&*use_cases.keeper, &*use_cases.entropy)
}
