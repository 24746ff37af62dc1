-- The account and the address of each count of failed logins, so that an administrator can see and delete the count. The name of
-- the account is hashed, because people sometimes type a password into that field. Counts of earlier versions have no row here.
CREATE TABLE IF NOT EXISTS "login_failure_origins" (
    "attempt" varchar(64) NOT NULL PRIMARY KEY REFERENCES "login_failures" ("attempt") ON DELETE CASCADE,
    "account" varchar(64) NULL,
    "address" varchar(64) NOT NULL
);
CREATE INDEX IF NOT EXISTS "login_failure_origins_account" ON "login_failure_origins" ("account");
CREATE INDEX IF NOT EXISTS "login_failure_origins_address" ON "login_failure_origins" ("address");

INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'actix_auth', '0003_login_failure_origins', CURRENT_TIMESTAMP
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'actix_auth' AND "name" = '0003_login_failure_origins');
