//! Parts of the document that several operations share. Python counterpart: `drf_spectacular.plumbing.ComponentRegistry`.

use serde_json::{Map, Value, json};

/// The `components` of the document.
#[derive(Debug, Default)]
pub(super) struct Components(Map<String, Value>);

impl Components {
    /// Stores `part` under `kind` (`schemas`, `responses` …) and returns a reference to it. Equal parts with the same name are
    /// stored once; a different part with that name gets a number.
    pub fn intern(&mut self, kind: &str, name: &str, part: Value) -> Value {
        let parts = self.0.entry(kind).or_insert_with(|| json!({}));
        let mut unique = name.to_owned();
        let mut number = 1;
        while parts.get(&unique).is_some_and(|other| *other != part) {
            number += 1;
            unique = format!("{name}{number}");
        }
        let reference = json!({ "$ref": format!("#/components/{kind}/{unique}") });
        parts[unique] = part;
        reference
    }

    /// The `components` object.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_are_stored_once_and_others_are_numbered() {
        let mut components = Components::default();
        let first = components.intern("schemas", "A", json!(1));
        assert_eq!(first, json!({ "$ref": "#/components/schemas/A" }));
        assert_eq!(components.intern("schemas", "A", json!(1)), first);
        assert_eq!(components.intern("schemas", "A", json!(2)), json!({ "$ref": "#/components/schemas/A2" }));
        assert_eq!(components.intern("headers", "A", json!(2)), json!({ "$ref": "#/components/headers/A" }));
        assert_eq!(components.into_value(), json!({ "schemas": { "A": 1, "A2": 2 }, "headers": { "A": 2 } }));
    }
}
