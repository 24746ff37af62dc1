//! The description of a view that `OPTIONS` returns. Python counterpart: `rest_framework.metadata.SimpleMetadata`.

use serde_json::{Map, Value, json};

use super::fields::AnyField;
use super::parsers::Parser;
use super::renderers::Renderer;

/// The body of the response to `OPTIONS`. `post_fields` are the fields of a `POST`, if the view has a serializer.
#[must_use]
pub fn determine_metadata(
    name: &str,
    description: &str,
    renderers: &[Renderer],
    parsers: &[Parser],
    post_fields: Option<Vec<AnyField>>,
) -> Value {
    let renders: Vec<_> = renderers.iter().map(|renderer| renderer.media_type()).collect();
    let parses: Vec<_> = parsers.iter().map(|parser| parser.media_type()).collect();
    let mut metadata = json!({ "name": name, "description": description, "renders": renders, "parses": parses });
    if let Some(fields) = post_fields {
        let fields: Map<String, Value> = fields.iter().map(field_info).collect();
        metadata["actions"] = json!({ "POST": fields });
    }
    metadata
}

fn field_info(field: &AnyField) -> (String, Value) {
    let info = json!({
        "type": field.kind(),
        "required": field.required(),
        "read_only": field.read_only(),
        "label": field.label(),
    });
    (field.name().to_owned(), info)
}
