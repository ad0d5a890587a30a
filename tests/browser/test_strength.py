"""The strength meter: what it says while somebody types, and that the password stays in the browser."""

from collections.abc import Callable

from playwright.sync_api import expect

from registry import ENGINES, Registry
from visitor import Visitor, new_email

WORDS = [
    ("pass", "Strength: too short, at least 8 characters", 0),
    ("password1", "Strength: very weak, guessed at once", 1),
    ("lovelace", "Strength: very weak, guessed at once", 1),
    ("correct horse battery", "Strength: strong", 5),
]


def test_the_meter_follows_what_is_typed(
    start_registry: Callable[[str], Registry], visit: Callable[..., Visitor]
) -> None:
    visitor = visit(start_registry(ENGINES[0]))
    visitor.open("/sign-up")
    meter, words = visitor.page.locator("meter"), visitor.page.locator(".strength p")
    expect(meter).to_be_hidden()
    visitor.enter("E-mail", "ada@lovelace.example")
    for password, text, level in WORDS:
        visitor.enter("Password", password)
        expect(words).to_have_text(text)
        expect(words).to_be_visible()
        expect(meter).to_have_js_property("value", level)
    visitor.enter("Password", "")
    expect(meter).to_be_hidden()
    for password, _, _ in WORDS:
        assert not any(password in f"{answer.url}{answer.request.post_data}" for answer in visitor.answers)
    loaded = [answer for answer in visitor.answers if "zxcvbn" in answer.url]
    assert len(loaded) == 2
    assert all(answer.headers["content-encoding"] == "gzip" for answer in loaded)


def test_it_loads_nothing_before_it_is_needed(
    start_registry: Callable[[str], Registry], visit: Callable[..., Visitor]
) -> None:
    visitor = visit(start_registry(ENGINES[0]))
    visitor.open("/sign-up")
    visitor.page.wait_for_load_state("networkidle")
    assert not any("zxcvbn" in answer.url for answer in visitor.answers)


def test_it_stands_where_a_password_is_changed(
    start_registry: Callable[[str], Registry], visit: Callable[..., Visitor]
) -> None:
    visitor = visit(start_registry(ENGINES[0]))
    visitor.arrive(new_email())
    visitor.open("/account/password")
    visitor.enter("New password", "kettle under glass")
    expect(visitor.page.locator(".strength p")).to_have_text("Strength: strong")


def test_it_speaks_the_language_of_the_page(
    start_registry: Callable[[str], Registry], visit: Callable[..., Visitor]
) -> None:
    visitor = visit(start_registry(ENGINES[0]))
    visitor.context.set_extra_http_headers({"accept-language": "es"})
    visitor.open("/sign-up")
    visitor.page.locator("#password").fill("password1")
    expect(visitor.page.locator(".strength p")).to_have_text("Seguridad: muy débil, se adivina enseguida")


def test_without_scripts_nothing_is_missing(
    start_registry: Callable[[str], Registry], visit: Callable[..., Visitor]
) -> None:
    visitor = visit(start_registry(ENGINES[0]), javascript=False)
    visitor.open("/sign-up")
    visitor.enter("Password", "password1")
    expect(visitor.page.locator(".strength")).to_be_hidden()
    visitor.arrive(new_email())
