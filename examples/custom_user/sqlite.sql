CREATE TABLE "people_person" (
    "password" varchar(128) NOT NULL,
    "last_login" datetime NULL,
    "is_superuser" bool NOT NULL,
    "id" char(32) NOT NULL PRIMARY KEY,
    "email" varchar(254) NOT NULL UNIQUE,
    "full_name" varchar(150) NOT NULL,
    "is_active" bool NOT NULL,
    "is_staff" bool NOT NULL,
    "date_joined" datetime NOT NULL
);
CREATE TABLE "people_person_groups" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "person_id" char(32) NOT NULL REFERENCES "people_person" ("id") DEFERRABLE INITIALLY DEFERRED,
    "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE "people_person_user_permissions" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "person_id" char(32) NOT NULL REFERENCES "people_person" ("id") DEFERRABLE INITIALLY DEFERRED,
    "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX "people_person_groups_person_id_group_id_438d585f_uniq"
    ON "people_person_groups" ("person_id", "group_id");
CREATE INDEX "people_person_groups_person_id_b7e415fc"
    ON "people_person_groups" ("person_id");
CREATE INDEX "people_person_groups_group_id_3ba87606"
    ON "people_person_groups" ("group_id");
CREATE UNIQUE INDEX "people_person_user_permissions_person_id_permission_id_c2e10f6f_uniq"
    ON "people_person_user_permissions" ("person_id", "permission_id");
CREATE INDEX "people_person_user_permissions_person_id_755c9d0c"
    ON "people_person_user_permissions" ("person_id");
CREATE INDEX "people_person_user_permissions_permission_id_24fa752f"
    ON "people_person_user_permissions" ("permission_id");
