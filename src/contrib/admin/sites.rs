//! The models that the admin site shows. Python counterpart: `django.contrib.admin.sites.AdminSite`.

use std::collections::HashSet;
use std::sync::Arc;

use diesel::QueryResult;

use super::error::PageError;
use super::models::{Manager, Model, Relation, Row};
use super::options::ModelAdmin;
use super::quoting::quote;
use super::request::AdminRequest;
use super::verbose_names::VerboseNames;
use crate::apps::{Apps, AppsBuilder, Registry};
use crate::contrib::auth::AuthState;
use crate::contrib::auth::models::UserPermissions;
use crate::contrib::auth::settings::AuthSettings;
use crate::db::DbConnection;
use crate::db::tables::Tables;

/// The models of the site. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AdminSite(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base: String,
    models: Vec<Registered>,
    apps: Vec<(String, String)>,
    /// The label of the model of users.
    users: String,
    /// Labels of the installed apps.
    installed: Vec<String>,
}

/// A model of the site with its `ModelAdmin`.
#[derive(Clone)]
pub struct Registered {
    /// How it is shown and edited.
    pub admin: Arc<dyn ModelAdmin>,
    /// What `admin` describes: the table and its fields.
    pub model: Arc<Model>,
    /// The statements on its table.
    pub objects: Manager,
    /// Whether it has pages. Models without pages are known because others refer to them.
    pub has_pages: bool,
}

impl Registered {
    /// The address of a page below that of the list: `registered.path("7/change/")` is `auth/user/7/change/`.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("{}/{}/{rest}", self.model.app_label, self.model.model_name)
    }

    /// Same as [`ModelAdmin::has_view_permission`].
    #[must_use]
    pub fn has_view_permission(&self, request: &AdminRequest, object: Option<&Row>) -> bool {
        self.admin.has_view_permission(request, &self.model, object)
    }

    /// Same as [`ModelAdmin::has_add_permission`].
    #[must_use]
    pub fn has_add_permission(&self, request: &AdminRequest) -> bool {
        self.admin.has_add_permission(request, &self.model)
    }

    /// Same as [`ModelAdmin::has_change_permission`]. False for a row that is unchangeable.
    #[must_use]
    pub fn has_change_permission(&self, request: &AdminRequest, object: Option<&Row>) -> bool {
        !object.is_some_and(Row::is_unchangeable) && self.admin.has_change_permission(request, &self.model, object)
    }

    /// Same as [`ModelAdmin::has_delete_permission`].
    #[must_use]
    pub fn has_delete_permission(&self, request: &AdminRequest, object: Option<&Row>) -> bool {
        self.admin.has_delete_permission(request, &self.model, object)
    }

    /// Same as [`ModelAdmin::unchangeable`].
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn unchangeable(
        &self,
        conn: &mut DbConnection,
        permissions: &UserPermissions,
        keys: &[&str],
    ) -> QueryResult<HashSet<String>> {
        self.admin.unchangeable(conn, &self.objects, permissions, keys)
    }

    /// Marks those of `rows` that a user with `permissions` may not change.
    pub(super) fn mark_unchangeable(
        &self,
        conn: &mut DbConnection,
        permissions: &UserPermissions,
        rows: &mut [Row],
    ) -> QueryResult<()> {
        let keys: Vec<&str> = rows.iter().map(Row::pk).collect();
        let unchangeable = self.unchangeable(conn, permissions, &keys)?;
        rows.iter_mut().filter(|row| unchangeable.contains(row.pk())).for_each(Row::set_unchangeable);
        Ok(())
    }

    /// `ModelAdmin.get_ordering`: the order of the list, or of the model.
    pub(super) fn get_ordering(&self) -> Vec<String> {
        let ordering = self.admin.ordering();
        if ordering.is_empty() {
            return self.model.ordering.clone();
        }
        ordering.iter().map(|field| (*field).to_owned()).collect()
    }

    /// Whether the user may see the rows, or this row: everyone who may view or change them.
    pub(super) fn may_see(&self, request: &AdminRequest, object: Option<&Row>) -> bool {
        self.has_view_permission(request, object) || self.has_change_permission(request, object)
    }
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registered({})", self.model.label())
    }
}

/// The registrations of apps and the project, before the site is made.
#[derive(Clone)]
struct Registration {
    admin: Arc<dyn ModelAdmin>,
    has_pages: bool,
}

/// The registrations of the project itself. They come after those of the apps, and may replace them.
struct OwnRegistration(Registration);

/// The object with which an app registers its models: `admin.site` in an `admin.py`.
pub struct Registrations<'a>(&'a mut Registry);

impl Registrations<'_> {
    /// `admin.site.register`: gives the model pages. A later registration of the same model replaces an earlier one.
    pub fn register(&mut self, admin: impl ModelAdmin) {
        self.0.push(Registration { admin: Arc::new(admin), has_pages: true });
    }

    /// Registers a model without pages, so that other models can refer to it.
    pub fn describe(&mut self, admin: impl ModelAdmin) {
        self.0.push(Registration { admin: Arc::new(admin), has_pages: false });
    }
}

impl Registry {
    /// The admin site, for an app that registers its models in [`AppConfig::register`](crate::apps::AppConfig::register). Without
    /// `django.contrib.admin` it has no effect.
    pub fn admin(&mut self) -> Registrations<'_> {
        Registrations(self)
    }
}

impl AppsBuilder {
    /// Registers a model of the project with the admin site. It replaces the registration of an app for that model.
    ///
    /// `manage migrate` makes its content type and permissions.
    pub fn admin(self, admin: impl ModelAdmin) -> Self {
        self.contribute(OwnRegistration(Registration { admin: Arc::new(admin), has_pages: true }))
    }
}

impl AdminSite {
    /// The site at the path `base`, with the registered models.
    pub(super) fn new(registry: &Registry, base: String) -> Self {
        let tables = Arc::new(Tables::default());
        let mut models: Vec<Registered> = Vec::new();
        let own = registry.list::<OwnRegistration>().iter().map(|OwnRegistration(own)| own);
        for Registration { admin, has_pages } in registry.list::<Registration>().iter().chain(own).cloned() {
            let model = Arc::new(admin.model());
            let objects = Manager::new(Arc::clone(&model), Arc::clone(&tables));
            let new = Registered { admin, model, objects, has_pages };
            match models.iter_mut().find(|known| known.model.label() == new.model.label()) {
                Some(known) => *known = new,
                None => models.push(new),
            }
        }
        let app = |label: &str| {
            let config = registry.installed().iter().find(|app| app.label() == label);
            config.map_or_else(|| crate::apps::title_of_label(label), |app| app.verbose_name())
        };
        let mut apps: Vec<(String, String)> = Vec::new();
        for registered in models.iter().filter(|registered| registered.has_pages) {
            let label = &registered.model.app_label;
            if !apps.iter().any(|(known, _)| known == label) {
                apps.push((label.clone(), app(label)));
            }
        }
        let named = |registered: &Registered| {
            let Model { app_label, model_name, verbose_name, .. } = &*registered.model;
            ((app_label.clone(), model_name.clone()), format!("{} | {verbose_name}", app(app_label)))
        };
        let names = VerboseNames::new(models.iter().map(named).collect());
        models.iter().for_each(|registered| registered.admin.ready(&names));
        apps.sort_by_key(|(_, name)| name.to_lowercase());
        models.sort_by_key(|registered| registered.model.verbose_name_plural.to_lowercase());
        let (app_label, name) = registry.settings::<AuthSettings>().auth_user_model.names();
        let users = format!("{app_label}.{name}");
        let installed = registry.installed().iter().map(|app| app.label().to_owned()).collect();
        Self(Arc::new(Inner { base, models, apps, users, installed }))
    }

    /// Makes the site of `registry` again, after a model was registered. Does nothing if the site was not made yet.
    pub fn refresh(registry: &mut Registry) {
        if let Some(base) = registry.get::<Self>().map(|site| site.base().to_owned()) {
            let site = Self::new(registry, base);
            registry.insert(site);
        }
    }

    /// The site of the application that serves `request`.
    ///
    /// # Errors
    /// 500 if `django.contrib.admin` is not installed.
    pub fn of(request: &AdminRequest) -> Result<Self, PageError> {
        Self::of_apps(&request.apps)
    }

    /// The site of `apps`.
    ///
    /// # Errors
    /// 500 if `django.contrib.admin` is not installed.
    pub fn of_apps(apps: &Apps) -> Result<Self, PageError> {
        Ok(apps.get::<Self>()?.clone())
    }

    /// The path of the site, with a slash at both ends: `/admin/`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.0.base
    }

    /// `site_header`.
    #[must_use]
    pub fn site_header(&self) -> &'static str {
        "Django administration"
    }

    /// `site_title`: the end of every title.
    #[must_use]
    pub fn site_title(&self) -> &'static str {
        "Django site admin"
    }

    /// `index_title`.
    #[must_use]
    pub fn index_title(&self) -> &'static str {
        "Site administration"
    }

    /// The address of a page of a model: `site.url_of(registered, "add/")`. The list is at `""`.
    #[must_use]
    pub fn url_of(&self, registered: &Registered, rest: &str) -> String {
        format!("{}{}", self.base(), registered.path(rest))
    }

    /// The address of the page on which the row with the key `key` is changed.
    #[must_use]
    pub fn change_url(&self, registered: &Registered, key: &str) -> String {
        self.url_of(registered, &format!("{}/change/", quote(key)))
    }

    /// The model of the users, if it has pages.
    pub(super) fn users(&self, auth: &AuthState) -> Option<&Registered> {
        self.models().find(|known| known.model.table == auth.users().table())
    }

    /// The models with pages, sorted by their names.
    pub fn models(&self) -> impl Iterator<Item = &Registered> {
        self.0.models.iter().filter(|registered| registered.has_pages)
    }

    /// All models that the site knows.
    pub fn known_models(&self) -> impl Iterator<Item = &Registered> {
        self.0.models.iter()
    }

    /// All models that the site knows, in the order of `INSTALLED_APPS`. Models of the project come last.
    pub fn models_by_app(&self) -> impl Iterator<Item = &Registered> {
        let place = |label: &str| self.0.installed.iter().position(|known| known == label).unwrap_or(usize::MAX);
        let mut models: Vec<_> = self.0.models.iter().collect();
        models.sort_by_key(|registered| place(&registered.model.app_label));
        models.into_iter()
    }

    /// The apps with models that have pages, by their names: label and name.
    #[must_use]
    pub fn apps(&self) -> &[(String, String)] {
        &self.0.apps
    }

    /// The name of an app that has models with pages.
    #[must_use]
    pub fn app_name(&self, label: &str) -> Option<&str> {
        self.0.apps.iter().find(|(known, _)| known == label).map(|(_, name)| name.as_str())
    }

    /// The model with pages at `app_label/model_name/`.
    #[must_use]
    pub fn find(&self, app_label: &str, model_name: &str) -> Option<&Registered> {
        self.models().find(|known| known.model.app_label == app_label && known.model.model_name == model_name)
    }

    /// The model with the label `label`, such as `auth.User`, even if it has no pages. `auth.User` always means the users of the
    /// project.
    #[must_use]
    pub fn model(&self, label: &str) -> Option<&Registered> {
        let label = if label.eq_ignore_ascii_case("auth.User") { self.0.users.as_str() } else { label };
        self.0.models.iter().find(|known| known.model.is(label))
    }

    /// The model that a foreign key refers to.
    ///
    /// # Errors
    /// 500, with the label in the log, if the site does not know the model.
    pub fn related(&self, relation: &Relation) -> Result<&Registered, PageError> {
        let missing = || PageError::Internal(format!("no model {:?} is registered with the admin site", relation.to));
        self.model(&relation.to).ok_or_else(missing)
    }
}
