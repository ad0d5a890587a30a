"""What the tests share: a running registry on each engine, a browser, and visitors that use it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from registry import ENGINES, Registry
from visitor import Visitor

# Nothing but this machine can be reached, not even by what a page does not report, such as the icon of a tab.
OPTIONS = ["--disable-gpu", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


@pytest.fixture(scope="session")
def start_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Registry]]:
    """Gives the running registry on an engine, one for the whole session."""
    running: dict[str, Registry] = {}

    def start(engine: str) -> Registry:
        if engine not in running:
            running[engine] = Registry(engine, tmp_path_factory.mktemp(engine))
        return running[engine]

    yield start
    for registry in running.values():
        registry.stop()


@pytest.fixture(params=ENGINES)
def registry(request: pytest.FixtureRequest, start_registry: Callable[[str], Registry]) -> Registry:
    """The registry on each engine."""
    return start_registry(request.param)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    # A page may take its time on a busy machine; what never comes still fails.
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=OPTIONS)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes a visitor of a registry, with a clean browser of their own, and judges at the end what the browser saw."""
    visitors: list[Visitor] = []

    def arrive(registry: Registry, **options: object) -> Visitor:
        visitors.append(Visitor(browser, registry.url, **options))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.leave()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder for what the pages look like."""
    return Path(os.environ["USER_REGISTRY_TEST_SCREENSHOTS"])
