-- Sessions of the admin site, and of a Django on the same database. The table is that of Django's `sessions`.
CREATE TABLE IF NOT EXISTS "django_session" (
    "session_key" varchar(40) NOT NULL PRIMARY KEY,
    "session_data" text NOT NULL,
    "expire_date" datetime NOT NULL
);
CREATE INDEX IF NOT EXISTS "django_session_expire_date_a5c62663" ON "django_session" ("expire_date");

-- If Django has made the table, its migrations are recorded. Then this adds nothing, and Django applies missing migrations.
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'sessions', "column1", CURRENT_TIMESTAMP
FROM (
    VALUES
        ('0001_initial')
) AS "names"
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'sessions');
