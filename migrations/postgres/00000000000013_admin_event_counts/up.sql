-- Numbers of events per hour for the dashboard of the admin site, summed over all instances. The column "hour" is the beginning
-- of the hour in seconds since the Unix epoch.
CREATE TABLE IF NOT EXISTS "admin_event_counts" (
    "hour" bigint NOT NULL,
    "event" varchar(32) NOT NULL,
    "total" bigint NOT NULL,
    PRIMARY KEY ("hour", "event")
);

INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'actix_admin', '0001_event_counts', CURRENT_TIMESTAMP
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'actix_admin' AND "name" = '0001_event_counts');
