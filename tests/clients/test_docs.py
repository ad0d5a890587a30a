"""The documentation says what is: quotes, links and the walk of the README."""

import re
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT
from registry import Registry

PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PLACE = re.compile(r"`((?:crates|docs|migrations|scripts|tests)/[\w./-]+)`")
FROM_RUN_TO_RUN = re.compile(
    r"eyJ[\w.…-]+|ur[rt]_[0-9a-f…]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+\+00:00"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_what_there_is(page: Path):
    text = page.read_text()
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []
    assert [place for place in PLACE.findall(text) if not (ROOT / place).exists()] == []


def test_quotes_are_what_they_quote():
    blocks = re.findall(r"```(?:python|typescript|rust)\n(.*?)```", (ROOT / "docs/verify-tokens.md").read_text(), re.S)
    assert blocks == [(ROOT / f"tests/clients/verify/verify_tokens.{end}").read_text() for end in ("py", "ts", "rs")]
    [block] = re.findall(r"```rust\n(.*?)```", (ROOT / "docs/testing.md").read_text(), re.S)
    assert block in (ROOT / "crates/domain-example/src/log_in.rs").read_text()


def test_the_walk_of_the_readme(registry: Registry):
    walk = "\n".join(re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.S))
    email = "walker@example.org"
    told, got, token = [], [], ""
    for line in walk.replace("http://127.0.0.1:8080", registry.url).replace("ada@example.org", email).splitlines():
        if line.startswith("$ TOKEN="):
            continue
        if line.startswith("$ "):
            got += run(line[2:], token).splitlines()
            token = next(iter(re.findall(r'"access_token":"([^"]+)"', got[-1])), token)
        elif line:
            told.append(line)
    assert [FROM_RUN_TO_RUN.sub("…", line) for line in got] == [FROM_RUN_TO_RUN.sub("…", line) for line in told]
    assert len(told) == 6


def run(command: str, token: str) -> str:
    """What a shell prints."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TOKEN": token}
    return subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True).stdout
