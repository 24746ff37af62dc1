//! The page of an object. Python counterpart: `ModelAdmin.add_view` and `change_view`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::context::{does_not_exist, get_object, object_crumbs, truncate_words};
use super::fieldsets::{BoundFieldset, FormLayout, model_form};
use super::preserved::{self, is_popup};
use super::respond::respond;
use super::save::{Rejected, SaveOutcome, save};
use crate::contrib::admin::cell::Cell;
use crate::contrib::admin::changelist::{IS_POPUP, TO_FIELD};
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::forms::bound_field::{ReadonlyValue, Widget};
use crate::contrib::admin::forms::{Form, NON_FIELD_ERRORS, Value};
use crate::contrib::admin::model_forms::{FormOptions, new_object};
use crate::contrib::admin::models::{Field, Row};
use crate::contrib::admin::options::ObjectTool;
use crate::contrib::admin::panel::Panel;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::admin::urls::quote;
use crate::contrib::admin::views::each_context;
use crate::contrib::messages::{self, Level};
use crate::db::{DatabaseError, DbConnection};

/// The page for a new object.
pub(in crate::contrib::admin::views) async fn add(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    preserved::to_field(registered, request)?;
    if !registered.admin.may_add(request, &registered.model) {
        return Err(PageError::PermissionDenied);
    }
    change_form(site, registered, request, None).await
}

/// The page of the object with the key `key`.
pub(in crate::contrib::admin::views) async fn change(
    site: &AdminSite,
    registered: &Registered,
    key: &str,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    // As in Django, "Save as new" makes a new object, whether or not the page offers it.
    if request.is_post() && request.form.contains("_saveasnew") {
        return add(site, registered, request).await;
    }
    preserved::to_field(registered, request)?;
    let object = get_object(site, registered, key, request).await?;
    let may_see = if request.is_post() {
        registered.has_change_permission(request, object.as_ref())
    } else {
        registered.may_see(request, object.as_ref())
    };
    if !may_see {
        return Err(PageError::PermissionDenied);
    }
    match object {
        Some(object) => change_form(site, registered, request, Some(object)).await,
        None => Ok(does_not_exist(site, registered, key, request)),
    }
}

async fn change_form(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    object: Option<Row>,
) -> Result<HttpResponse, PageError> {
    let admin = &registered.admin;
    let auth = request.auth()?;
    let options = FormOptions { site: site.clone(), hashers: auth.hashers().clone(), now: request.now() };
    let fieldsets = admin.fieldsets(object.is_none());
    let may_change = object.is_none() || registered.has_change_permission(request, object.as_ref());
    let readonly = match may_change {
        true => admin.readonly_fields(request, object.as_ref()),
        false => fieldsets.iter().flat_map(|fieldset| fieldset.fields.clone()).collect(),
    };
    let layout = FormLayout { options, registered: registered.clone(), fieldsets, readonly };
    let mut form = model_form(&layout, object.as_ref())?;
    admin.form(request, &mut form, object.as_ref());
    if request.is_post() {
        form.bind(request.form.clone());
        return match save(&layout, request, form, object.as_ref()).await? {
            SaveOutcome::Saved(saved, text, notices) => {
                for notice in notices {
                    messages::add(&request.req, Level::Warning, notice);
                }
                Ok(respond(site, registered, request, &saved, &text, object.is_none()))
            }
            SaveOutcome::Gone => Ok(does_not_exist(site, registered, object.as_ref().map_or("", Row::pk), request)),
            SaveOutcome::Invalid(rejected) => {
                let Rejected { form, fieldsets, text } = *rejected;
                page(&layout, request, object.as_ref(), &form, fieldsets, text).await
            }
        };
    }
    if object.is_none() {
        fill_in(&layout, request, &mut form);
    }
    let (form, fieldsets, text) = show(&layout, request, form, object.clone()).await?;
    page(&layout, request, object.as_ref(), &form, fieldsets, text).await
}

/// Initial values of a new object from the query.
fn fill_in(layout: &FormLayout, request: &AdminRequest, form: &mut Form) {
    let model = &layout.registered.model;
    for (name, value) in request.params.iter() {
        let field = model.get_field(name);
        let name = field.map_or(name, |field| &field.name);
        if let Some(form_field) = form.field_mut(name).filter(|field| !field.is_disabled()) {
            form_field.initial = match field.and_then(Field::many) {
                Some(_) => Value::Many(value.split(',').map(str::to_owned).collect()),
                None => Value::text(value),
            };
        }
    }
}

/// The form without submitted data.
async fn show(
    layout: &FormLayout,
    request: &AdminRequest,
    form: Form,
    object: Option<Row>,
) -> Result<(Form, Vec<BoundFieldset>, String), PageError> {
    let layout = layout.clone();
    let show = move |conn: &mut DbConnection| -> Result<_, DatabaseError> {
        let text = object.as_ref().map(|object| layout.registered.admin.to_string(object)).unwrap_or_default();
        let object = object.unwrap_or_else(|| new_object(&layout.registered.model, layout.options.now));
        let fieldsets = layout.bind(conn, &form, &object)?;
        Ok((form, fieldsets, text))
    };
    Ok(request.db.query(show).await?)
}

/// The page with the form of an object.
#[derive(Template)]
#[template(path = "admin/change_form.html")]
struct ChangeForm {
    chrome: Chrome,
    app_label: String,
    model_name: String,
    action: String,
    object_tools: Vec<ObjectTool>,
    introduction: Vec<String>,
    hidden: Vec<(&'static str, String)>,
    error_count: usize,
    non_field_errors: Vec<String>,
    fieldsets: Vec<BoundFieldset>,
    buttons: Buttons,
    panels: Vec<Panel>,
}

/// The buttons below the form.
#[derive(Default)]
struct Buttons {
    save: bool,
    add_another: bool,
    continue_text: Option<&'static str>,
    close_url: Option<String>,
    delete_url: Option<String>,
}

async fn page(
    layout: &FormLayout,
    request: &AdminRequest,
    object: Option<&Row>,
    form: &Form,
    fieldsets: Vec<BoundFieldset>,
    text: String,
) -> Result<HttpResponse, PageError> {
    let (site, registered) = (&layout.options.site, &layout.registered);
    let (admin, model) = (&registered.admin, &registered.model);
    let is_popup = is_popup(request);
    let is_add = object.is_none();
    let may_view = registered.may_see(request, object);
    // If nothing can be changed, the page only shows the object.
    let may_change = is_add || (registered.has_change_permission(request, object) && !form.fields().is_empty());
    let verb = if is_add {
        "Add"
    } else if may_change {
        "Change"
    } else {
        "View"
    };
    let title = format!("{verb} {}", model.verbose_name);
    let chrome = each_context(site, request).await?.titled(title.clone()).with_errors(!form.errors().is_empty());
    let mut chrome = object_crumbs(chrome, site, registered, None, may_view);
    chrome = chrome.last_crumb(if is_add { title } else { truncate_words(&text) });
    chrome.is_popup = is_popup;
    if is_popup {
        chrome.breadcrumbs.clear();
    }
    let panels = match object {
        Some(object) if !is_popup => admin.panels(request, object).await?,
        _ => Vec::new(),
    };
    if !is_add {
        chrome = chrome.subtitled(text);
    }
    let to_field = preserved::to_field(registered, request)?;
    let mut hidden = Vec::new();
    if is_popup {
        hidden.push((IS_POPUP, "1".to_owned()));
    }
    if !to_field.is_empty() {
        hidden.push((TO_FIELD, to_field.to_owned()));
    }
    let introduction = if is_popup { Vec::new() } else { admin.introduction(object) };
    let template = ChangeForm {
        app_label: model.app_label.clone(),
        model_name: model.model_name.clone(),
        action: preserved::form_url(request),
        object_tools: object
            .filter(|_| !is_popup)
            .map(|object| tools(request, site, registered, object))
            .unwrap_or_default(),
        introduction: introduction.into_iter().map(str::to_owned).collect(),
        hidden,
        error_count: form.errors().len(),
        non_field_errors: form.errors_of(NON_FIELD_ERRORS).to_vec(),
        fieldsets,
        buttons: buttons(request, site, registered, object, (is_popup, may_change, may_view)),
        panels,
        chrome,
    };
    Ok(render(StatusCode::OK, &template))
}

fn tools(request: &AdminRequest, site: &AdminSite, registered: &Registered, object: &Row) -> Vec<ObjectTool> {
    let url = site.url_of(registered, &format!("{}/history/", quote(object.pk())));
    let history = ObjectTool { text: "History".to_owned(), url: preserved::url(request, &url), class: "historylink" };
    let mut tools = vec![history];
    tools.extend(registered.admin.object_tools(request, object));
    tools
}

/// `submit_row` of Django's templates.
fn buttons(
    request: &AdminRequest,
    site: &AdminSite,
    registered: &Registered,
    object: Option<&Row>,
    (is_popup, may_change, may_view): (bool, bool, bool),
) -> Buttons {
    let url = |rest: &str| site.url_of(registered, rest);
    let may_save = may_change;
    let may_add = registered.has_add_permission(request);
    let text =
        if registered.has_change_permission(request, object) { "Save and continue editing" } else { "Save and view" };
    let delete_url = object
        .filter(|object| !is_popup && registered.has_delete_permission(request, Some(object)))
        .map(|object| preserved::url(request, &url(&format!("{}/delete/", quote(object.pk())))));
    Buttons {
        save: may_save,
        add_another: may_save && may_add && !is_popup,
        continue_text: (may_save && may_view && !is_popup).then_some(text),
        close_url: (!may_save).then(|| preserved::list_url(request, &url(""))),
        delete_url,
    }
}
