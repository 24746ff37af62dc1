//! The names of apps and models. Python counterpart: `ContentType.app_labeled_name`.

use std::sync::Arc;

/// The verbose names of the installed apps and of the models that the site knows. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct VerboseNames(Arc<[((String, String), String)]>);

impl VerboseNames {
    /// `((app_label, model_name), text)` for every model.
    #[must_use]
    pub fn new(models: Vec<((String, String), String)>) -> Self {
        Self(models.into())
    }

    /// `Authentication and Authorization | user`. `None` if the site does not know the model.
    #[must_use]
    pub fn of_model(&self, app_label: &str, model_name: &str) -> Option<String> {
        let known = self.0.iter().find(|((app, model), _)| app == app_label && model == model_name);
        known.map(|(_, text)| text.clone())
    }
}
