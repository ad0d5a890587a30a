"""What is wrong with a form is said in place, and what was typed stays, but for the password."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from registry import PASSWORD, Registry
from visitor import GEO_ID, Visitor, new_email

NOT_AN_ADDRESS = "Enter an e-mail address, such as name@example.org."
NOT_A_NUMBER = "Enter a plus sign, the country code and the number, such as +1\N{NBSP}415\N{NBSP}555\N{NBSP}2671."
COMMON = "This password is one of the commonest: anyone would try it first."


@pytest.fixture(params=[("sqlite", True), ("postgresql", False)], ids=["sqlite-javascript", "postgresql-no-javascript"])
def visitor(
    request: pytest.FixtureRequest, start_registry: Callable[[str], Registry], visit: Callable[..., Visitor]
) -> Visitor:
    """Somebody with JavaScript and somebody without; the page is the same."""
    engine, javascript = request.param
    return visit(start_registry(engine), javascript=javascript)


def test_a_wrong_sign_up(visitor: Visitor) -> None:
    visitor.sign_up("ada", "short")
    visitor.sees_mistakes(email=NOT_AN_ADDRESS, password="A password has at least 8 characters.")
    assert visitor.status() == 422
    expect(visitor.page).to_have_title("Error: Sign up now · User Registry")
    expect(visitor.input("E-mail")).to_have_value("ada")
    expect(visitor.input("Password")).to_have_value("")
    email = new_email()
    visitor.enter("E-mail", email)
    visitor.enter("Password", "password123")
    visitor.press("Sign up")
    visitor.sees_mistakes(password=COMMON)
    visitor.enter("Password", PASSWORD)
    visitor.enter("Phone number", "12")
    visitor.press("Sign up")
    visitor.sees_mistakes(phone_number=NOT_A_NUMBER)
    visitor.enter("Phone number", "")
    visitor.enter("Password", PASSWORD)
    visitor.press("Sign up")
    visitor.sees_heading("Welcome")
    expect(visitor.page.get_by_text(email)).to_be_visible()


def test_an_existing_user(visitor: Visitor) -> None:
    email = new_email()
    visitor.sign_up(email)
    visitor.sees_heading("Welcome")
    visitor.sign_up(email.upper())
    visitor.sees_mistakes(email="User already exists. Please log in")
    assert visitor.status() == 409


def test_a_wrong_login(visitor: Visitor) -> None:
    email = new_email()
    visitor.log_in(email)
    visitor.sees_mistakes(email="User does not exist")
    assert visitor.status() == 401
    visitor.sign_up(email)
    visitor.sees_heading("Welcome")
    visitor.log_in(email, "not the password")
    visitor.sees_mistakes(password="Wrong password")
    assert visitor.status() == 401
    expect(visitor.input("E-mail")).to_have_value(email)
    expect(visitor.input("Password")).to_have_value("")
    visitor.enter("Password", PASSWORD)
    visitor.press("Log in")
    visitor.sees_heading("Your account")


def test_a_wrong_field(visitor: Visitor) -> None:
    visitor.arrive(new_email())
    visitor.follow("Add a field")
    visitor.add_field("North", "12", "{")
    visitor.sees_mistakes(
        geo_id="A GeoID is 64 hex digits, 0 to 9 and a to f in lower case.",
        boundary="This is not JSON. Paste the whole text, from the first brace to the last.",
    )
    visitor.add_field("North")
    visitor.sees_notice("The field is added.")
    visitor.follow("Add a field")
    visitor.add_field("North again", GEO_ID)
    visitor.sees_mistakes(geo_id="Another field of yours has this GeoID.")
