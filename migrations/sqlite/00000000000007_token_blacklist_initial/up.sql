-- Outstanding and blacklisted tokens, as they are after the last migration of simplejwt's `token_blacklist`.
CREATE TABLE IF NOT EXISTS "token_blacklist_outstandingtoken" (
    "token" text NOT NULL,
    "created_at" datetime NULL,
    "expires_at" datetime NOT NULL,
    "user_id" integer NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED,
    "jti" varchar(255) NOT NULL UNIQUE,
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT
);
CREATE INDEX IF NOT EXISTS "token_blacklist_outstandingtoken_user_id_83bc629a"
    ON "token_blacklist_outstandingtoken" ("user_id");

CREATE TABLE IF NOT EXISTS "token_blacklist_blacklistedtoken" (
    "blacklisted_at" datetime NOT NULL,
    "token_id" bigint NOT NULL UNIQUE
        REFERENCES "token_blacklist_outstandingtoken" ("id") DEFERRABLE INITIALLY DEFERRED,
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT
);

-- If Django has made the table, its migrations are recorded. Then this adds nothing, and Django applies missing migrations.
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'token_blacklist', "column1", CURRENT_TIMESTAMP
FROM (
    VALUES
        ('0001_initial'),
        ('0002_outstandingtoken_jti_hex'),
        ('0003_auto_20171017_2007'),
        ('0004_auto_20171017_2013'),
        ('0005_remove_outstandingtoken_jti'),
        ('0006_auto_20171017_2113'),
        ('0007_auto_20171017_2214'),
        ('0008_migrate_to_bigautofield'),
        ('0010_fix_migrate_to_bigautofield'),
        ('0011_linearizes_history'),
        ('0012_alter_outstandingtoken_user'),
        ('0013_alter_blacklistedtoken_options_and_more')
) AS "names"
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'token_blacklist');
