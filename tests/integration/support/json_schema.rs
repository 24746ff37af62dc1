//! The part of JSON Schema that the API's description uses.

use regex::bytes::RegexBuilder;
use serde_json::Value;

/// Checks `value` against `schema`, whose references start at `root`.
///
/// # Panics
/// A keyword that this check does not know panics, so that no constraint is overlooked.
pub fn validate(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let fail = |what: &str, constraint: &Value| Err(format!("{value} does not satisfy {what} {constraint}"));
    for (keyword, constraint) in schema.as_object().expect("a schema is an object") {
        let is_satisfied = match keyword.as_str() {
            "description" | "examples" | "format" | "title" => true,
            "$ref" => return validate(root, resolve(root, schema), value),
            "anyOf" => {
                let results = constraint.as_array().unwrap().iter().map(|schema| validate(root, schema, value));
                let errors: Vec<_> = results.map_while(Result::err).collect();
                if errors.len() == constraint.as_array().unwrap().len() {
                    return Err(errors.join("; "));
                }
                true
            }
            "type" => match constraint.as_str().unwrap() {
                "array" => value.is_array(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                "object" => value.is_object(),
                "string" => value.is_string(),
                other => panic!("unknown type {other}"),
            },
            "const" => value == constraint,
            "enum" => constraint.as_array().unwrap().contains(value),
            "minimum" => value.as_f64() >= constraint.as_f64(),
            "pattern" => value.as_str().is_none_or(|text| matches(constraint.as_str().unwrap(), text)),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= constraint.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= constraint.as_u64().unwrap()),
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    validate(root, constraint, item)?;
                }
                true
            }
            "minProperties" => {
                value.as_object().is_none_or(|object| object.len() as u64 >= constraint.as_u64().unwrap())
            }
            "required" => constraint.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                for (name, schema) in constraint.as_object().unwrap() {
                    if let Some(property) = value.get(name) {
                        validate(root, schema, property)?;
                    }
                }
                true
            }
            "additionalProperties" if *constraint == false => {
                value.as_object().is_none_or(|object| object.keys().all(|name| !schema["properties"][name].is_null()))
            }
            other => panic!("unknown keyword {other}: {constraint}"),
        };
        if !is_satisfied {
            return fail(keyword, constraint);
        }
    }
    Ok(())
}

/// The value that a reference points to. A value that is not a reference is returned unchanged.
pub fn resolve<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => root.pointer(pointer).expect("the reference points to something"),
        None => value,
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    RegexBuilder::new(pattern).unicode(false).build().unwrap().is_match(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_keyword_refuses_invalid_values() {
        let root = json!({ "components": { "schemas": { "A": { "type": "string" } } } });
        for (schema, good, bad) in [
            (json!({ "$ref": "#/components/schemas/A" }), json!("a"), json!(1)),
            (json!({ "anyOf": [{ "type": "string" }, { "const": 1 }] }), json!(1), json!(2)),
            (json!({ "type": "object" }), json!({}), json!([])),
            (json!({ "type": "integer", "minimum": 0 }), json!(0), json!(-1)),
            (json!({ "enum": ["a", "b"] }), json!("b"), json!("c")),
            (json!({ "pattern": "^[\\w-]+$" }), json!("a-b"), json!("a b")),
            (json!({ "minItems": 1, "maxItems": 1, "items": { "type": "string" } }), json!(["a"]), json!([1])),
            (json!({ "minItems": 1 }), json!([1]), json!([])),
            (json!({ "maxItems": 1 }), json!([1]), json!([1, 2])),
            (json!({ "minProperties": 1 }), json!({ "a": 1 }), json!({})),
            (json!({ "required": ["a"] }), json!({ "a": null }), json!({})),
            (json!({ "properties": { "a": { "const": 1 } } }), json!({ "a": 1, "b": 2 }), json!({ "a": 2 })),
            (json!({ "properties": { "a": {} }, "additionalProperties": false }), json!({ "a": 1 }), json!({ "b": 1 })),
        ] {
            assert_eq!(validate(&root, &schema, &good), Ok(()), "{schema}");
            assert!(validate(&root, &schema, &bad).is_err(), "{schema}");
        }
    }
}
