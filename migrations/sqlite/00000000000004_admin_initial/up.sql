-- The log of the admin site, as it is after the last migration of Django's `admin`.
CREATE TABLE IF NOT EXISTS "django_admin_log" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "object_id" text NULL,
    "object_repr" varchar(200) NOT NULL,
    "action_flag" smallint unsigned NOT NULL CHECK ("action_flag" >= 0),
    "change_message" text NOT NULL,
    "content_type_id" integer NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED,
    "user_id" integer NOT NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED,
    "action_time" datetime NOT NULL
);
CREATE INDEX IF NOT EXISTS "django_admin_log_content_type_id_c4bce8eb" ON "django_admin_log" ("content_type_id");
CREATE INDEX IF NOT EXISTS "django_admin_log_user_id_c564eba6" ON "django_admin_log" ("user_id");

-- If Django has made the table, its migrations are recorded. Then this adds nothing, and Django applies missing migrations.
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'admin', "column1", CURRENT_TIMESTAMP
FROM (
    VALUES
        ('0001_initial'),
        ('0002_logentry_remove_auto_add'),
        ('0003_logentry_add_action_flag_choices')
) AS "names"
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'admin');
