//! JSON Schemas of bodies, derived from the bodies where these are known. Python counterpart: what
//! `drf_spectacular.plumbing` builds.

use serde_json::{Map, Value, json};

/// An object with exactly these properties, all required.
#[must_use]
pub fn object<const N: usize>(properties: [(&str, Value); N]) -> Value {
    let required: Vec<_> = properties.iter().map(|(name, _)| *name).collect();
    let properties: Map<_, _> = properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = json!(false);
    schema
}

/// A string.
#[must_use]
pub fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

/// A JSON Web Token.
#[must_use]
pub fn jwt(description: &str) -> Value {
    json!({
        "type": "string",
        "description": description,
        "pattern": "^[\\w-]+\\.[\\w-]+\\.[\\w-]+$",
        "examples": ["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoiMSJ9.c2lnbmF0dXJl"],
    })
}

/// A schema that every one of `bodies` satisfies: one object per set of keys, with the texts of each key listed.
///
/// The texts of each key are listed independently: the schema of `{a: 1, b: 1}` and `{a: 2, b: 2}` also accepts
/// `{a: 1, b: 2}`.
#[must_use]
pub fn of_bodies(bodies: &[Value]) -> Value {
    let mut groups: Vec<Vec<&Map<String, Value>>> = Vec::new();
    let (mut lists, mut constants) = (Vec::new(), Vec::new());
    for body in bodies {
        match body {
            Value::Object(object) => match groups.iter_mut().find(|group| have_same_keys(group, object)) {
                Some(group) => group.push(object),
                None => groups.push(vec![object]),
            },
            Value::Array(list) => lists.push(list),
            constant if constants.contains(constant) => {}
            constant => constants.push(constant.clone()),
        }
    }
    let mut schemas: Vec<_> = groups.iter().map(|objects| of_objects(objects)).collect();
    if !lists.is_empty() {
        schemas.push(of_lists(&lists));
    }
    match constants.as_slice() {
        [] => {}
        [Value::String(text)] => schemas.push(json!({ "type": "string", "const": text })),
        [constant] => schemas.push(json!({ "const": constant })),
        texts if texts.iter().all(Value::is_string) => schemas.push(json!({ "type": "string", "enum": texts })),
        others => schemas.push(json!({ "enum": others })),
    }
    any_of(schemas)
}

/// A value that fits at least one of `schemas`.
#[must_use]
pub fn any_of(mut schemas: Vec<Value>) -> Value {
    match schemas.len() {
        1 => schemas.swap_remove(0),
        _ => json!({ "anyOf": schemas }),
    }
}

fn have_same_keys(group: &[&Map<String, Value>], object: &Map<String, Value>) -> bool {
    let alike =
        |known: &&Map<String, Value>| known.len() == object.len() && known.keys().all(|k| object.contains_key(k));
    group.first().is_some_and(alike)
}

fn of_objects(objects: &[&Map<String, Value>]) -> Value {
    let keys: Vec<_> = objects.first().map(|object| object.keys().collect()).unwrap_or_default();
    let values = |key: &str| objects.iter().filter_map(|object| object.get(key).cloned()).collect::<Vec<_>>();
    let properties: Map<_, _> = keys.iter().map(|key| ((*key).clone(), of_bodies(&values(key)))).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !keys.is_empty() {
        schema["required"] = json!(keys);
    }
    schema["additionalProperties"] = json!(false);
    schema
}

fn of_lists(lists: &[&Vec<Value>]) -> Value {
    let lengths = || lists.iter().map(|list| list.len());
    let items: Vec<_> = lists.iter().flat_map(|list| list.iter().cloned()).collect();
    let mut schema = json!({ "type": "array", "minItems": lengths().min(), "maxItems": lengths().max() });
    if !items.is_empty() {
        schema["items"] = of_bodies(&items);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_one_shape_are_one_object() {
        let schema = of_bodies(&[json!({ "detail": "a", "code": "x" }), json!({ "code": "x", "detail": "b" })]);
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "properties": {
                    "detail": { "type": "string", "enum": ["a", "b"] },
                    "code": { "type": "string", "const": "x" },
                },
                "required": ["detail", "code"],
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn bodies_of_several_shapes_are_alternatives() {
        let schema = of_bodies(&[json!({ "detail": "a" }), json!({ "errors": ["b", "c"] }), json!({})]);
        let alternatives = schema["anyOf"].as_array().unwrap();
        assert_eq!(alternatives.len(), 3);
        assert_eq!(
            alternatives[1]["properties"]["errors"],
            json!({ "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "string", "enum": ["b", "c"] } })
        );
        assert_eq!(alternatives[2], json!({ "type": "object", "properties": {}, "additionalProperties": false }));
    }

    #[test]
    fn other_values_are_themselves() {
        assert_eq!(of_bodies(&[json!(1), json!(1), json!(true)]), json!({ "enum": [1, true] }));
        assert_eq!(of_bodies(&[json!(true), json!(true)]), json!({ "const": true }));
        assert_eq!(of_bodies(&[json!([])]), json!({ "type": "array", "minItems": 0, "maxItems": 0 }));
    }
}
