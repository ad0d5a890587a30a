"""Swagger UI, from a token to an answer."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from registry import Registry
from visitor import Visitor, new_email


def test_swagger_ui_calls_me_with_a_token(registry: Registry, visit: Callable[..., Visitor], screenshots: Path) -> None:
    email = new_email()
    _, tokens = registry.new_user(email)
    visitor = visit(registry)
    page = visitor.page
    visitor.open("/docs")
    page.get_by_role("button", name="Authorize").first.wait_for()
    page.screenshot(path=screenshots / "swagger.png")
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_role("textbox").first.fill(tokens["access_token"])
    dialog.screenshot(path=screenshots / "swagger-authorize.png")
    dialog.get_by_role("button", name="Apply credentials").first.click()
    dialog.get_by_role("button", name="Close").last.click()
    operation = page.locator(".opblock-get").filter(has=page.locator('[data-path="/me"]'))
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table")
    expect(answer.locator("td.response-col_status").last).to_contain_text("200")
    expect(answer.locator("td.response-col_description").last).to_contain_text(f'"email": "{email}"')
    answer.screenshot(path=screenshots / "swagger-me.png")
