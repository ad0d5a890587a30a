"""Verifies access tokens of a user registry with PyJWT: `verify_tokens.py ISSUER` reads one a line."""

import json
import sys

import jwt


class Verifier:
    def __init__(self, issuer: str):
        self.issuer = issuer
        # Fetches the keys when they are first needed, keeps them for five minutes, and fetches them
        # again when a token names a key that is not among them.
        self.keys = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json", lifespan=300)

    def claims(self, token: str) -> dict:
        """The claims of a genuine token; raises `jwt.PyJWTError` for any other."""
        if jwt.get_unverified_header(token).get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("this is not an access token")
        return jwt.decode(
            token,
            # The key says which algorithm it is for; the token has no say in it.
            self.keys.get_signing_key_from_jwt(token),
            algorithms=["ES256", "EdDSA", "RS256"],
            issuer=self.issuer,
            leeway=30,
            options={"require": ["iss", "sub", "iat", "nbf", "exp"]},
        )


if __name__ == "__main__":
    verifier = Verifier(sys.argv[1])
    for line in sys.stdin:
        try:
            print(json.dumps(verifier.claims(line.strip())), flush=True)
        except jwt.PyJWTError as error:
            print(f"refused: {error}", flush=True)
