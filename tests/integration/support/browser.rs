//! A client that keeps cookies, as a browser without scripts.

use std::cell::RefCell;
use std::collections::BTreeMap;

use actix_web::http::Method;

use super::{Client, Response};

/// A browser.
pub struct Browser {
    client: Client,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Browser {
    /// A browser without cookies, which sends the headers of `client` too.
    pub fn new(client: Client) -> Self {
        Self { client, cookies: RefCell::default() }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Sets a cookie, as another site below the same domain could.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    pub async fn get(&self, uri: &str) -> Response {
        self.send(Method::GET, uri, None, "", &[]).await
    }

    /// Sends a form.
    pub async fn post(&self, uri: &str, fields: &[(&str, &str)]) -> Response {
        self.post_with(uri, fields, &[]).await
    }

    /// Sends a form with more headers.
    pub async fn post_with(&self, uri: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Response {
        let body = urlencoded(fields);
        self.send(Method::POST, uri, Some("application/x-www-form-urlencoded"), &body, headers).await
    }

    /// Sends a request with the cookies, and keeps those of the response.
    pub async fn send(
        &self,
        method: Method,
        uri: &str,
        content_type: Option<&str>,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let pairs: Vec<_> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut client = self.client.clone();
        if !pairs.is_empty() {
            client = client.with_header("Cookie", pairs.join("; "));
        }
        for (name, value) in headers {
            client = client.with_header(name, *value);
        }
        let response = client.send(method, uri, content_type, body.as_bytes()).await;
        for line in response.all("Set-Cookie") {
            let (pair, attributes) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.set_cookie(name, value);
            }
        }
        response
    }
}

fn urlencoded(fields: &[(&str, &str)]) -> String {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    body.finish()
}
