"""Every page in every state, on a wide and on a narrow window, light and dark: judged by axe-core, and kept as a picture."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from registry import ENGINES, Registry
from visitor import Visitor, new_email

# Longer than any line: what somebody typed must break rather than make a page scroll sideways.
LONG_NAME = "North-of-the-river-" * 5
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360], ids=["wide", "narrow"])
def test_every_page_is_accessible_and_fits(
    start_registry: Callable[[str], Registry],
    visit: Callable[..., Visitor],
    screenshots: Path,
    width: int,
    scheme: str,
) -> None:
    visitor = visit(start_registry(ENGINES[0]), width=width, scheme=scheme)
    page, flaws = visitor.page, []
    for state in walk(visitor):
        view = f"{state}-{width}-{scheme}"
        page.screenshot(path=screenshots / f"{view}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            flaws.append(f"{view} scrolls sideways")
        judgement = Axe().run(page, options=OPTIONS)
        if judgement.violations_count:
            flaws.append(f"{view}: {judgement.generate_report()}")
    assert not flaws, "\n".join(flaws)


def walk(visitor: Visitor) -> Iterator[str]:
    """Goes through all pages, and names each state when it is there."""
    email = f"a-rather-long-address-of-{new_email()}"
    yield from mails(visitor)
    yield from sign_up(visitor, email)
    yield from log_in(visitor, email)
    yield from account(visitor)
    yield from fields(visitor)
    yield from token(visitor)
    yield from security(visitor)
    visitor.open("/account/nothing")
    visitor.sees_heading("Page not found")
    yield "not-found"
    visitor.open("/problems/invalid")
    visitor.page.get_by_role("heading", level=1).wait_for()
    yield "problem"
    visitor.open("/account")
    visitor.press("Log out")
    visitor.sees_notice("You are logged out.")
    yield "logged-out"


def mails(visitor: Visitor) -> Iterator[str]:
    visitor.open("/")
    visitor.follow("Forgot your password?")
    visitor.sees_heading("Forgot your password?")
    yield "forgot"
    visitor.enter("E-mail", "ada")
    visitor.press("Send the mail")
    visitor.page.get_by_role("alert").wait_for()
    yield "forgot-mistake"
    visitor.enter("E-mail", "ada@example.org")
    visitor.press("Send the mail")
    visitor.sees_heading("Check your mail")
    yield "mail-sent"
    visitor.open("/mail/reset?token=urm_00")
    visitor.sees_heading("This link is not valid")
    yield "reset-not-valid"
    visitor.open("/mail/verify?token=urm_00")
    visitor.sees_heading("This link is not valid")
    yield "verify-not-valid"
    visitor.follow("Send the mail again")
    visitor.sees_heading("Verify your address")
    yield "mail-again"


def sign_up(visitor: Visitor, email: str) -> Iterator[str]:
    visitor.open("/")
    visitor.sees_heading("Login")
    yield "login"
    visitor.follow("Sign up")
    visitor.sees_heading("Sign up now")
    yield "sign-up"
    for password, words in [("password1", "very weak, guessed at once"), ("correct horse battery", "strong")]:
        visitor.enter("Password", password)
        expect(visitor.page.locator(".strength p")).to_have_text(f"Strength: {words}")
        yield f"sign-up-with-{password.replace(' ', '-')}"
    visitor.sign_up("ada", "short")
    visitor.page.get_by_role("alert").wait_for()
    yield "sign-up-mistakes"
    visitor.sign_up(email)
    visitor.sees_heading("Welcome")
    yield "signed-up"
    visitor.sign_up(email)
    visitor.page.get_by_role("alert").wait_for()
    yield "sign-up-exists"


def log_in(visitor: Visitor, email: str) -> Iterator[str]:
    visitor.log_in("nobody@example.org")
    visitor.page.get_by_role("alert").wait_for()
    yield "login-unknown-user"
    visitor.log_in(email, "not the password")
    visitor.page.get_by_role("alert").wait_for()
    yield "login-wrong-password"
    visitor.open("/account/fields/new")
    visitor.sees_heading("Login")
    yield "login-to-go-on"
    visitor.log_in(email)
    visitor.sees_heading("Your account")
    yield "account-new"


def account(visitor: Visitor) -> Iterator[str]:
    visitor.enter("Phone number", "12")
    visitor.press("Save number")
    visitor.page.get_by_role("alert").wait_for()
    yield "account-mistake"
    visitor.enter("Phone number", "+14155552671")
    visitor.press("Save number")
    visitor.page.get_by_role("status").wait_for()
    yield "account-saved"
    visitor.choose("Language", "Español")
    visitor.press("Save language")
    visitor.sees_heading("Su cuenta")
    yield "account-spanish"
    visitor.choose("Idioma", "English")
    visitor.press("Guardar el idioma")
    visitor.sees_heading("Your account")


def fields(visitor: Visitor) -> Iterator[str]:
    visitor.follow("Add a field")
    visitor.sees_heading("Add a field")
    yield "field-new"
    visitor.add_field("North", "12", "{")
    visitor.page.get_by_role("alert").wait_for()
    yield "field-mistakes"
    visitor.add_field("North")
    for name, geo_id in [("", "0b" * 32), (LONG_NAME, "0c" * 32)]:
        visitor.follow("Add a field")
        visitor.add_field(name, geo_id)
    visitor.page.get_by_text(LONG_NAME).wait_for()
    yield "account-fields"
    visitor.page.get_by_role("listitem").filter(has_text=LONG_NAME).get_by_role("link", name="Remove").click()
    visitor.sees_heading("Remove this field?")
    yield "field-remove"


def security(visitor: Visitor) -> Iterator[str]:
    visitor.open("/account")
    visitor.press("Send the mail again")
    visitor.sees_notice("The mail is on its way. It can take a few minutes.")
    yield "account-mail-sent"
    visitor.follow("Change password")
    visitor.sees_heading("Change your password")
    yield "password"
    visitor.enter("Current password", "not the password")
    visitor.enter("New password", "short")
    visitor.press("Change password")
    visitor.page.get_by_role("alert").wait_for()
    yield "password-mistakes"
    visitor.open("/account/email")
    visitor.sees_heading("Change your e-mail address")
    yield "email-change"
    visitor.enter("New e-mail address", "ada")
    visitor.press("Send the link")
    visitor.page.get_by_role("alert").wait_for()
    yield "email-change-mistakes"
    visitor.open("/account/activity")
    visitor.sees_heading("Recent activity")
    yield "activity"
    visitor.open("/mail/undo?token=urm_00")
    visitor.sees_heading("This link is not valid")
    yield "undo-not-valid"
    visitor.open("/account/sessions")
    visitor.sees_heading("Your sessions")
    yield "sessions-one"
    visitor.follow("Log out everywhere")
    visitor.sees_heading("Log out everywhere?")
    yield "sessions-end-all"


def token(visitor: Visitor) -> Iterator[str]:
    visitor.open("/account/token/new")
    visitor.sees_heading("Issue a new access token?")
    yield "token-new"
    visitor.press("Issue token")
    visitor.sees_heading("Your new access token")
    yield "token-shown"
    visitor.open("/account/token/remove")
    visitor.sees_heading("Remove your access token?")
    yield "token-remove"
