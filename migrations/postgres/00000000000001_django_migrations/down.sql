DROP TABLE "django_migrations";
