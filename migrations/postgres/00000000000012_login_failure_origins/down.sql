DROP TABLE "login_failure_origins";
DELETE FROM "django_migrations" WHERE "app" = 'actix_auth' AND "name" = '0003_login_failure_origins';
