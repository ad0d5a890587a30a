// Verifies access tokens of a user registry with jose: `node verify_tokens.js ISSUER` reads one a line.
import { createInterface } from "node:readline";
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from "jose";

export function verifier(issuer: string): (token: string) => Promise<JWTPayload> {
  // Fetches the keys when they are first needed, keeps them for five minutes, and fetches them
  // again when a token names a key that is not among them.
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), { cacheMaxAge: 300_000 });
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, {
      typ: "at+jwt",
      // The key says which of them it is for; the token has no say in it.
      algorithms: ["ES256", "EdDSA", "RS256"],
      issuer,
      clockTolerance: 30,
      requiredClaims: ["iss", "sub", "iat", "nbf", "exp"],
    });
    return payload;
  };
}

const verify = verifier(process.argv[2] ?? "");
for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify(await verify(line)));
  } catch (error) {
    console.log(`refused: ${error}`);
  }
}
