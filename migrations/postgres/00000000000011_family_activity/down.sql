DROP TABLE "family_token";
DROP TABLE "family_activity";
DELETE FROM "django_migrations" WHERE "app" = 'actix_token_family' AND "name" = '0001_family_activity';
