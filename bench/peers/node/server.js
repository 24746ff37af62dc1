// The same endpoints on fastify, better-sqlite3 and fast-jwt; SQLite only, one process.
//
// Reads DATABASE_URL, SECRET_KEY, PORT and SIMPLE_JWT_ROTATE_REFRESH_TOKENS.
import { pbkdf2, randomUUID, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import Database from "better-sqlite3";
import { createSigner, createVerifier } from "fast-jwt";
import Fastify from "fastify";

const derive = promisify(pbkdf2);
const { DATABASE_URL, SECRET_KEY, PORT, SIMPLE_JWT_ROTATE_REFRESH_TOKENS } = process.env;
const rotating = SIMPLE_JWT_ROTATE_REFRESH_TOKENS === "true";

const db = new Database(DATABASE_URL.replace("sqlite://", ""), { timeout: 20000 });
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.pragma("foreign_keys = ON");
const userById = db.prepare("SELECT id, username FROM auth_user WHERE id = ? AND is_active");
const userByName = db.prepare("SELECT id, password FROM auth_user WHERE username = ? AND is_active");
const blacklistedByJti = db.prepare(
  "SELECT 1 FROM token_blacklist_blacklistedtoken b JOIN token_blacklist_outstandingtoken o ON o.id = b.token_id WHERE o.jti = ?",
);
const outstandingByJti = db.prepare("SELECT id FROM token_blacklist_outstandingtoken WHERE jti = ?");
const addOutstanding = db.prepare(
  "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti) VALUES (?, ?, ?, ?, ?)",
);
const addBlacklisted = db.prepare(
  "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) VALUES (?, ?)",
);

const sign = createSigner({ key: SECRET_KEY, algorithm: "HS256" });
// A token in a header comes with every request and is verified once. A token in a body comes only once.
const [remember, decode] = [4096, false].map((cache) => createVerifier({ key: SECRET_KEY, algorithms: ["HS256"], cache }));
const databaseTime = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");

function token(kind, seconds, user) {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { token_type: kind, exp: iat + seconds, iat, jti: randomUUID().replaceAll("-", ""), user_id: user };
  return { text: sign(claims), claims };
}

function record({ text, claims }) {
  const { iat, exp, user_id, jti } = claims;
  return addOutstanding.run(text, databaseTime(iat), databaseTime(exp), Number(user_id), jti).lastInsertRowid;
}

function usable(claims) {
  return !blacklistedByJti.get(claims.jti) && userById.get(Number(claims.user_id));
}

const rotate = db.transaction((old, successor) => {
  if (!usable(old.claims)) return false;
  const id = outstandingByJti.get(old.claims.jti)?.id ?? record(old);
  addBlacklisted.run(databaseTime(Date.now() / 1000), id);
  record(successor);
  return true;
}).immediate;

function claimsOf(text, kind, read = decode) {
  try {
    const claims = read(text);
    return kind === undefined || claims.token_type === kind ? claims : undefined;
  } catch {
    return undefined;
  }
}

const app = Fastify({ logger: false });
const refuse = (reply) => reply.code(401).send({ detail: "refused" });

app.get("/api/protected/", (request, reply) => {
  const claims = claimsOf(request.headers.authorization?.slice("Bearer ".length), "access", remember);
  const user = claims && userById.get(Number(claims.user_id));
  if (!user) return refuse(reply);
  reply.send({ message: "Hello, authenticated user!", user: user.username });
});

app.post("/api/token/verify/", (request, reply) => {
  const claims = claimsOf(request.body.token);
  if (!claims || blacklistedByJti.get(claims.jti)) return refuse(reply);
  reply.send({});
});

app.post("/api/token/refresh/", (request, reply) => {
  const claims = claimsOf(request.body.refresh, "refresh");
  if (!claims) return refuse(reply);
  const access = token("access", 3600, claims.user_id).text;
  if (!rotating) return usable(claims) ? reply.send({ access }) : refuse(reply);
  const successor = token("refresh", 86400, claims.user_id);
  if (!rotate({ text: request.body.refresh, claims }, successor)) return refuse(reply);
  reply.send({ access, refresh: successor.text });
});

app.post("/api/token/", async (request, reply) => {
  const user = userByName.get(request.body.username);
  const [, iterations, salt, hash] = user?.password.split("$") ?? [];
  const wanted = Buffer.from(hash ?? "", "base64");
  const given = await derive(request.body.password, salt ?? "", Number(iterations ?? 1000000), 32, "sha256");
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return refuse(reply);
  const refresh = token("refresh", 86400, String(user.id));
  record(refresh);
  return { refresh: refresh.text, access: token("access", 3600, String(user.id)).text };
});

await app.listen({ host: "127.0.0.1", port: Number(PORT) });
