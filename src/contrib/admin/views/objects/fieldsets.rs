//! The groups of fields of a page. Python counterpart: `django.contrib.admin.helpers`.

use std::sync::Arc;

use crate::contrib::admin::cell::Cell;
use crate::contrib::admin::display::display_for_field;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::forms::bound_field::{BoundField, ReadonlyValue, Widget};
use crate::contrib::admin::forms::{Choices, Form, PasswordSummary};
use crate::contrib::admin::model_forms::{FormOptions, RelatedChoices};
use crate::contrib::admin::models::{Field, FieldKind, Row};
use crate::contrib::admin::options::Fieldset;
use crate::contrib::admin::sites::Registered;
use crate::core::python::capfirst;
use crate::db::{DatabaseError, DbConnection};

/// A group of fields as the page shows it.
#[derive(Debug)]
pub(in crate::contrib) struct BoundFieldset {
    pub(in crate::contrib) name: Option<String>,
    pub(in crate::contrib) description: String,
    pub(in crate::contrib) classes: Vec<String>,
    pub(in crate::contrib) fields: Vec<BoundField>,
}

/// The data for the fields of a page.
#[derive(Clone)]
pub(super) struct FormLayout {
    pub(super) options: FormOptions,
    pub(super) registered: Registered,
    pub(super) fieldsets: Vec<Fieldset>,
    pub(super) readonly: Vec<String>,
}

impl FormLayout {
    /// The names of the fields that can be changed, in the order of the page.
    pub(super) fn editable(&self) -> Vec<&str> {
        let names = self.fieldsets.iter().flat_map(|fieldset| &fieldset.fields).map(String::as_str);
        names.filter(|name| !self.readonly.iter().any(|readonly| readonly == name)).collect()
    }

    /// The fields as the page shows them. Reads their choices.
    pub(super) fn bind(
        &self,
        conn: &mut DbConnection,
        form: &Form,
        object: &Row,
    ) -> Result<Vec<BoundFieldset>, DatabaseError> {
        let mut fieldsets = Vec::with_capacity(self.fieldsets.len());
        for fieldset in &self.fieldsets {
            let mut fields = Vec::with_capacity(fieldset.fields.len());
            for name in &fieldset.fields {
                match form.field(name).filter(|_| !self.readonly.contains(name)) {
                    Some(field) => {
                        let mut field = form.bound_field(conn, field)?;
                        if matches!(field.widget, Widget::Password(_)) {
                            field.page_url = self.registered.admin.password_url(self.options.site.base(), object);
                        }
                        fields.push(field);
                    }
                    None => fields.extend(self.readonly_field(conn, name, object)?),
                }
            }
            fieldsets.push(BoundFieldset {
                name: fieldset.name.clone(),
                description: fieldset.description.clone(),
                classes: fieldset.classes.clone(),
                fields,
            });
        }
        Ok(fieldsets)
    }

    /// A read-only field. `None` for an unknown name.
    fn readonly_field(
        &self,
        conn: &mut DbConnection,
        name: &str,
        object: &Row,
    ) -> Result<Option<BoundField>, DatabaseError> {
        let (admin, model) = (&self.registered.admin, &self.registered.model);
        let field = model.get_field(name);
        let value = match (admin.display(name, object), field) {
            (Some(cell), _) => ReadonlyValue::Cell(cell),
            (None, Some(field)) => self.readonly_value(conn, field, object)?,
            (None, None) => return Ok(None),
        };
        let label = admin.column_label(name);
        let label =
            label.or_else(|| field.map(|field| field.verbose_name.clone())).unwrap_or_else(|| name.replace('_', " "));
        let help = field.map(|field| field.help_text.clone()).filter(|text| !text.is_empty());
        Ok(Some(BoundField {
            name: name.to_owned(),
            label: capfirst(&label),
            help_text: help.into_iter().collect(),
            help_list: Vec::new(),
            help_warning: None,
            errors: Vec::new(),
            required: false,
            autocomplete: None,
            autofocus: false,
            page_url: match value {
                ReadonlyValue::Password(_) => admin.password_url(self.options.site.base(), object),
                ReadonlyValue::Cell(_) => None,
            },
            widget: Widget::Readonly(value),
        }))
    }

    fn readonly_value(
        &self,
        conn: &mut DbConnection,
        field: &Field,
        object: &Row,
    ) -> Result<ReadonlyValue, DatabaseError> {
        let site = &self.options.site;
        Ok(ReadonlyValue::Cell(match &field.kind {
            FieldKind::Password => {
                let summary = PasswordSummary::new(&self.options.hashers, object.text(&field.name));
                return Ok(ReadonlyValue::Password(summary));
            }
            FieldKind::ManyToMany(between) => {
                let Some(related) = site.model(&between.to) else { return Ok(ReadonlyValue::Cell(Cell::Empty)) };
                let choices = RelatedChoices::new(site, related, None);
                let found = choices.find(conn, object.many(&field.name))?;
                let labels: Vec<String> = found.into_iter().map(|(_, label)| label).collect();
                Cell::Text(labels.join(", "))
            }
            FieldKind::ForeignKey(relation) | FieldKind::OneToOne(relation) => {
                let mut rows = [object.clone()];
                site.select_related(conn, &self.registered, &mut rows, &[&field.name])?;
                let [object] = &rows;
                let page = site.model(&relation.to).filter(|related| related.has_pages);
                match (object.get(&field.name), object.label(&field.name), page) {
                    (Some(key), Some(label), Some(related)) => {
                        Cell::Link { text: label.to_owned(), url: site.change_url(related, key) }
                    }
                    _ => display_for_field(field, object),
                }
            }
            _ => display_for_field(field, object),
        }))
    }
}

/// A form with the fields of the model that `layout` has.
pub(super) fn model_form(layout: &FormLayout, object: Option<&Row>) -> Result<Form, PageError> {
    let registered = &layout.registered;
    let model = Arc::clone(&registered.model);
    let fields = layout.editable().into_iter().filter_map(|name| model.get_field(name));
    let fields = fields.filter(|field| field.editable && !field.auto);
    let fields =
        fields.map(|field| crate::contrib::admin::model_forms::form_field(&layout.options, registered, field, object));
    Ok(Form::new(fields.collect::<Result<_, PageError>>()?))
}
