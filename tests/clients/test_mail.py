"""Letters go out by SMTP to a server that is not ours: aiosmtpd, with STARTTLS and a login."""

import datetime
import email
import email.policy
import ipaddress
import re
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from registry import ENGINES, PASSWORD, Registry, free_port

LOGIN = (b"registry", b"canary-of-the-mail-server")


class Mailbox:
    """A mail server on the loopback address that takes letters over TLS from who has logged in."""

    def __init__(self, folder: Path):
        self.authority = folder / "server.pem"
        key = folder / "server.key"
        certificate(self.authority, key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, key)
        self._arrived = threading.Condition()
        self._letters: list[tuple[Envelope, bool]] = []
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            auth_require_tls=True,
            authenticator=authenticate,
        )
        self._controller.start()
        self.port = self._controller.port

    async def handle_DATA(self, _server: object, session: Session, envelope: Envelope) -> str:
        """Keeps a letter."""
        with self._arrived:
            self._letters.append((envelope, session.ssl is not None))
            self._arrived.notify_all()
        return "250 taken"

    def letters(self, count: int) -> list[tuple[Envelope, bool]]:
        """Waits until there are so many letters, and gives them all; and whether each came over TLS."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._letters) >= count, timeout=30), self._letters
            return list(self._letters)

    def stop(self) -> None:
        """Ends the server."""
        self._controller.stop()


def authenticate(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
    """Lets one login in."""
    good = isinstance(data, LoginPassword) and (data.login, data.password) == LOGIN
    return AuthResult(success=good, handled=good)


def certificate(path: Path, key_path: Path) -> None:
    """A certificate of its own for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the mail server of a test")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


@pytest.fixture(params=ENGINES)
def mailing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Registry, Mailbox]]:
    """A registry and the mail server that its letters go to."""
    mailbox = Mailbox(tmp_path)
    user, password = (part.decode() for part in LOGIN)
    url = f"smtp://{user}:{password}@localhost:{mailbox.port}?tls=required&ca={mailbox.authority}"
    registry = Registry(request.param, tmp_path, {"USER_REGISTRY_MAIL_URL": url})
    yield registry, mailbox
    registry.stop()
    mailbox.stop()


def token_in(envelope: Envelope) -> str:
    """The token in the link of a letter's plain text."""
    letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
    text = letter.get_body(preferencelist=("plain",)).get_content()
    found = re.search(r"\?token=(urm_[0-9a-f]+)", text)
    assert found, text
    return found[1]


def test_addresses_are_verified_and_passwords_reset_over_smtp(mailing: tuple[Registry, Mailbox]) -> None:
    registry, mailbox = mailing
    _, tokens = registry.new_user("Ada@example.org")
    envelope, over_tls = mailbox.letters(1)[0]
    assert over_tls
    assert envelope.rcpt_tos == ["Ada@example.org"]
    assert registry.call("POST", "/email/verification/confirm", {"token": token_in(envelope)})[0] == 200
    assert registry.call("GET", "/me", token=tokens["access_token"])[1]["is_activated"] is True

    assert registry.call("POST", "/password/forgot", {"email": "ada@example.org"})[0] == 202
    envelope, _ = mailbox.letters(2)[1]
    body = {"token": token_in(envelope), "new_password": f"{PASSWORD}-again"}
    assert registry.call("POST", "/password/reset", body)[0] == 200
    assert registry.call("POST", "/password/reset", body)[0] == 422
    assert registry.call("POST", "/login", {"email": "ada@example.org", "password": f"{PASSWORD}-again"})[0] == 200

    # The owner is told of the new password, by a letter that opens nothing; no letter goes out twice.
    envelopes = [envelope for envelope, _ in mailbox.letters(3)]
    assert b"urm_" not in envelopes[2].content
    time.sleep(2)
    ids = [email.message_from_bytes(envelope.content)["message-id"] for envelope, _ in mailbox.letters(3)]
    assert len(ids) == len(set(ids)) == 3
    assert "canary-of-the-mail-server" not in registry.log.read_text()
