//! JSON in colours. Python counterpart: the highlighting script of `rest_framework/static`.

/// A piece of JSON. Without a class it has no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JsonSpan<'a> {
    pub(super) class: &'static str,
    pub(super) text: &'a str,
}

/// The pieces of valid JSON. Together they are `json`.
pub(super) fn parts(json: &str) -> Vec<JsonSpan<'_>> {
    let mut parts = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => length_of(rest, |c| c.is_ascii_alphanumeric() || "+-.".contains(c)),
            b'a'..=b'z' => length_of(rest, |c| c.is_ascii_alphabetic()),
            _ => length_of(rest, |c| !c.is_ascii_alphanumeric() && c != '"' && c != '-'),
        };
        let (text, after) = rest.split_at(length.clamp(1, rest.len()));
        let class = match first {
            b'"' if after.starts_with(':') => "key",
            b'"' => "str",
            b'-' | b'0'..=b'9' => "num",
            b'a'..=b'z' => "kwd",
            _ => "",
        };
        parts.push(JsonSpan { class, text });
        rest = after;
    }
    parts
}

fn length_of(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.char_indices().find(|(_, c)| !belongs(*c)).map_or(text.len(), |(place, _)| place)
}

/// The length of the string that `text` begins with, with both quotes.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (place, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_their_kind_and_are_the_text() {
        let json = "{\n    \"a\\\"ü\": [-1.5e+3, true, null, \"é: \\\\\"],\n    \"b\": {}\n}";
        let parts = parts(json);
        assert_eq!(parts.iter().map(|part| part.text).collect::<String>(), json);
        let coloured: Vec<_> =
            parts.iter().filter(|part| !part.class.is_empty()).map(|part| (part.class, part.text)).collect();
        assert_eq!(
            coloured,
            [
                ("key", "\"a\\\"ü\""),
                ("num", "-1.5e+3"),
                ("kwd", "true"),
                ("kwd", "null"),
                ("str", "\"é: \\\\\""),
                ("key", "\"b\""),
            ]
        );
    }

    #[test]
    fn what_is_no_json_is_kept_as_well() {
        for text in ["é", "Ärger", "\"open", "A", "-", "xé\"y"] {
            assert_eq!(parts(text).iter().map(|part| part.text).collect::<String>(), text);
        }
    }
}
