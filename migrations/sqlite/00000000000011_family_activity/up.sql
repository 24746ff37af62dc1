-- Tables about token families that simplejwt's proposal does not have. "family_activity" has the current token and the last
-- client of each family. Every change of a family locks its row. "family_token" has the rotated tokens and their successors.
CREATE TABLE IF NOT EXISTS "family_activity" (
    "family_id" integer NOT NULL PRIMARY KEY REFERENCES "token_family_tokenfamily" ("id") ON DELETE CASCADE,
    "jti" varchar(255) NOT NULL,
    "rotated_at" datetime NULL,
    "last_refresh" datetime NOT NULL,
    "ip_address" varchar(45) NULL,
    "user_agent" varchar(255) NOT NULL,
    "reused_at" datetime NULL,
    "ended_at" datetime NULL,
    "ended_by" varchar(20) NULL
);

-- It has no index by family and no foreign key, because every rotation would write one more page for each. Rows are deleted after
-- their token has expired.
CREATE TABLE IF NOT EXISTS "family_token" (
    "jti" varchar(255) NOT NULL PRIMARY KEY,
    "family_id" bigint NOT NULL,
    "successor" varchar(255) NULL
) WITHOUT ROWID;

INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'actix_token_family', '0001_family_activity', CURRENT_TIMESTAMP
WHERE NOT EXISTS (
    SELECT 1 FROM "django_migrations" WHERE "app" = 'actix_token_family' AND "name" = '0001_family_activity'
);
