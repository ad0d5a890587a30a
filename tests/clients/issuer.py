"""An issuer whose private key the tests hold, so that a token can be wrong in one point only."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

KEY_ID = "the-tests"


class Issuer:
    """Publishes its key where a user registry does, and signs what it is asked to."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        keys = {"keys": [public | {"kid": KEY_ID, "alg": "ES256", "use": "sig"}]}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), publisher_of(json.dumps(keys).encode()))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def token(self, header: dict | None = None, **claims: object) -> str:
        """A faultless token, but for these header fields and claims; `None` leaves one out."""
        now = int(time.time())
        faultless = {"iss": self.url, "sub": "somebody", "iat": now, "nbf": now, "exp": now + 900}
        wanted = {name: value for name, value in (faultless | claims).items() if value is not None}
        return jwt.encode(wanted, self._key, "ES256", {"typ": "at+jwt", "kid": KEY_ID} | (header or {}))

    def close(self) -> None:
        """Stops publishing."""
        self._server.shutdown()
        self._server.server_close()


def publisher_of(document: bytes) -> type[BaseHTTPRequestHandler]:
    """Answers every GET with the document."""

    class Publisher(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_: object) -> None:
            pass

    return Publisher
