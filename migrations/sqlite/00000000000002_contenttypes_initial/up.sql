-- The models, to which permissions refer. The table is as it is after the last migration of Django's `contenttypes`.
CREATE TABLE IF NOT EXISTS "django_content_type" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "app_label" varchar(100) NOT NULL,
    "model" varchar(100) NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS "django_content_type_app_label_model_76bd3d3b_uniq"
    ON "django_content_type" ("app_label", "model");

-- If Django has made the table, its migrations are recorded. Then this adds nothing, and Django applies missing migrations.
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT 'contenttypes', "column1", CURRENT_TIMESTAMP
FROM (
    VALUES
        ('0001_initial'),
        ('0002_remove_content_type_name')
) AS "names"
WHERE NOT EXISTS (SELECT 1 FROM "django_migrations" WHERE "app" = 'contenttypes');
