//! A part of a page that a model adds, such as the sessions of a user. Python counterpart: the block `after_field_sets` of a
//! custom template.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

use super::error::PageError;

/// A part of a page. It can only be made by a template, so that everything in it is escaped.
#[derive(Clone, Debug)]
pub struct Panel(String);

impl Panel {
    /// The panel that `template` renders.
    ///
    /// # Errors
    /// Returns the errors of the template.
    pub fn new(template: &impl Template) -> Result<Self, PageError> {
        template.render().map(Self).map_err(PageError::internal)
    }
}

impl fmt::Display for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Panel {}
