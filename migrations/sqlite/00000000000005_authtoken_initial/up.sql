-- Keys for `Authorization: Token …`. The table is as it is after the last migration of `rest_framework.authtoken`.
CREATE TABLE IF NOT EXISTS "authtoken_token" (
    "key" varchar(40) NOT NULL PRIMARY KEY,
    "created" datetime NOT NULL,
    "user_id" integer NOT NULL UNIQUE REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED
);

-- If Django has made the table, its migrations are recorded. Then this adds nothing, and Django applies missing migrations.
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
