DROP INDEX "login_failures_since";
DELETE FROM "django_migrations" WHERE "app" = 'actix_auth' AND "name" = '0002_login_failures_since';
