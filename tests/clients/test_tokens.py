"""Three common libraries read our access tokens as docs/verify-tokens.md shows it."""

import base64
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from issuer import Issuer
from registry import Registry

HERE = Path(__file__).parent
HOUR = 3600


@pytest.fixture(params=["PyJWT", "jose", "jsonwebtoken"])
def verifier(request: pytest.FixtureRequest) -> list[str]:
    """How to start the sample that uses this library."""
    if request.param == "PyJWT":
        return [sys.executable, str(HERE / "verify/verify_tokens.py")]
    if request.param == "jose":
        return ["node", str(request.getfixturevalue("compiled") / "verify_tokens.js")]
    return [os.environ["USER_REGISTRY_TEST_VERIFIER"]]


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """An issuer whose key the tests hold."""
    started = Issuer()
    yield started
    started.close()


def read(verifier: list[str], issuer: str, tokens: list[str]) -> list[dict | None]:
    """What the sample reads in each token; `None` where it refuses one."""
    done = subprocess.run(
        [*verifier, issuer], input="\n".join(tokens) + "\n", capture_output=True, text=True, timeout=60, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(tokens), done.stdout + done.stderr
    return [None if line.startswith("refused: ") else json.loads(line) for line in lines]


def test_our_tokens_are_accepted_and_forged_ones_are_not(registry: Registry, verifier: list[str]):
    email = f"{Path(verifier[-1]).name}-{time.monotonic_ns()}@example.org"
    user, tokens = registry.new_user(email)
    genuine = tokens["access_token"]
    first, *forged = read(verifier, registry.url, [genuine, *forgeries(registry, genuine)])

    assert first["sub"] == user and first["iss"] == registry.url and first["email"] == email
    assert first["exp"] - first["iat"] == tokens["expires_in"]
    assert (first["is_activated"], first["roles"], first["amr"]) == (False, [], ["pwd"])
    assert {"jti", "sid", "auth_time", "nbf"} <= first.keys() and "domain" not in first
    assert len(forged) == 6 and not any(forged)


def test_each_single_fault_is_refused(issuer: Issuer, verifier: list[str]):
    now = int(time.time())
    faulty = [
        issuer.token(exp=now - HOUR),
        issuer.token(exp=None),
        issuer.token(nbf=now + HOUR),
        issuer.token(iss="http://127.0.0.1:1"),
        issuer.token(iss=None),
        issuer.token(sub=None),
        issuer.token({"typ": "JWT"}),
        issuer.token({"typ": None}),
        issuer.token({"kid": "unknown"}),
        "not a token",
    ]
    faultless, *refused = read(verifier, issuer.url, [issuer.token(), *faulty])
    assert faultless["sub"] == "somebody"
    assert refused == [None] * len(faulty)


def forgeries(registry: Registry, genuine: str) -> list[str]:
    """What somebody without our key can make of a genuine token."""
    header = jwt.get_unverified_header(genuine)
    claims = jwt.decode(genuine, options={"verify_signature": False})
    more = claims | {"roles": ["administrator"]}
    head, _, signature = genuine.split(".")
    [published] = [key for key in registry.call("GET", "/.well-known/jwks.json")[1]["keys"] if key["kid"] == header["kid"]]
    public = jwt.PyJWK(published).key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    own = ec.generate_private_key(ec.SECP256R1())
    own_public = jwt.algorithms.ECAlgorithm.to_jwk(own.public_key(), as_dict=True)
    confused = f"{encoded(header | {'alg': 'HS256'})}.{encoded(more)}"
    return [
        f"{head}.{encoded(more)}.{signature}",
        f"{encoded(header | {'alg': 'none'})}.{encoded(more)}.",
        f"{confused}.{jwt.utils.base64url_encode(hmac_of(public, confused)).decode()}",
        jwt.encode(more, own, "ES256", header),
        jwt.encode(more, own, "ES256", header | {"jwk": own_public, "kid": "mine"}),
        jwt.encode(more, own, "ES256", header | {"jku": "http://127.0.0.1:1/jwks.json"}),
    ]


def encoded(part: dict) -> str:
    """A part of a token, as it is written."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def hmac_of(key: bytes, message: str) -> bytes:
    """HMAC-SHA-256. PyJWT itself refuses to take a public key for the secret."""
    return hmac.digest(key, message.encode(), "sha256")
