"""The real program on an empty database, and somebody who calls it."""

import itertools
import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg

ENGINES = ["sqlite", "postgresql"]
PASSWORD = "bright-kettle-under-glass"
counter = itertools.count()


class Registry:
    """A running server. It listens on the loopback address only."""

    def __init__(self, engine: str, folder: Path, settings: dict[str, str] | None = None):
        self.folder = folder
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("USER_REGISTRY_")}
        environment |= settings or {}
        environment |= {"USER_REGISTRY_LISTEN": f"127.0.0.1:{port}", "USER_REGISTRY_DATA_DIR": str(folder / "data")}
        # Everybody in these tests comes from one address, and some of them try a great deal.
        environment["USER_REGISTRY_THROTTLES"] = "off"
        if engine == "postgresql":
            environment["USER_REGISTRY_DATABASE_URL"] = new_database()
        self.environment = environment
        self.log = folder / "log"
        with self.log.open("wb") as log:
            program = os.environ["USER_REGISTRY_TEST_PROGRAM"]
            self.process = subprocess.Popen(
                [program, "serve"], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait_until_ready()

    def call(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, dict]:
        """The status and the JSON of an answer."""
        request = urllib.request.Request(self.url + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        if token:
            request.add_header("authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as answer:
            return answer.code, json.loads(answer.read() or b"{}")

    def run(self, *arguments: str, said: str = "") -> str:
        """What a command prints beside the server; `said` is its standard input."""
        command = [os.environ["USER_REGISTRY_TEST_PROGRAM"], *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, input=said, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def new_user(self, email: str) -> tuple[str, dict]:
        """Signs somebody up and in: their id, and the answer to the login."""
        status, user = self.call("POST", "/signup", {"email": email, "password": PASSWORD})
        assert status == 201, user
        status, tokens = self.call("POST", "/login", {"email": email, "password": PASSWORD})
        assert status == 200, tokens
        return user["id"], tokens

    def stop(self) -> None:
        """Ends the program as an operator would."""
        self.process.terminate()
        assert self.process.wait(timeout=30) == 0, self.log.read_text()

    def _wait_until_ready(self) -> None:
        for _ in range(600):
            assert self.process.poll() is None, f"the program ended: {self.log.read_text()}"
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=30):
                    return
            except OSError:
                time.sleep(0.1)
        self.process.kill()
        raise AssertionError(f"the program is not ready: {self.log.read_text()}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        return candidate.getsockname()[1]


def new_database() -> str:
    """The URL of a new database on the tests' PostgreSQL server, which goes away with its databases."""
    server = os.environ["USER_REGISTRY_TEST_POSTGRES_URL"]
    name = f"clients_{os.getpid()}_{next(counter)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return re.sub(r"/[^/?]*(\?|$)", rf"/{name}\1", server, count=1)
