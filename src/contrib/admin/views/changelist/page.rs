//! The list as a page. Python counterpart: `django.contrib.admin.templatetags.admin_list`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::super::context::each_context;
use crate::contrib::admin::action::Action;
use crate::contrib::admin::cell::Cell;
use crate::contrib::admin::changelist::{CHANGELIST_FILTERS, CHECKBOX, ChangeList, FilterLink, IS_POPUP, TO_FIELD};
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::display::display_for_field;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::models::{FieldKind, Row};
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::core::python::capfirst;
use crate::http::query_dict::QueryDict;

/// The largest length of a text in a row, in characters, so that the page stays small. The page of the object has the full text.
/// Django shows it in the list.
const MAX_TEXT: usize = 500;

/// The page with the list of a model.
#[derive(Template)]
#[template(path = "admin/change_list.html")]
struct ChangeListPage<'a> {
    chrome: Chrome,
    app_label: &'a str,
    model_name: &'a str,
    plural: &'a str,
    add_url: Option<String>,
    add_text: String,
    export_url: Option<String>,
    search: Option<SearchForm<'a>>,
    actions: Vec<(String, String)>,
    headers: Vec<ColumnHeader>,
    has_priorities: bool,
    rows: Vec<RowView>,
    count_text: String,
    pages: Vec<PageLink>,
    show_all_url: Option<String>,
    filters: Vec<FilterView<'a>>,
    has_facets: bool,
    facets_url: String,
    clear_url: Option<String>,
}

/// The search form.
struct SearchForm<'a> {
    query: &'a str,
    help: &'a str,
    hidden: Vec<(String, String)>,
    /// "4 results", "7 total" and the address of the latter.
    count: Option<(String, String, String)>,
    every_row_url: Option<String>,
}

/// The heading of a column.
struct ColumnHeader {
    is_checkbox: bool,
    text: String,
    class: String,
    /// The address of its link, if the list can be sorted by the column.
    url: Option<String>,
    sort: Option<Sort>,
}

/// How the list is sorted by a column.
struct Sort {
    descends: bool,
    priority: usize,
    remove_url: String,
    toggle_url: String,
}

struct RowView {
    key: String,
    label: String,
    cells: Vec<CellView>,
}

struct CellView {
    class: String,
    is_header: bool,
    url: Option<String>,
    cell: Cell,
}

/// A page of the list: its number, and its address unless it is the current page. Without a number it is the gap between pages.
struct PageLink {
    number: Option<u64>,
    url: Option<String>,
}

struct FilterView<'a> {
    title: &'a str,
    links: Vec<FilterLink>,
    is_cut: bool,
}

pub(super) async fn change_list_page(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    list: &ChangeList,
    actions: &[Action],
) -> Result<HttpResponse, PageError> {
    let model = &registered.model;
    let name = &model.verbose_name;
    let title = match (list.is_popup(), registered.has_change_permission(request, None)) {
        (true, _) => format!("Select {name}"),
        (false, true) => format!("Select {name} to change"),
        (false, false) => format!("Select {name} to view"),
    };
    let mut chrome = each_context(site, request).await?.titled(title);
    let app_name = site.app_name(&model.app_label).unwrap_or_default();
    chrome = chrome.crumb(app_name, site.base().to_owned() + &model.app_label + "/");
    chrome = chrome.last_crumb(capfirst(&model.verbose_name_plural));
    chrome.is_popup = list.is_popup();
    let add_url = registered.has_add_permission(request).then(|| add_url(site, registered, request, list));
    let sorted = list.sorted(registered);
    let headers: Vec<ColumnHeader> =
        list.columns.iter().enumerate().map(|column| header(registered, list, &sorted, column)).collect();
    let page = ChangeListPage {
        chrome,
        app_label: &model.app_label,
        model_name: &model.model_name,
        plural: &model.verbose_name_plural,
        add_text: format!("Add {name}"),
        add_url,
        export_url: (!list.is_popup()).then(|| export_url(site, registered, list)),
        search: search(registered, list),
        actions: match list.full_count.exceeds(0) {
            true => actions.iter().map(|action| (action.name.clone(), description(action, registered))).collect(),
            false => Vec::new(),
        },
        has_priorities: headers.iter().filter(|header| header.sort.is_some()).count() > 1,
        headers,
        rows: rows(site, registered, request, list),
        count_text: format!("{} {}", list.result_count, plural(registered, list)),
        pages: pages(list),
        show_all_url: list.show_all_url(),
        filters: list.filters().into_iter().map(|(title, links, is_cut)| FilterView { title, links, is_cut }).collect(),
        has_facets: list.has_facets(),
        facets_url: list.facets_url(),
        clear_url: list.clear_url(),
    };
    Ok(render(StatusCode::OK, &page))
}

fn plural<'a>(registered: &'a Registered, list: &ChangeList) -> &'a str {
    registered.model.verbose_name_for(if list.result_count.exceeds(1) {
        2
    } else {
        u64::from(list.result_count.exceeds(0))
    })
}

/// The text of an action in the menu.
pub(super) fn description(action: &Action, registered: &Registered) -> String {
    let (one, many) = (&registered.model.verbose_name, &registered.model.verbose_name_plural);
    action.description.replace("%(verbose_name)s", one).replace("%(verbose_name_plural)s", many)
}

/// The query of the list, for the links to the pages of its rows.
fn preserved_filters(request: &AdminRequest) -> Option<QueryDict> {
    let filters = request.params.urlencode();
    (!filters.is_empty()).then(|| [(CHANGELIST_FILTERS, filters)].into_iter().collect())
}

fn add_url(site: &AdminSite, registered: &Registered, request: &AdminRequest, list: &ChangeList) -> String {
    let mut query = preserved_filters(request).unwrap_or_default();
    if list.is_popup() {
        query.push(IS_POPUP, "1");
    }
    if let Some(field) = list.to_field() {
        query.push(TO_FIELD, field);
    }
    query.add_to(&site.url_of(registered, "add/"))
}

fn export_url(site: &AdminSite, registered: &Registered, list: &ChangeList) -> String {
    let query = list.every_page_query();
    site.url_of(registered, "export/") + if query == "?" { "" } else { &query }
}

fn search<'a>(registered: &'a Registered, list: &'a ChangeList) -> Option<SearchForm<'a>> {
    if registered.admin.search_fields().is_empty() {
        return None;
    }
    let results = if list.result_count.exceeds(1) || !list.result_count.exceeds(0) { "results" } else { "result" };
    let is_counted = list.result_count != list.full_count || list.is_partly_searched;
    Some(SearchForm {
        query: &list.params.query,
        help: registered.admin.search_help_text(),
        hidden: list.params.hidden(),
        count: is_counted.then(|| {
            (format!("{} {results}", list.result_count), format!("{} total", list.full_count), list.total_url())
        }),
        every_row_url: list.is_partly_searched.then(|| list.every_row_url()),
    })
}

fn pages(list: &ChangeList) -> Vec<PageLink> {
    let current = list.page();
    let link = |number: Option<u64>| PageLink {
        number,
        url: number.filter(|number| *number != current).map(|number| list.page_url(number)),
    };
    list.pages().into_iter().map(link).collect()
}

/// The heading of a column: `label_for_field`.
pub(in crate::contrib::admin::views) fn label(registered: &Registered, column: &str) -> String {
    if let Some(label) = registered.admin.column_label(column) {
        return label;
    }
    match registered.model.get_field(column) {
        Some(field) => field.verbose_name.clone(),
        None if column == "__str__" => registered.model.verbose_name.clone(),
        None => column.replace('_', " "),
    }
}

fn header(
    registered: &Registered,
    list: &ChangeList,
    sorted: &[(i64, bool)],
    (index, column): (usize, &String),
) -> ColumnHeader {
    let is_checkbox = column == CHECKBOX;
    let text = capfirst(&label(registered, column));
    let place = i64::try_from(index).unwrap_or(i64::MAX);
    if is_checkbox || !ChangeList::is_sortable(registered, column) {
        return ColumnHeader { is_checkbox, text, class: format!("column-{column}"), url: None, sort: None };
    }
    let known = sorted.iter().position(|(other, _)| *other == place);
    let descends = known.and_then(|known| sorted.get(known)).is_some_and(|(_, descends)| *descends);
    // A click sorts by this column first, or reverses the order if the list is sorted by it already.
    let new = (place, known.is_some() && !descends);
    let others = sorted.iter().copied().filter(|(other, _)| *other != place);
    let primary: Vec<_> = [new].into_iter().chain(others.clone()).collect();
    let sort = known.map(|known| Sort {
        descends,
        priority: known + 1,
        remove_url: list.order_url(&others.collect::<Vec<_>>()),
        toggle_url: {
            let toggled = sorted.iter().map(|sort| if sort.0 == place { new } else { *sort });
            list.order_url(&toggled.collect::<Vec<_>>())
        },
    });
    let state = match &sort {
        Some(sort) if sort.descends => " sorted descending",
        Some(_) => " sorted ascending",
        None => "",
    };
    let class = format!("sortable column-{column}{state}");
    ColumnHeader { is_checkbox, text, class, url: Some(list.order_url(&primary)), sort }
}

/// The value of a column: `lookup_field`.
pub(in crate::contrib::admin::views) fn cell(registered: &Registered, column: &str, row: &Row) -> Cell {
    if let Some(cell) = registered.admin.display(column, row) {
        return cell;
    }
    let cell = match registered.model.get_field(column) {
        Some(field) => display_for_field(field, row),
        None if column == "__str__" => Cell::text(registered.admin.to_string(row)),
        None => Cell::Empty,
    };
    match cell {
        Cell::Text(text) if text.trim().is_empty() => Cell::Empty,
        cell => cell,
    }
}

fn rows(site: &AdminSite, registered: &Registered, request: &AdminRequest, list: &ChangeList) -> Vec<RowView> {
    let admin = &registered.admin;
    let query = preserved_filters(request).unwrap_or_default();
    let links = admin.list_display_links();
    let columns: Vec<&String> = list.columns.iter().filter(|column| *column != CHECKBOX).collect();
    let row = |row: &Row| {
        let url = query.add_to(&site.change_url(registered, row.pk()));
        let mut has_link = false;
        let cells = columns.iter().enumerate().map(|(index, column)| {
            let is_link = links.map_or(index == 0, |links| links.contains(&column.as_str()));
            let is_header = is_link && !has_link;
            has_link |= is_link;
            let nowrap = registered.model.get_field(column).is_some_and(|field| {
                field.relation().is_some() || matches!(field.kind, FieldKind::Date | FieldKind::DateTime)
            });
            CellView {
                class: format!("field-{column}{}", if nowrap { " nowrap" } else { "" }),
                is_header,
                url: is_link.then(|| url.clone()),
                cell: match cell(registered, column, row) {
                    Cell::Text(text) => Cell::Text(cut(text)),
                    Cell::Link { text, url } => Cell::Link { text: cut(text), url },
                    other => other,
                },
            }
        });
        RowView { key: row.pk().to_owned(), cells: cells.collect(), label: cut(admin.to_string(row)) }
    };
    list.rows.iter().map(row).collect()
}

/// The beginning of a text that is too long for a row.
fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
