DROP TABLE "token_family_blacklistedtokenfamily";
DROP TABLE "token_family_tokenfamily";
DELETE FROM "django_migrations" WHERE "app" = 'token_family';
