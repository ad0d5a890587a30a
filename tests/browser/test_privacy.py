"""What the browser is told to keep to itself."""

from collections.abc import Callable

from registry import Registry
from visitor import Visitor, new_email

SCRIPTED = ["/sign-up", "/account/password"]
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


def test_no_script_reads_a_cookie(registry: Registry, visit: Callable[..., Visitor]) -> None:
    visitor = visit(registry)
    visitor.arrive(new_email())
    cookies = visitor.context.cookies()
    assert any(cookie["value"].startswith("urs_") for cookie in cookies), "the session is kept in a cookie"
    for cookie in cookies:
        assert cookie["httpOnly"] and cookie["sameSite"] == "Lax", cookie["name"]
    assert visitor.page.evaluate("document.cookie") == ""
    assert visitor.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_every_page_keeps_to_itself(registry: Registry, visit: Callable[..., Visitor]) -> None:
    visitor = visit(registry)
    visitor.arrive(new_email())
    for path in ["/account/fields/new", "/account/password", "/account/token/new", "/account/sessions", "/mail/reset?token=urm_00", "/account/nothing", "/docs"]:
        visitor.open(path)
    visitor.page.get_by_role("button", name="Authorize").wait_for()
    pages = [answer for answer in visitor.answers if answer.request.is_navigation_request()]
    assert {"/", "/sign-up", "/sign-up/done", "/account", "/docs"} <= {answer.url.removeprefix(registry.url) for answer in pages}
    for answer in pages:
        headers = answer.all_headers()
        policy = headers["content-security-policy"]
        if answer.url.endswith("/docs"):
            assert "default-src 'none'; script-src 'self';" in policy and "frame-ancestors 'none'" in policy
        else:
            script = "; script-src 'self'" if answer.status == 200 and answer.url.removeprefix(registry.url) in SCRIPTED else ""
            assert policy == POLICY + script, answer.url
            assert headers["cache-control"] == "no-store", answer.url
            assert headers["x-frame-options"] == "DENY", answer.url
        assert headers["x-content-type-options"] == "nosniff", answer.url
        assert headers["referrer-policy"] == "no-referrer", answer.url


def test_a_violation_of_the_policy_would_be_heard(registry: Registry, visit: Callable[..., Visitor]) -> None:
    visitor = visit(registry)
    visitor.open("/")
    visitor.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"http://elsewhere.example/\" alt=\"\">')")
    visitor.page.evaluate("document.body.style = 'color: red'; document.body.setAttribute('style', 'color: red')")
    visitor.page.wait_for_timeout(100)
    assert any("Content Security Policy" in complaint for complaint in visitor.complaints), visitor.complaints
    visitor.complaints.clear()
