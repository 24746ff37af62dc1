-- Keys for `Authorization: Token …`. As `rest_framework.authtoken` leaves them after its last migration.
CREATE TABLE IF NOT EXISTS "authtoken_token" (
    "key" varchar(40) NOT NULL PRIMARY KEY,
    "created" datetime NOT NULL,
    "user_id" integer NOT NULL UNIQUE REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED
);

-- A database that Django made has some of these rows; whether it is up to date is then for Django to say.
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'authtoken', "column1", CURRENT_TIMESTAMP
FROM (
    VALUES
        ('0001_initial'),
        ('0002_auto_20160226_1747'),
        ('0003_tokenproxy'),
        ('0004_alter_tokenproxy_options')
) AS "names"
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'authtoken');
