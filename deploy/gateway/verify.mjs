// Answers the auth_request of jwks.conf: 204 with the id of the user, or 401. Needs Node 20 and the package `jose`:
//
//     npm install jose && JWKS_URL=https://auth.example.org/.well-known/jwks.json node verify.mjs
//
// ALGORITHM is SIMPLE_JWT_ALGORITHM, and ISSUER and AUDIENCE are those of the tokens, if they have any. MAX_AGE is at most
// SIMPLE_JWT_JWKS_MAX_AGE, in seconds.

import { createServer } from "node:http";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const { JWKS_URL, ALGORITHM = "ES256", ISSUER, AUDIENCE, PORT = "9001", MAX_AGE = "600" } = process.env;
const cacheMaxAge = Number(MAX_AGE) * 1000;
const keys = createRemoteJWKSet(new URL(JWKS_URL), { cacheMaxAge, cooldownDuration: Math.min(30_000, cacheMaxAge / 2) });
const rules = { algorithms: [ALGORITHM], issuer: ISSUER, audience: AUDIENCE, requiredClaims: ["exp"] };

createServer(async (request, response) => {
    let status = 401;
    try {
        const [, token] = /^Bearer +(\S+)$/.exec(request.headers.authorization ?? "") ?? [];
        const { payload } = await jwtVerify(token ?? "", keys, rules);
        // A refresh token is not accepted.
        if (payload.token_type === "access") {
            status = 204;
            response.setHeader("X-User", String(payload.user_id));
        }
    } catch (error) {
        // The login service did not answer: that says nothing about the token.
        if (!(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout) status = 500;
        if (process.env.VERBOSE) console.error(error.code ?? error.message);
    }
    if (status === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="api"');
    response.writeHead(status).end();
}).listen(Number(PORT), "127.0.0.1");
