DROP TABLE "django_content_type";
DELETE FROM "django_migrations" WHERE "app" = 'contenttypes';
