//! The payload of a token.

use std::ops::{Deref, DerefMut, Index, IndexMut};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The payload of a token: a JSON object that keeps its claims in the order in which they were written.
///
/// Integers beyond 64 bits, which Python keeps exactly, become floats.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// No claims.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a claim and returns its former value. A claim that exists keeps its position.
    pub fn insert(&mut self, name: impl Into<String>, value: Value) -> Option<Value> {
        self.0.insert(name.into(), value)
    }

    /// Removes a claim. The others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }
}

impl Deref for Claims {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Claims {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// The value of a claim; `null` if it is missing.
impl Index<&str> for Claims {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }
}

/// The value of a claim, which is created with the value `null` if it is missing.
impl IndexMut<&str> for Claims {
    fn index_mut(&mut self, name: &str) -> &mut Value {
        self.0.entry(name).or_insert(Value::Null)
    }
}

impl<N: Into<String>> FromIterator<(N, Value)> for Claims {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(claims: I) -> Self {
        Self(claims.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl IntoIterator for Claims {
    type Item = (String, Value);
    type IntoIter = serde_json::map::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Map<String, Value>> for Claims {
    fn from(object: Map<String, Value>) -> Self {
        Self(object)
    }
}

impl From<Claims> for Value {
    fn from(claims: Claims) -> Self {
        Self::Object(claims.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, json, to_string};

    use super::*;

    #[test]
    fn claims_keep_their_order() {
        let mut claims: Claims = from_str(r#"{"b":1,"a":2,"b":3}"#).unwrap();
        assert_eq!(to_string(&claims).unwrap(), r#"{"b":3,"a":2}"#);
        assert_eq!(claims.insert("b", json!(4)), Some(json!(3)));
        claims["c"] = json!(null);
        assert_eq!(claims.remove("a"), Some(json!(2)));
        assert_eq!(claims.remove("a"), None);
        assert_eq!(to_string(&claims).unwrap(), r#"{"b":4,"c":null}"#);
        assert_eq!(Value::from(claims), json!({"b": 4, "c": null}));
    }

    #[test]
    fn equality_ignores_the_order() {
        let claims = |text| from_str::<Claims>(text).unwrap();
        assert_eq!(claims(r#"{"a":1,"b":2}"#), claims(r#"{"b":2,"a":1}"#));
        for other in [r#"{"a":1}"#, r#"{"a":1,"b":3}"#, r#"{"a":1,"c":2}"#, r#"{"a":1,"b":2,"c":3}"#] {
            assert_ne!(claims(r#"{"a":1,"b":2}"#), claims(other), "{other}");
        }
    }

    #[test]
    fn only_a_json_object_is_accepted() {
        for text in ["[]", "1", "null", "\"a\"", "{", "{\"a\":1}x", "[[\"a\",1]]"] {
            assert!(from_str::<Claims>(text).is_err(), "{text}");
        }
    }
}
