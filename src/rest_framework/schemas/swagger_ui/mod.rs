//! A page to read the API's description and to try it out. Python counterpart: `drf_spectacular.views.SpectacularSwaggerView`.
//!
//! Above the operations is a form that logs in (`login.js`), so that "Try it out" has a token.
//!
//! Swagger UI 5.35.0 (Apache-2.0, see `LICENSE` and `NOTICE` in this folder) is inside the program, so that the page
//! works without a network. To bring in another version, take `swagger-ui-bundle.js` and `swagger-ui.css` out of the npm
//! package `swagger-ui-dist` and run `gzip -9n` on them.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::common::escape;

/// Nothing but the files of this folder, and requests to this site. Swagger UI writes `style` attributes.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                                       img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                                       frame-ancestors 'none'";

/// A file of the page.
struct PageFile {
    name: &'static str,
    content_type: &'static str,
    is_gzip: bool,
    content: &'static [u8],
}

const FILES: [PageFile; 5] = [
    PageFile {
        name: "swagger-ui-bundle.js",
        content_type: "text/javascript; charset=utf-8",
        is_gzip: true,
        content: include_bytes!("swagger-ui-bundle.js.gz"),
    },
    PageFile {
        name: "swagger-ui.css",
        content_type: "text/css; charset=utf-8",
        is_gzip: true,
        content: include_bytes!("swagger-ui.css.gz"),
    },
    PageFile {
        name: "login.css",
        content_type: "text/css; charset=utf-8",
        is_gzip: false,
        content: include_bytes!("login.css"),
    },
    PageFile {
        name: "login.js",
        content_type: "text/javascript; charset=utf-8",
        is_gzip: false,
        content: include_bytes!("login.js"),
    },
    PageFile {
        name: "initialize.js",
        content_type: "text/javascript; charset=utf-8",
        is_gzip: false,
        content: include_bytes!("initialize.js"),
    },
];

/// Mounts the page at `path`, which ends in a slash, with its files below. `schema` is the address of the document,
/// which may be relative to the page.
pub fn configure(cfg: &mut ServiceConfig, path: &str, title: &str, schema: &str) {
    let page = Bytes::from(page(title, schema));
    let serve_page = move || {
        let page = page.clone();
        async move { respond("text/html; charset=utf-8").body(page) }
    };
    cfg.service(web::resource(path).route(web::get().to(serve_page.clone())).route(web::head().to(serve_page)));
    for file in &FILES {
        let serve = move |req: HttpRequest| async move { file.serve(&req) };
        let resource = web::resource(format!("{path}{}", file.name));
        cfg.service(resource.route(web::get().to(serve)).route(web::head().to(serve)));
    }
}

fn page(title: &str, schema: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  <title>{}</title>\n  \
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n  <link rel=\"icon\" href=\"data:,\">\n  \
         <link rel=\"stylesheet\" href=\"swagger-ui.css\">\n  <link rel=\"stylesheet\" href=\"login.css\">\n</head>\n\
         <body>\n  <section id=\"login\" aria-labelledby=\"login-title\" hidden></section>\n  \
         <div id=\"swagger-ui\" data-schema=\"{}\"></div>\n  <script src=\"swagger-ui-bundle.js\"></script>\n  \
         <script src=\"login.js\"></script>\n  <script src=\"initialize.js\"></script>\n</body>\n</html>\n",
        escape(title),
        escape(schema),
    )
}

fn respond(content_type: &'static str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY));
    response
}

impl PageFile {
    fn serve(&self, req: &HttpRequest) -> HttpResponse {
        if !self.is_gzip {
            return respond(self.content_type).body(self.content);
        }
        if !accepts_gzip(req.headers().get(header::ACCEPT_ENCODING)) {
            return HttpResponse::NotAcceptable()
                .insert_header((header::VARY, "Accept-Encoding"))
                .content_type("text/plain; charset=utf-8")
                .body("This file is available only with gzip.\n");
        }
        respond(self.content_type)
            .insert_header((header::CONTENT_ENCODING, "gzip"))
            .insert_header((header::VARY, "Accept-Encoding"))
            .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
            .body(self.content)
    }
}

/// Without the header any coding is acceptable (RFC 9110, section 12.5.3).
fn accepts_gzip(accept_encoding: Option<&HeaderValue>) -> bool {
    let Some(value) = accept_encoding else { return true };
    let text = String::from_utf8_lossy(value.as_bytes());
    let weight = |wanted: &str| {
        text.split(',').find_map(|coding| {
            let (name, parameter) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = parameter.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
            name.trim().eq_ignore_ascii_case(wanted).then_some(weight.unwrap_or(1.0))
        })
    };
    weight("gzip").or_else(|| weight("*")).is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_clients_that_accept_it() {
        let accepts = |text| accepts_gzip(Some(&HeaderValue::from_static(text)));
        assert!(accepts_gzip(None));
        for text in ["gzip", "gzip, deflate, br", "br;q=1.0, GZIP;q=0.5", "*", "identity, *;q=0.1"] {
            assert!(accepts(text), "{text}");
        }
        for text in ["", "identity", "br", "gzip;q=0", "gzip;q=0, *", "*;q=0"] {
            assert!(!accepts(text), "{text}");
        }
    }

    #[test]
    fn data_in_the_page_is_escaped() {
        let page = page("<b>", "x\" onload=\"y");
        assert!(page.contains("<title>&lt;b&gt;</title>"), "{page}");
        assert!(page.contains("data-schema=\"x&quot; onload=&quot;y\""), "{page}");
    }
}
