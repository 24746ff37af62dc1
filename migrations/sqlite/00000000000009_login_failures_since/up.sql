-- Expired rows are found by their time, also when there are millions of others.
CREATE INDEX IF NOT EXISTS "login_failures_since" ON "login_failures" ("since");

INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'actix_auth', '0002_login_failures_since', CURRENT_TIMESTAMP
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'actix_auth' AND "name" = '0002_login_failures_since');
