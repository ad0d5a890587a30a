// Walks through the API with a client made from docs/openapi.json: `node walk.js URL EMAIL`.
import { strict as assert } from "node:assert";
import createClient from "openapi-fetch";
import type { paths } from "./registry.js";

const [baseUrl = "", email = ""] = process.argv.slice(2);
const password = "bright-kettle-under-glass";
const client = createClient<paths>({ baseUrl });

const signedUp = await client.POST("/signup", { body: { email, password } });
assert.equal(signedUp.response.status, 201);

const loggedIn = await client.POST("/login", { body: { email, password } });
assert(loggedIn.data);
let headers = { authorization: `Bearer ${loggedIn.data.access_token}` };

const me = await client.GET("/me", { headers });
assert(me.data);
assert.equal(me.data.email, email);

const updated = await client.PATCH("/update", { headers, body: { phone_number: "+14155552671" } });
assert(updated.data);
assert.equal(updated.data.phone_number, "+14155552671");

const refused = await client.PATCH("/update", { headers, body: { phone_number: "12" } });
assert.equal(refused.response.status, 422);

const boundary = { type: "Polygon" as const, coordinates: [[[8, 47], [8.5, 47], [8.5, 47.5], [8, 47]]] };
const field = await client.POST("/me/fields", { headers, body: { name: "North", geo_id: "0a".repeat(32), boundary } });
assert(field.data);
const fields = await client.GET("/me/fields", { headers });
assert(fields.data);
assert.deepEqual(fields.data.fields.map((each) => each.id), [field.data.id]);
const removed = await client.DELETE("/me/fields/{id}", { headers, params: { path: { id: field.data.id } } });
assert.equal(removed.response.status, 204);

const refreshed = await client.POST("/refresh", { body: { refresh_token: loggedIn.data.refresh_token } });
assert(refreshed.data);
headers = { authorization: `Bearer ${refreshed.data.access_token}` };

const loggedOut = await client.POST("/logout", { headers });
assert.equal(loggedOut.response.status, 200);
assert.equal((await client.GET("/me", { headers })).response.status, 401);
console.log("walked");
