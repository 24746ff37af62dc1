-- An index that finds expired rows by their time, even among millions of other rows.
CREATE INDEX IF NOT EXISTS "login_failures_since" ON "login_failures" ("since");

INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'actix_auth', '0002_login_failures_since', CURRENT_TIMESTAMP
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'actix_auth' AND "name" = '0002_login_failures_since');
