CREATE TABLE "shop_customer" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "email" varchar(254) NOT NULL UNIQUE,
    "password" varchar(128) NOT NULL,
    "nickname" varchar(50) NOT NULL,
    "is_active" bool NOT NULL
);
