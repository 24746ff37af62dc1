DROP TABLE "login_failures";
DELETE FROM "django_migrations" WHERE "app" = 'actix_auth' AND "name" = '0001_login_failures';
