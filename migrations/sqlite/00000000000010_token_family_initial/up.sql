-- Token families, with the tables of simplejwt's proposal. Unlike in the proposal, the database itself clears "user_id" when a
-- user is deleted. Otherwise a Django on the same database that does not know the table could not delete users.
CREATE TABLE IF NOT EXISTS "token_family_tokenfamily" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "family_id" varchar(255) NOT NULL UNIQUE,
    "created_at" datetime NOT NULL,
    "expires_at" datetime NULL,
    "user_id" integer NULL
        REFERENCES "auth_user" ("id") ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX IF NOT EXISTS "token_family_tokenfamily_user_id_20a95a6d" ON "token_family_tokenfamily" ("user_id");

CREATE TABLE IF NOT EXISTS "token_family_blacklistedtokenfamily" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "blacklisted_at" datetime NOT NULL,
    "family_id" bigint NOT NULL UNIQUE
        REFERENCES "token_family_tokenfamily" ("id") ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);

-- If Django has made the table, its migrations are recorded. Then this adds nothing, and Django applies missing migrations.
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'token_family', "column1", CURRENT_TIMESTAMP
FROM (
    VALUES
        ('0001_initial')
) AS "names"
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'token_family');
