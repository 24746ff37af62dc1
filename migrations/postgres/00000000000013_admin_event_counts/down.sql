DROP TABLE "admin_event_counts";
DELETE FROM "django_migrations" WHERE "app" = 'actix_admin' AND "name" = '0001_event_counts';
