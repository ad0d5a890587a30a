"""docs/openapi.json is a good OpenAPI document, and a client that is made from it works."""

import json
import os
import subprocess
import time
from pathlib import Path

import openapi_spec_validator

from conftest import ROOT, node
from registry import Registry

DOCUMENT = ROOT / "docs/openapi.json"


def test_the_document_is_valid():
    openapi_spec_validator.validate(json.loads(DOCUMENT.read_text()))


def test_a_linter_finds_no_error():
    workshop = Path(os.environ["USER_REGISTRY_TEST_WORKSHOP"])
    (workshop / "redocly.yaml").write_text("extends: [recommended]\ntelemetry: off\n")
    node(workshop, "redocly", "lint", "--config", str(workshop / "redocly.yaml"), str(DOCUMENT))


def test_a_generated_client_walks_through_the_api(registry: Registry, compiled: Path):
    email = f"walk-{time.monotonic_ns()}@example.org"
    command = ["node", str(compiled / "walk.js"), registry.url, email]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "walked\n"), done.stderr
