"""Somebody at the pages, and what their browser sees and complains about."""

import itertools
import re
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Request, Response, expect

from registry import PASSWORD

GEO_ID = "0a" * 32
BOUNDARY = '{"type": "Polygon", "coordinates": [[[8, 47], [8.5, 47], [8.5, 47.5], [8, 47]]]}'
counter = itertools.count(1)


def new_email() -> str:
    """An address that nobody has."""
    return f"ada{next(counter)}@example.org"


class Visitor:
    """Somebody with a browser of their own, who finds everything by the words on the page."""

    def __init__(self, browser: Browser, url: str, javascript: bool = True, width: int = 1280, scheme: str = "light"):
        self.url = url
        self.context = browser.new_context(
            base_url=url,
            java_script_enabled=javascript,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        self.complaints: list[str] = []
        self.answers: list[Response] = []
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        self.context.on("request", self._expect_own_host)
        self.context.on("requestfailed", self._judge_failure)
        self.context.on("response", lambda answer: self.answers.append(answer))
        self.page = self.context.new_page()

    def open(self, path: str) -> None:
        """Opens a page by its address."""
        self.page.goto(path)

    def press(self, button: str) -> None:
        """Presses a button."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def follow(self, link: str) -> None:
        """Follows a link."""
        self.page.get_by_role("link", name=link, exact=True).click()

    def input(self, label: str) -> Locator:
        """The input with a label."""
        return self.page.locator("input, textarea").and_(self.page.get_by_label(re.compile(f"^{re.escape(label)}")))

    def enter(self, label: str, text: str) -> None:
        """Types into an input."""
        self.input(label).fill(text)

    def choose(self, label: str, option: str) -> None:
        """Chooses from a list."""
        self.page.get_by_role("combobox", name=label, exact=True).select_option(label=option)

    def sign_up(self, email: str, password: str = PASSWORD) -> None:
        """Sends the form "Sign up now"."""
        self.open("/sign-up")
        self.enter("E-mail", email)
        self.enter("Password", password)
        self.press("Sign up")

    def log_in(self, email: str, password: str = PASSWORD) -> None:
        """Sends the Login dialog."""
        self.open("/")
        self.enter("E-mail", email)
        self.enter("Password", password)
        self.press("Log in")

    def arrive(self, email: str) -> None:
        """Signs up and logs in."""
        self.sign_up(email)
        self.sees_heading("Welcome")
        self.log_in(email)
        self.sees_heading("Your account")

    def add_field(self, name: str, geo_id: str = GEO_ID, boundary: str = BOUNDARY) -> None:
        """Sends the form for a new field."""
        self.enter("Name", name)
        self.enter("GeoID", geo_id)
        self.enter("Boundary", boundary)
        self.press("Add field")

    def sees_heading(self, heading: str) -> None:
        """Expects a page with this heading."""
        expect(self.page.get_by_role("heading", name=heading, exact=True, level=1)).to_be_visible()

    def sees_notice(self, notice: str) -> None:
        """Expects to be told that something is done."""
        expect(self.page.get_by_role("status")).to_have_text(notice)

    def sees_mistakes(self, **mistakes: str) -> None:
        """Expects these sentences, each beside its input and in the summary, which leads there; and no others."""
        summary = self.page.get_by_role("alert")
        expect(summary.get_by_role("link")).to_have_text(list(mistakes.values()))
        expect(self.page.locator("[aria-invalid=true]")).to_have_count(len(mistakes))
        for name, sentence in mistakes.items():
            wrong = self.page.locator(f"[name={name}]")
            expect(wrong).to_have_attribute("aria-invalid", "true")
            expect(wrong).to_have_accessible_description(re.compile(f"^Error: {re.escape(sentence)}"))
            expect(summary.get_by_role("link", name=sentence)).to_have_attribute("href", f"#{name}")

    def status(self) -> int:
        """The status of the page."""
        return [answer.status for answer in self.answers if answer.request.is_navigation_request()][-1]

    def leave(self) -> None:
        """Ends the visit. The browser must have had nothing to complain about."""
        self.context.close()
        assert not self.complaints, "\n".join(self.complaints)

    def _hear(self, message: ConsoleMessage) -> None:
        """The console stays empty, but for what Chromium says of any page whose status is an error, and of one whose
        visitor was in a field before the page had come to choose one."""
        refused_page = message.location["url"].split("#")[0] == self.page.url.split("#")[0]
        is_of_error = message.text.startswith("Failed to load resource: the server responded with a status of 4")
        was_faster = message.text.startswith("Autofocus processing was blocked because a document already has a focused")
        if not (refused_page and is_of_error) and not was_faster:
            self.complaints.append(f"console: {message.type}: {message.text} ({message.location['url']})")

    def _expect_own_host(self, request: Request) -> None:
        if urlsplit(request.url).scheme != "data" and not request.url.startswith(f"{self.url}/"):
            self.complaints.append(f"a request to {request.url}")

    def _judge_failure(self, request: Request) -> None:
        """Who goes on before a page is complete gives up the rest of it, and nothing else fails."""
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.url} failed: {request.failure}")
