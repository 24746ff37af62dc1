-- Sessions of the admin site and of Django beside us. As Django's `sessions` leaves it.
CREATE TABLE IF NOT EXISTS "django_session" (
    "session_key" varchar(40) NOT NULL PRIMARY KEY,
    "session_data" text NOT NULL,
    "expire_date" datetime NOT NULL
);
CREATE INDEX IF NOT EXISTS "django_session_expire_date_a5c62663" ON "django_session" ("expire_date");

-- A database that Django made has some of these rows; whether it is up to date is then for Django to say.
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'sessions', "column1", CURRENT_TIMESTAMP
FROM (
    VALUES
        ('0001_initial')
) AS "names"
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'sessions');
