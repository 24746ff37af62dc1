//! The frame around the content of a page: title, header, breadcrumbs, messages and navigation. Python counterpart:
//! `AdminSite.each_context`.
//!
//! Every page of the admin site is a struct with a field `chrome` of this type and a template that extends
//! `templates/admin/base.html`:
//!
//! ```ignore
//! #[derive(Template)]
//! #[template(path = "admin/my_page.html")]
//! struct MyPage {
//!     chrome: Chrome,
//! }
//! ```

use super::request::AdminRequest;
use super::sites::AdminSite;
use super::static_files;
use crate::contrib::auth::AbstractUser;
use crate::contrib::auth::hashers::is_password_usable;
use crate::contrib::messages::{self, Message, MessagePart};
use crate::core::python::capfirst;
use crate::http::{cookies, csrf};

/// The cookie that remembers [`Theme`].
pub const THEME_COOKIE: &str = "admin_theme";

/// The frame of a page.
#[derive(Clone, Debug, Default)]
pub struct Chrome {
    /// The `lang` of the page: `en-us`.
    pub language: &'static str,
    /// The end of `<title>`: "Django site admin".
    pub site_title: String,
    /// The name at the top: "Django administration".
    pub site_header: String,
    /// The address of "View site".
    pub site_url: Option<String>,
    /// The path of the admin site: `/admin/`.
    pub root: String,
    /// Path and query of this page.
    pub full_path: String,
    /// `<title>` and `<h1>`.
    pub title: String,
    /// The object, below the title.
    pub subtitle: Option<String>,
    /// Whether the title begins with "Error: ".
    pub has_errors: bool,
    /// The steps after "Home"; none for the index.
    pub breadcrumbs: Vec<Crumb>,
    /// Name of the user, if the user may use the admin site.
    pub user: Option<String>,
    /// Whether "Change password" is shown.
    pub has_usable_password: bool,
    /// The masked token of forms.
    pub csrf_token: String,
    /// Messages of earlier requests.
    pub messages: Vec<PageMessage>,
    /// The apps in the navigation.
    pub nav: Vec<NavApp>,
    /// Pages that belong to no model, above the apps in the navigation.
    pub tools: Vec<Link>,
    /// Whether the page is in a popup window, without header and navigation.
    pub is_popup: bool,
    /// The colours.
    pub theme: Theme,
}

/// A step of the breadcrumbs. The last one usually has no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    /// The title of the page.
    pub text: String,
    /// The path of the page, or `None` for a step without a link.
    pub url: Option<String>,
}

/// A link in the navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The text that is clicked.
    pub text: String,
    /// The path that it leads to.
    pub url: String,
}

/// A message on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageMessage {
    /// The level, which is a class: `success`, `info`, `warning` or `error`.
    pub level: &'static str,
    /// Text and links. The first letter is in upper case.
    pub parts: Vec<MessagePart>,
}

impl PageMessage {
    fn new(message: &Message) -> Self {
        let mut parts = message.parts();
        if let Some(MessagePart::Text(text)) = parts.first_mut() {
            *text = capfirst(text);
        }
        Self { level: message.level.as_str(), parts }
    }
}

/// An application in the navigation and on the index page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavApp {
    /// The verbose name.
    pub name: String,
    /// The path of its page, which lists its models.
    pub url: String,
    /// The models that the user may see.
    pub models: Vec<NavModel>,
}

/// A model in the navigation and on the index page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavModel {
    /// The verbose name in the plural, capitalised.
    pub name: String,
    /// Its list, if the user may see it.
    pub url: Option<String>,
    /// Its page for a new object, if the user may add one.
    pub add_url: Option<String>,
    /// Whether the user may see but not change objects.
    pub is_view_only: bool,
}

/// The colours of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The colours of the operating system.
    #[default]
    System,
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

impl Theme {
    /// All of them, in the order of the buttons.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The theme with this name; [`Theme::System`] for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or_default()
    }

    /// The name in the cookie.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The text of the button.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The value of `data-theme`.
    #[must_use]
    pub fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.name())
    }
}

impl Chrome {
    /// The frame of a page for the user of `request`: takes the messages, and gets the token of forms.
    #[must_use]
    pub fn of(site: &AdminSite, request: &AdminRequest) -> Self {
        let Some(user) = &request.user else { return Self::anonymous(site, request) };
        Self {
            site_url: Some("/".to_owned()),
            user: Some(short_name(&**user)),
            has_usable_password: is_password_usable(user.password()),
            csrf_token: csrf::get_token(&request.req),
            nav: app_list(site, request, None),
            tools: tools(site, request),
            ..Self::anonymous(site, request).with_messages(request)
        }
    }

    /// The frame of a page for an anonymous client.
    #[must_use]
    pub fn anonymous(site: &AdminSite, request: &AdminRequest) -> Self {
        let theme = cookies::get(&request.req, THEME_COOKIE);
        Self {
            language: "en-us",
            site_title: site.site_title().to_owned(),
            site_header: site.site_header().to_owned(),
            root: site.base().to_owned(),
            full_path: request.full_path(),
            theme: theme.as_deref().map_or(Theme::System, Theme::from_name),
            ..Self::default()
        }
    }

    /// Takes the messages, which are shown once.
    #[must_use]
    pub fn with_messages(mut self, request: &AdminRequest) -> Self {
        self.messages = messages::take(&request.req).iter().map(PageMessage::new).collect();
        self
    }

    /// Sets the title.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets the line below the title.
    #[must_use]
    pub fn subtitled(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// Adds a step to the breadcrumbs that leads to `url`.
    #[must_use]
    pub fn crumb(mut self, text: impl Into<String>, url: impl Into<String>) -> Self {
        self.breadcrumbs.push(Crumb { text: text.into(), url: Some(url.into()) });
        self
    }

    /// Adds the last step of the breadcrumbs.
    #[must_use]
    pub fn last_crumb(mut self, text: impl Into<String>) -> Self {
        self.breadcrumbs.push(Crumb { text: text.into(), url: None });
        self
    }

    /// Marks the page as one with errors.
    #[must_use]
    pub fn with_errors(mut self, has_errors: bool) -> Self {
        self.has_errors = has_errors;
        self
    }

    /// The path of the style sheet.
    #[must_use]
    pub fn css_url(&self) -> String {
        static_files::css_url()
    }

    /// The path of the script.
    #[must_use]
    pub fn js_url(&self) -> String {
        static_files::js_url()
    }

    /// The path of the icon.
    #[must_use]
    pub fn icon_url(&self) -> String {
        static_files::icon_url()
    }

    /// The choices of colours.
    #[must_use]
    pub fn themes(&self) -> [Theme; 3] {
        Theme::ALL
    }

    /// Whether this is the page `url`.
    #[must_use]
    pub fn is_current(&self, url: &str) -> bool {
        self.full_path.split('?').next() == Some(url)
    }

    /// Whether this is the page `url` or one below it.
    #[must_use]
    pub fn is_within(&self, url: Option<&str>) -> bool {
        url.is_some_and(|url| self.full_path.starts_with(url))
    }
}

/// The apps and models that the user may see, or those of one app: `get_app_list`.
#[must_use]
pub fn app_list(site: &AdminSite, request: &AdminRequest, only: Option<&str>) -> Vec<NavApp> {
    let mut apps = Vec::new();
    for (label, name) in site.apps().iter().filter(|(label, _)| only.is_none_or(|only| only == label)) {
        let mut models = Vec::new();
        for registered in site.models().filter(|registered| registered.model.app_label == *label) {
            let can_add = registered.has_add_permission(request);
            let can_change = registered.has_change_permission(request, None);
            let can_view = registered.has_view_permission(request, None);
            let may_see = can_add || can_change || can_view || registered.has_delete_permission(request, None);
            if !may_see || !registered.admin.has_module_permission(request, &registered.model) {
                continue;
            }
            models.push(NavModel {
                name: capfirst(&registered.model.verbose_name_plural),
                url: (can_change || can_view).then(|| request.url(&registered.path(""))),
                add_url: can_add.then(|| request.url(&registered.path("add/"))),
                is_view_only: !can_change,
            });
        }
        if !models.is_empty() {
            apps.push(NavApp { name: name.clone(), url: request.url(&format!("{label}/")), models });
        }
    }
    apps
}

/// The pages for staff who may see users.
fn tools(site: &AdminSite, request: &AdminRequest) -> Vec<Link> {
    if !may_see_accounts(site, request) {
        return Vec::new();
    }
    let link = |(text, path): (&str, &str)| Link { text: text.to_owned(), url: request.url(path) };
    [("Dashboard", "dashboard/"), ("Search", "search/")].map(link).to_vec()
}

/// Whether the user may see the dashboard and the search: staff who may see users.
#[must_use]
pub fn may_see_accounts(site: &AdminSite, request: &AdminRequest) -> bool {
    let Ok(auth) = request.auth() else { return false };
    match site.users(auth) {
        Some(users) => users.has_view_permission(request, None),
        None => request.user.as_ref().is_some_and(|user| user.is_superuser()),
    }
}

/// `get_short_name()`, or the user name.
fn short_name(user: &dyn AbstractUser) -> String {
    Some(user.text("first_name")).filter(|name| !name.is_empty()).unwrap_or_else(|| user.username().to_owned())
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::*;
    use crate::contrib::messages::Level;

    #[derive(Template)]
    #[template(source = "{% extends \"admin/base.html\" %}{% block content %}<p>Here.</p>{% endblock %}", ext = "html")]
    struct TestPage {
        chrome: Chrome,
    }

    fn chrome() -> Chrome {
        Chrome {
            language: "en-us",
            site_title: "Django site admin".to_owned(),
            site_header: "Django administration".to_owned(),
            root: "/admin/".to_owned(),
            full_path: "/admin/auth/user/?q=\"<x>".to_owned(),
            csrf_token: "token".to_owned(),
            ..Chrome::default()
        }
    }

    #[test]
    fn a_page_of_nobody_has_no_tools() {
        let page = TestPage { chrome: chrome().titled("Log in").with_errors(true) }.render().unwrap();
        assert!(page.contains("<title>Error: Log in | Django site admin</title>"), "{page}");
        assert!(page.contains("<p>Here.</p>"), "{page}");
        for absent in ["user-tools", "logout-form", "theme-form", "nav-sidebar", "breadcrumbs", "messagelist"] {
            assert!(!page.contains(absent), "{absent}: {page}");
        }
    }

    #[test]
    fn everything_that_comes_from_data_is_escaped() {
        let model = NavModel {
            name: "<m>".to_owned(),
            url: Some("/admin/auth/user/".to_owned()),
            add_url: Some("/admin/auth/user/add/".to_owned()),
            is_view_only: false,
        };
        let app = NavApp { name: "<a>".to_owned(), url: "/admin/auth/".to_owned(), models: vec![model] };
        let chrome = Chrome {
            user: Some("<u>".to_owned()),
            has_usable_password: true,
            site_url: Some("/".to_owned()),
            messages: vec![PageMessage::new(&Message::new(Level::Success, "<b>"))],
            nav: vec![app],
            theme: Theme::Dark,
            ..chrome()
        };
        let chrome = chrome.titled("<t>").subtitled("<s>").crumb("<c>", "/admin/auth/").last_crumb("<l>");
        let page = TestPage { chrome }.render().unwrap();
        assert!(page.contains("<title>&#60;s&#62; | &#60;t&#62; | Django site admin</title>"), "{page}");
        assert!(page.contains("<h1>&#60;t&#62;</h1><h2>&#60;s&#62;</h2>"), "{page}");
        assert!(page.contains("data-theme=\"dark\""), "{page}");
        assert!(page.contains("<tr class=\"current-model\">"), "{page}");
        assert!(page.contains("<li class=\"success\">&#60;b&#62;</li>"), "{page}");
        assert!(page.contains("value=\"/admin/auth/user/?q=&#34;&#60;x&#62;\""), "{page}");
        for raw in ["<m>", "<a>", "<u>", "<b>", "<t>", "<s>", "<c>", "<l>", "<x>"] {
            assert!(!page.contains(raw), "{raw}: {page}");
        }
    }

    #[test]
    fn an_unknown_theme_is_that_of_the_system() {
        for theme in Theme::ALL {
            assert_eq!(Theme::from_name(theme.name()), theme);
        }
        assert_eq!(Theme::from_name("\"><script>"), Theme::System);
    }
}
