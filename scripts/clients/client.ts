// A client by openapi-typescript and openapi-fetch: logs in, reads a protected view, refreshes, logs out.
// Types are checked by tsc, answers when it runs.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const { BASE_URL, API_USER, API_PASSWORD } = process.env as Record<string, string>;
const client = createClient<paths>({ baseUrl: BASE_URL });

const login = await client.POST("/api/token/", { body: { username: API_USER, password: API_PASSWORD } });
assert(login.data, JSON.stringify(login.error));
const tokens: { access: string; refresh: string } = login.data;

const headers = { Authorization: `Bearer ${tokens.access}` };
const answer = await client.GET("/api/protected/", { headers });
assert(answer.data, JSON.stringify(answer.error));
const user: string = answer.data.user;
assert.equal(user, API_USER);

const refreshed = await client.POST("/api/token/refresh/", { body: { refresh: tokens.refresh } });
const access: string | undefined = refreshed.data?.access;
assert.match(access ?? "", /^[\w-]+\.[\w-]+\.[\w-]+$/);

const refused = await client.POST("/api/token/refresh/", { body: { refresh: "x" } });
assert.equal(refused.response.status, 401);
assert.equal(refused.data, undefined);

await client.POST("/api/token/blacklist/", { body: { refresh: tokens.refresh } });
const spent = await client.POST("/api/token/refresh/", { body: { refresh: tokens.refresh } });
assert.equal(spent.response.status, 401);
console.log("openapi-fetch: ok");
