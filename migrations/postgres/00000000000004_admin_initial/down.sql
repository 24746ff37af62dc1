DROP TABLE "django_admin_log";
DELETE FROM "django_migrations" WHERE "app" = 'admin';
