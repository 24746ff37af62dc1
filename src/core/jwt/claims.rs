//! The payload of a token.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Index, IndexMut};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The payload of a token, in the order in which the claims were written.
///
/// Whole numbers beyond 64 bits, which Python keeps, become floats.
///
/// It is a list: a token has half a dozen claims, and to compare their names costs less than to hash one.
#[derive(Clone, Default)]
pub struct Claims(Vec<(Name, Value)>);

/// The name of a claim.
type Name = Cow<'static, str>;

/// Names that are not copied out of each token.
const USUAL: [&str; 9] = ["token_type", "exp", "iat", "jti", "user_id", "iss", "aud", "sub", "username"];

/// From here on the names of a payload that is being read are hashed: anybody can send a thousand of them.
const MANY: usize = 32;

impl Claims {
    /// No claims.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of the claim `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The value of the claim `name`, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Whether there is a claim `name`.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets a claim, in its old place when there is one, and gives what it was.
    pub fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: Value) -> Option<Value> {
        let name = name.into();
        match self.get_mut(&name) {
            Some(old) => Some(std::mem::replace(old, value)),
            None => {
                self.0.push((name, value));
                None
            }
        }
    }

    /// Takes a claim out; the others stay in their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// How many claims there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The same names with the same values, in whatever order.
impl PartialEq for Claims {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The value of a claim; `null` when it is missing.
impl Index<&str> for Claims {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

/// The value of a claim, which is made, with `null`, when there is none.
impl IndexMut<&str> for Claims {
    fn index_mut(&mut self, name: &str) -> &mut Value {
        let at = self.0.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.0.push((usual(name).unwrap_or_else(|| name.to_owned().into()), Value::Null));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}

fn usual(name: &str) -> Option<Name> {
    USUAL.iter().find(|usual| **usual == name).map(|usual| Cow::Borrowed(*usual))
}

impl<N: Into<Cow<'static, str>>> Extend<(N, Value)> for Claims {
    fn extend<I: IntoIterator<Item = (N, Value)>>(&mut self, claims: I) {
        for (name, value) in claims {
            self.insert(name, value);
        }
    }
}

impl<N: Into<Cow<'static, str>>> FromIterator<(N, Value)> for Claims {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(claims: I) -> Self {
        let mut all = Self::new();
        all.extend(claims);
        all
    }
}

impl IntoIterator for Claims {
    type Item = (Cow<'static, str>, Value);
    type IntoIter = std::vec::IntoIter<(Cow<'static, str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Map<String, Value>> for Claims {
    fn from(object: Map<String, Value>) -> Self {
        Self(object.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl From<Claims> for Value {
    fn from(claims: Claims) -> Self {
        Self::Object(claims.into_iter().map(|(name, value)| (name.into_owned(), value)).collect())
    }
}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// From an object. Of a name given twice, the last counts.
impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Claims;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Claims, A::Error> {
                let mut claims = Claims(Vec::with_capacity(8));
                while let Some(name) = object.next_key_seed(NameReader)? {
                    claims.insert(name, object.next_value()?);
                    if claims.len() == MANY {
                        let mut all: Map<_, _> = claims.into_iter().map(|(name, value)| (name.into(), value)).collect();
                        while let Some((name, value)) = object.next_entry()? {
                            all.insert(name, value);
                        }
                        return Ok(all.into());
                    }
                }
                Ok(claims)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

struct NameReader;

impl<'de> DeserializeSeed<'de> for NameReader {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameReader {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a claim")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(usual(name).unwrap_or_else(|| name.to_owned().into()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, json, to_string};

    use super::*;

    #[test]
    fn claims_keep_their_order_and_their_places() {
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
    fn order_makes_no_difference_and_everything_else_does() {
        let claims = |text| from_str::<Claims>(text).unwrap();
        assert_eq!(claims(r#"{"a":1,"b":2}"#), claims(r#"{"b":2,"a":1}"#));
        for other in [r#"{"a":1}"#, r#"{"a":1,"b":3}"#, r#"{"a":1,"c":2}"#, r#"{"a":1,"b":2,"c":3}"#] {
            assert_ne!(claims(r#"{"a":1,"b":2}"#), claims(other), "{other}");
        }
    }

    #[test]
    fn many_claims_are_read_as_few() {
        let name = |number: usize| format!("name{}", number % 70);
        let text: Vec<_> = (0..100).map(|number| format!("{:?}:{number}", name(number))).collect();
        let claims: Claims = from_str(&format!("{{{}}}", text.join(","))).unwrap();
        let names: Vec<_> = (0..70).map(name).collect();
        assert!(claims.iter().map(|(name, _)| name).eq(&names));
        assert_eq!((&claims["name0"], &claims["name29"], &claims["name30"]), (&json!(70), &json!(99), &json!(30)));
    }

    #[test]
    fn only_an_object_is_claims() {
        for text in ["[]", "1", "null", "\"a\"", "{", "{\"a\":1}x", "[[\"a\",1]]"] {
            assert!(from_str::<Claims>(text).is_err(), "{text}");
        }
    }
}
