"""Whatever the OpenAPI document allows or forbids is answered as it says: Schemathesis asks."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from registry import ENGINES, PASSWORD, Registry

# How many bodies and parameters are made up for each operation, and how many requests come of that at least;
# `make torture` asks for many more.
EXAMPLES = os.environ.get("USER_REGISTRY_TEST_EXAMPLES", "5")
LEAST = int(os.environ.get("USER_REGISTRY_TEST_LEAST_REQUESTS", "100"))
EMAIL = "grace@example.org"
# These would end the session that asks, or lock its password out of it.
APART = "^/(logout|password/change|sessions/)"

# A body that is too long is refused before it is read. And whoever asks for longer than an access token lives logs in
# again: every five minutes, and whenever one is refused.
SETTINGS = f"""
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 409, 413, 415, 422, 429, 431]

[auth.dynamic.openapi.bearerAuth]
path = "/login"
payload = {{ email = "{EMAIL}", password = "{PASSWORD}" }}
extract_selector = "/access_token"
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_every_answer_is_as_the_document_says(engine: str, tmp_path: Path):
    registry = Registry(engine, tmp_path)
    registry.run("users", "create", "--email", EMAIL, "--admin", "--password-stdin", said=PASSWORD)
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{registry.url}/openapi.json"),
            *("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", EXAMPLES),
            # A schema cannot say all that a value must be: it may be a token of a mail, or a polygon that is none. And to
            # put a domain into the table does not make an authority token for it.
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance,ensure_resource_availability"),
            # A machine that stands still for some seconds is no fault of an answer.
            *("--request-timeout", "60", "--max-response-time", "60"),
            *("--exclude-path-regex", APART, "--continue-on-failure", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    registry.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    asked = re.search(r"(\d+) generated, \1 passed", done.stdout)
    assert asked and int(asked[1]) >= LEAST, done.stdout
    print(f"{engine}: {asked[0]}")
