//! Sessions as a model of the admin site, for the names of permissions. They have no pages. Python counterpart: `Session`.

use crate::contrib::admin::ModelAdmin;
use crate::contrib::admin::models::{Field, Model};
use crate::db::schema::django_session;

/// Describes `sessions.Session`.
pub(super) struct SessionModel;

impl ModelAdmin for SessionModel {
    fn model(&self) -> Model {
        Model::new("sessions", "Session", django_session::table)
            .field(Field::of(django_session::session_data).secret())
            .field(Field::of(django_session::expire_date))
    }
}
