// @generated automatically by Diesel CLI.

//! Django's tables as diesel sees them. Python counterpart: the columns of Django's models.
//!
//! Made from SQLite by `diesel migration run`; `schema.patch` adds this text, the `bigint` keys of PostgreSQL, and
//! [`UserKey`](super::types::UserKey) for columns that refer to a user.

diesel::table! {
    admin_event_counts (hour, event) {
        hour -> BigInt,
        event -> Text,
        total -> BigInt,
    }
}

diesel::table! {
    auth_group (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    auth_group_permissions (id) {
        id -> BigInt,
        group_id -> Integer,
        permission_id -> Integer,
    }
}

diesel::table! {
    auth_permission (id) {
        id -> Integer,
        content_type_id -> Integer,
        codename -> Text,
        name -> Text,
    }
}

diesel::table! {
    auth_user (id) {
        id -> Integer,
        password -> Text,
        last_login -> Nullable<Timestamp>,
        is_superuser -> Bool,
        username -> Text,
        last_name -> Text,
        email -> Text,
        is_staff -> Bool,
        is_active -> Bool,
        date_joined -> Timestamp,
        first_name -> Text,
    }
}

diesel::table! {
    auth_user_groups (id) {
        id -> BigInt,
        user_id -> Integer,
        group_id -> Integer,
    }
}

diesel::table! {
    auth_user_user_permissions (id) {
        id -> BigInt,
        user_id -> Integer,
        permission_id -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::UserKey;

    authtoken_token (key) {
        key -> Text,
        created -> Timestamp,
        user_id -> UserKey,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::UserKey;

    django_admin_log (id) {
        id -> Integer,
        object_id -> Nullable<Text>,
        object_repr -> Text,
        action_flag -> SmallInt,
        change_message -> Text,
        content_type_id -> Nullable<Integer>,
        user_id -> UserKey,
        action_time -> Timestamp,
    }
}

diesel::table! {
    django_content_type (id) {
        id -> Integer,
        app_label -> Text,
        model -> Text,
    }
}

diesel::table! {
    django_migrations (id) {
        id -> BigInt,
        app -> Text,
        name -> Text,
        applied -> Timestamp,
    }
}

diesel::table! {
    django_session (session_key) {
        session_key -> Text,
        session_data -> Text,
        expire_date -> Timestamp,
    }
}

diesel::table! {
    family_activity (family_id) {
        family_id -> BigInt,
        jti -> Text,
        rotated_at -> Nullable<Timestamp>,
        last_refresh -> Timestamp,
        ip_address -> Nullable<Text>,
        user_agent -> Text,
        reused_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    family_token (jti) {
        jti -> Text,
        family_id -> BigInt,
        successor -> Nullable<Text>,
    }
}

diesel::table! {
    login_failure_origins (attempt) {
        attempt -> Text,
        account -> Nullable<Text>,
        address -> Text,
    }
}

diesel::table! {
    login_failures (attempt) {
        attempt -> Text,
        failures -> Integer,
        since -> BigInt,
    }
}

diesel::table! {
    token_blacklist_blacklistedtoken (id) {
        blacklisted_at -> Timestamp,
        token_id -> BigInt,
        id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::UserKey;

    token_blacklist_outstandingtoken (id) {
        token -> Text,
        created_at -> Nullable<Timestamp>,
        expires_at -> Timestamp,
        user_id -> Nullable<UserKey>,
        jti -> Text,
        id -> BigInt,
    }
}

diesel::table! {
    token_family_blacklistedtokenfamily (id) {
        id -> BigInt,
        blacklisted_at -> Timestamp,
        family_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::UserKey;

    token_family_tokenfamily (id) {
        id -> BigInt,
        family_id -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        user_id -> Nullable<UserKey>,
    }
}

diesel::joinable!(auth_group_permissions -> auth_group (group_id));
diesel::joinable!(auth_group_permissions -> auth_permission (permission_id));
diesel::joinable!(auth_permission -> django_content_type (content_type_id));
diesel::joinable!(auth_user_groups -> auth_group (group_id));
diesel::joinable!(auth_user_groups -> auth_user (user_id));
diesel::joinable!(auth_user_user_permissions -> auth_permission (permission_id));
diesel::joinable!(auth_user_user_permissions -> auth_user (user_id));
diesel::joinable!(django_admin_log -> django_content_type (content_type_id));
diesel::joinable!(family_activity -> token_family_tokenfamily (family_id));
diesel::joinable!(login_failure_origins -> login_failures (attempt));
diesel::joinable!(token_blacklist_blacklistedtoken -> token_blacklist_outstandingtoken (token_id));
diesel::joinable!(token_family_blacklistedtokenfamily -> token_family_tokenfamily (family_id));

diesel::allow_tables_to_appear_in_same_query!(
    admin_event_counts,
    auth_group,
    auth_group_permissions,
    auth_permission,
    auth_user,
    auth_user_groups,
    auth_user_user_permissions,
    authtoken_token,
    django_admin_log,
    django_content_type,
    django_migrations,
    django_session,
    family_activity,
    family_token,
    login_failure_origins,
    login_failures,
    token_blacklist_blacklistedtoken,
    token_blacklist_outstandingtoken,
    token_family_blacklistedtokenfamily,
    token_family_tokenfamily,
);
