//! Settings of every request. Python counterpart: `DEBUG`, `ALLOWED_HOSTS` and `APPEND_SLASH`.

use crate::conf::{settings, values};

settings! {
    section "Project";

    /// Which hosts are served, and how paths are treated.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HttpSettings {
        /// Development mode: an empty `ALLOWED_HOSTS` means the names of this machine, and `API_DOCS` is on.
        ///
        /// There are no debug pages.
        pub debug: bool = DEBUG("false", values::boolean);
        /// Host names of the site: `example.org`, `.example.org` for all subdomains too, or `*` for any.
        ///
        /// Set it unless a proxy in front checks the host.
        pub allowed_hosts: Vec<String> = ALLOWED_HOSTS("*", values::list);
        /// Redirect a path without its trailing slash with a 301, for every method.
        pub append_slash: bool = APPEND_SLASH("true", values::boolean);
    }
}
