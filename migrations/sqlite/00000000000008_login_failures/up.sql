-- Failed logins, for LOGIN_FAILURE_LIMIT. Django does not have this table. Earlier versions made it when a server started.
CREATE TABLE IF NOT EXISTS "login_failures" (
    "attempt" varchar(64) NOT NULL PRIMARY KEY,
    "failures" integer NOT NULL,
    "since" bigint NOT NULL
);

INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'actix_auth', '0001_login_failures', CURRENT_TIMESTAMP
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'actix_auth' AND "name" = '0001_login_failures');
