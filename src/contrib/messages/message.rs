//! A message. Python counterpart: `django.contrib.messages.storage.base.Message` and `constants`.

use crate::http::common::escape;
use serde_json::{Value, json};

/// How important a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For developers.
    Debug = 10,
    /// For information.
    Info = 20,
    /// Something was done.
    Success = 25,
    /// Something may go wrong, or did not happen.
    Warning = 30,
    /// Something failed.
    Error = 40,
}

impl Level {
    /// The name, which is also the class in HTML.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level with Django's number, or the next lower one.
    fn from_number(number: i64) -> Self {
        let levels = [Self::Error, Self::Warning, Self::Success, Self::Info];
        levels.into_iter().find(|level| *level as i64 <= number).unwrap_or(Self::Debug)
    }
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessagePart {
    /// Plain text.
    Text(String),
    /// A link to a page of this site.
    Link {
        /// The address: a path.
        href: String,
        /// The text of the link.
        text: String,
    },
}

/// A message for the next page that the user sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How important it is.
    pub level: Level,
    text: String,
    /// Whether the text is HTML.
    is_html: bool,
    extra_tags: Option<String>,
}

/// The first item of a message in JSON.
const MESSAGE_KEY: &str = "__json_message";

impl Message {
    /// A message of plain text.
    #[must_use]
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self { level, text: text.into(), is_html: false, extra_tags: Some(String::new()) }
    }

    /// A message of text and links. Django sees it as HTML.
    #[must_use]
    pub fn of_parts(level: Level, parts: &[MessagePart]) -> Self {
        let html = parts.iter().map(|part| match part {
            MessagePart::Text(text) => escape(text),
            MessagePart::Link { href, text } => format!("<a href=\"{}\">{}</a>", escape(href), escape(text)),
        });
        Self { is_html: true, ..Self::new(level, html.collect::<String>()) }
    }

    /// Text and links. In a message without links, HTML is shown as text, with its tags.
    #[must_use]
    pub fn parts(&self) -> Vec<MessagePart> {
        if self.is_html { parts_of_html(&self.text) } else { vec![MessagePart::Text(self.text.clone())] }
    }

    /// The text without links.
    #[must_use]
    pub fn to_text(&self) -> String {
        let text = |part| match part {
            MessagePart::Text(text) | MessagePart::Link { text, .. } => text,
        };
        self.parts().into_iter().map(text).collect()
    }

    /// Whether the text is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// As Django's `MessageEncoder` writes it.
    pub(super) fn to_json(&self) -> Value {
        let mut json = vec![json!(MESSAGE_KEY), u8::from(self.is_html).into(), (self.level as i64).into()];
        json.push(self.text.as_str().into());
        json.extend(self.extra_tags.as_deref().map(Value::from));
        Value::Array(json)
    }

    /// As Django's `MessageDecoder` reads it. `None` if it is not a message.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let [key, is_html, level, text, rest @ ..] = value.as_array()?.as_slice() else { return None };
        if key != MESSAGE_KEY {
            return None;
        }
        Some(Self {
            level: Level::from_number(level.as_i64()?),
            text: text.as_str()?.to_owned(),
            is_html: is_html.as_i64() != Some(0) && is_html.as_bool() != Some(false),
            extra_tags: rest.first().and_then(Value::as_str).map(str::to_owned),
        })
    }
}

/// Text and links of HTML. The only tag that is read is `<a href="…">` with a path of this site. All other tags are left out, so
/// that the result is only text and links.
fn parts_of_html(html: &str) -> Vec<MessagePart> {
    let mut parts = Vec::new();
    let mut link: Option<String> = None;
    let mut rest = html;
    while !rest.is_empty() {
        if let Some((tag, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            if let Some(href) = tag.strip_prefix("a ").and_then(href_of) {
                link = Some(href);
            } else if tag == "/a" {
                link = None;
            }
            rest = after;
            continue;
        }
        // From the second character on, because the first one may be a `<` without its `>`.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest.get(first..).and_then(|tail| tail.find('<')).map_or(rest.len(), |at| at + first);
        let (text, after) = rest.split_at(end);
        let text = unescape(text);
        parts.push(match &link {
            Some(href) => MessagePart::Link { href: href.clone(), text },
            None => MessagePart::Text(text),
        });
        rest = after;
    }
    parts
}

fn href_of(attributes: &str) -> Option<String> {
    let (_, rest) = attributes.split_once("href=\"")?;
    let href = unescape(rest.split_once('"')?.0);
    let is_path = href.starts_with('/') && !href.starts_with("//") && !href.starts_with("/\\");
    is_path.then_some(href)
}

/// The five references that `django.utils.html.escape` writes.
const REFERENCES: [(char, &str); 5] = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#x27;")];

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let reference = REFERENCES.iter().find_map(|(known, reference)| Some((*known, rest.strip_prefix(reference)?)));
        let numeric = || rest.strip_prefix("&#39;").map(|after| ('\'', after));
        let (c, after) = reference.or_else(numeric).unwrap_or((c, rest.get(c.len_utf8()..).unwrap_or_default()));
        plain.push(c);
        rest = after;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> MessagePart {
        MessagePart::Text(text.to_owned())
    }

    fn link(href: &str, text: &str) -> MessagePart {
        MessagePart::Link { href: href.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_message_with_a_link_is_djangos_html() {
        let parts = [text("The user “"), link("/admin/auth/user/7/change/?a=1&b", "<b>'x'</b>"), text("” was added.")];
        let message = Message::of_parts(Level::Success, &parts);
        assert_eq!(
            message.to_json(),
            json!([
                "__json_message",
                1,
                25,
                "The user “<a href=\"/admin/auth/user/7/change/?a=1&amp;b\">&lt;b&gt;&#x27;x&#x27;&lt;/b&gt;</a>” was added.",
                ""
            ])
        );
        assert_eq!(message.parts(), parts);
        assert_eq!(message.to_text(), "The user “<b>'x'</b>” was added.");
        assert_eq!(Message::from_json(&message.to_json()), Some(message));
    }

    #[test]
    fn only_text_and_links_of_this_site_come_out_of_html() {
        let parts = |html: &str| Message { is_html: true, ..Message::new(Level::Info, html) }.parts();
        assert_eq!(parts("a<script>alert(1)</script>b"), [text("a"), text("alert(1)"), text("b")]);
        assert_eq!(parts("<a href=\"javascript:x\">y</a>"), [text("y")]);
        assert_eq!(parts("<a href=\"//evil.org/\">y</a>"), [text("y")]);
        assert_eq!(parts("<a class=\"x\" href=\"/y/\">z</a>&amp;lt;"), [link("/y/", "z"), text("&lt;")]);
        assert_eq!(parts("1 < 2 &#39; <"), [text("1 "), text("< 2 ' "), text("<")]);
        assert_eq!(Message::new(Level::Info, "<b>&amp;").parts(), [text("<b>&amp;")]);
    }

    #[test]
    fn what_django_writes_is_read() {
        for (json, level, is_html) in [
            (json!(["__json_message", 0, 20, "x"]), Level::Info, false),
            (json!(["__json_message", 1, 29, "x", "tag"]), Level::Success, true),
            (json!(["__json_message", true, 99, "x", null]), Level::Error, true),
        ] {
            let message = Message::from_json(&json).unwrap();
            assert_eq!((message.level, message.is_html), (level, is_html), "{json}");
        }
        for json in [json!("x"), json!([]), json!(["x", 0, 20, "x"]), json!(["__json_message", 0, "x", "x"])] {
            assert_eq!(Message::from_json(&json), None, "{json}");
        }
    }
}
