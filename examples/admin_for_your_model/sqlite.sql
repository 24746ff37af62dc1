CREATE TABLE "shop_order" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "number" varchar(20) NOT NULL UNIQUE,
    "customer_id" integer NOT NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED,
    "status" varchar(10) NOT NULL,
    "total" decimal NOT NULL,
    "is_paid" bool NOT NULL,
    "ordered_on" date NOT NULL,
    "note" text NOT NULL
);
CREATE INDEX "shop_order_customer_id" ON "shop_order" ("customer_id");
