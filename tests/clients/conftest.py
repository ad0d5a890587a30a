"""What the tests share: a running registry on each engine, and the TypeScript programs, compiled once."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import ENGINES, Registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", params=ENGINES)
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A running registry, one on each engine for the whole session."""
    running = Registry(request.param, tmp_path_factory.mktemp(request.param))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def compiled() -> Path:
    """The folder with the compiled TypeScript programs; their client is made from docs/openapi.json."""
    workshop = Path(os.environ["USER_REGISTRY_TEST_WORKSHOP"])
    sources = workshop / "src"
    shutil.rmtree(sources, ignore_errors=True)
    sources.mkdir()
    for program in [*ROOT.glob("tests/clients/verify/*.ts"), *ROOT.glob("tests/clients/walk/*.ts")]:
        shutil.copy(program, sources)
    settings = {"target": "es2022", "module": "nodenext", "strict": True, "noUncheckedIndexedAccess": True}
    settings |= {"types": ["node"], "outDir": "../out", "rootDir": "."}
    (sources / "tsconfig.json").write_text(json.dumps({"compilerOptions": settings, "include": ["*.ts"]}))
    document, types = ROOT / "docs/openapi.json", sources / "registry.ts"
    node(workshop, "openapi-typescript", str(document), "--output", str(types))
    node(workshop, "tsc", "--project", str(sources))
    return workshop / "out"


def node(workshop: Path, tool: str, *arguments: str) -> str:
    """Runs a tool that npm installed, and gives what it prints."""
    command = [str(workshop / "node_modules/.bin" / tool), *arguments]
    done = subprocess.run(command, cwd=workshop, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{tool}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr
