"""The walk through the pages: with a mouse, without JavaScript, and by keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from registry import PASSWORD, Registry
from visitor import BOUNDARY, GEO_ID, Visitor, new_email


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_somebody_signs_up_and_keeps_their_account(
    registry: Registry, visit: Callable[..., Visitor], javascript: bool
) -> None:
    visitor, email = visit(registry, javascript=javascript), new_email()
    sign_up_from_the_login(visitor, email)
    expect(visitor.input("E-mail")).to_have_value(email)
    visitor.enter("Password", PASSWORD)
    visitor.press("Log in")
    visitor.sees_heading("Your account")
    expect(visitor.page.get_by_text(email)).to_be_visible()
    change_the_account(visitor)
    add_and_remove_fields(visitor)
    replace_the_token(visitor)
    visitor.press("Log out")
    visitor.sees_notice("You are logged out.")
    visitor.open("/account")
    visitor.sees_heading("Login")
    visitor.enter("E-mail", email)
    visitor.enter("Password", PASSWORD)
    visitor.press("Log in")
    visitor.sees_heading("Your account")
    expect(visitor.input("Phone number")).to_have_value("+14155552671")
    expect(visitor.input("Let others find my fields")).to_be_checked()


def sign_up_from_the_login(visitor: Visitor, email: str) -> None:
    visitor.open("/")
    dialog = visitor.page.get_by_role("dialog", name="Login")
    link = dialog.get_by_role("link").last
    expect(link).to_have_text("Sign up")
    assert dialog.inner_text().strip().endswith("Sign up"), "the link stands at the end of the dialog"
    link.click()
    visitor.sees_heading("Sign up now")
    visitor.enter("E-mail", email)
    visitor.enter("Password", PASSWORD)
    visitor.press("Sign up")
    visitor.sees_heading("Welcome")
    assert visitor.page.get_by_text("urt_").inner_text().startswith("urt_")
    visitor.page.reload()
    visitor.sees_heading("Login")
    expect(visitor.page.get_by_text("urt_")).to_have_count(0)


def change_the_account(visitor: Visitor) -> None:
    visitor.enter("Phone number", "+1 415 555 2671")
    visitor.press("Save number")
    visitor.sees_notice("Your phone number is saved.")
    expect(visitor.input("Phone number")).to_have_value("+14155552671")
    visitor.input("Let others find my fields").check()
    visitor.press("Save choice")
    visitor.sees_notice("Others can now find your fields.")
    expect(visitor.input("Let others find my fields")).to_be_checked()
    visitor.choose("Language", "Español")
    visitor.press("Save language")
    visitor.sees_notice("Su idioma se ha guardado.")
    visitor.sees_heading("Su cuenta")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "es")
    visitor.choose("Idioma", "English")
    visitor.press("Guardar el idioma")
    visitor.sees_notice("Your language is saved.")


def add_and_remove_fields(visitor: Visitor) -> None:
    expect(visitor.page.get_by_text("You have not added any fields yet.")).to_be_visible()
    for name, geo_id in [("North", GEO_ID), ("South", "0b" * 32)]:
        visitor.follow("Add a field")
        visitor.add_field(name, geo_id, BOUNDARY)
        visitor.sees_notice("The field is added.")
    rows = visitor.page.get_by_role("listitem")
    expect(rows).to_have_count(2)
    rows.filter(has_text="North").get_by_role("link", name="Remove").click()
    visitor.sees_heading("Remove this field?")
    visitor.press("Remove field")
    visitor.sees_notice("The field is removed.")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("South")


def replace_the_token(visitor: Visitor) -> None:
    visitor.follow("Replace token")
    visitor.press("Issue token")
    visitor.sees_heading("Your new access token")
    expect(visitor.page.get_by_text("urt_")).to_be_visible()
    visitor.follow("I have copied it")
    visitor.follow("Remove token")
    visitor.press("Remove token")
    visitor.sees_notice("Your access token is removed.")


def test_the_walk_needs_nothing_but_a_keyboard(registry: Registry, visit: Callable[..., Visitor]) -> None:
    visitor, email = visit(registry), new_email()
    keys = visitor.page.keyboard
    visitor.open("/")
    expect(visitor.input("E-mail")).to_be_focused()
    go_to(visitor.page, "Sign up")
    keys.press("Enter")
    expect(visitor.input("E-mail")).to_be_focused()
    keys.type(email)
    go_to(visitor.page, "Password")
    keys.type(PASSWORD)
    keys.press("Enter")
    visitor.sees_heading("Welcome")
    go_to(visitor.page, "Log in")
    keys.press("Enter")
    expect(visitor.input("Password")).to_be_focused()
    keys.type(PASSWORD)
    keys.press("Enter")
    visitor.sees_heading("Your account")
    change_the_account_by_keyboard(visitor)
    add_a_field_by_keyboard(visitor)
    go_to(visitor.page, "Log out")
    keys.press("Enter")
    visitor.sees_notice("You are logged out.")


def change_the_account_by_keyboard(visitor: Visitor) -> None:
    keys = visitor.page.keyboard
    go_to(visitor.page, "Skip to the content")
    keys.press("Enter")
    go_to(visitor.page, "Phone number")
    keys.type("12")
    keys.press("Enter")
    expect(visitor.page.get_by_role("alert")).to_be_focused()
    go_to(visitor.page, "There is no such phone number.", "Enter a plus sign, the country code and the number")
    keys.press("Enter")
    expect(visitor.input("Phone number")).to_be_focused()
    keys.press("Control+A")
    keys.type("+14155552671")
    go_to(visitor.page, "Save number")
    keys.press("Enter")
    visitor.sees_notice("Your phone number is saved.")
    go_to(visitor.page, "Let others find my fields")
    keys.press("Space")
    go_to(visitor.page, "Save choice")
    keys.press("Enter")
    visitor.sees_notice("Others can now find your fields.")


def add_a_field_by_keyboard(visitor: Visitor) -> None:
    keys = visitor.page.keyboard
    go_to(visitor.page, "Add a field")
    keys.press("Enter")
    expect(visitor.input("Name")).to_be_focused()
    keys.type("North")
    go_to(visitor.page, "GeoID")
    keys.type(GEO_ID)
    go_to(visitor.page, "Boundary")
    keys.type(BOUNDARY)
    go_to(visitor.page, "Add field")
    keys.press("Enter")
    visitor.sees_notice("The field is added.")


# What has the focus: its name, and whether anything on the screen shows that.
FOCUS = """() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  const name = element.labels?.[0]?.innerText ?? element.getAttribute("aria-label") ?? element.innerText;
  const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 1 && box.height > 1;
  return { name: name.trim(), seen: seen && box.top >= 0 && box.bottom <= innerHeight, body: element === document.body };
}"""


def go_to(page: Page, *names: str) -> None:
    """Presses Tab until something with one of these names has the focus; each stop on the way must be seen."""
    stops: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus["body"]:
            continue
        assert focus["seen"], f"the focus on {focus['name']!r} is not seen"
        if focus["name"].startswith(names):
            return
        stops.append(focus["name"])
    raise AssertionError(f"no {names} among {stops}")
