//! Files that belong to the pages: style sheets, scripts and pictures. Python counterpart:
//! `django.contrib.staticfiles.storage.ManifestStaticFilesStorage`.
//!
//! The files are in the program. Their names contain a hash of their content, so that browsers may keep them forever: a
//! new version has another name.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

/// Where the files are served. Python counterpart: `STATIC_URL`.
pub const STATIC_URL: &str = "/static/";

/// Browsers keep the file for a year and do not ask again.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A file, which [`mount`] serves.
#[derive(Debug)]
pub struct StaticFile {
    /// Folder and name without the extension: `admin/admin`.
    stem: &'static str,
    extension: &'static str,
    content: &'static [u8],
    hash: u64,
}

impl StaticFile {
    /// The file `stem.extension` with this content. The extension must be `css`, `js` or `svg`.
    #[must_use]
    pub const fn new(stem: &'static str, extension: &'static str, content: &'static [u8]) -> Self {
        Self { stem, extension, content, hash: fnv1a(content) }
    }

    /// The path with the hash: `/static/admin/admin.5d41402abc4b2a76.css`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{STATIC_URL}{}.{:016x}.{}", self.stem, self.hash, self.extension)
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(match self.extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "application/octet-stream",
        })
    }

    fn serve(&self) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, self.content_type()))
            .insert_header((header::CACHE_CONTROL, CACHE_CONTROL))
            .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'"))
            .body(self.content)
    }
}

/// Serves each of `files` at its own path, for `GET` and `HEAD`.
pub fn mount(cfg: &mut ServiceConfig, files: &'static [StaticFile]) {
    for file in files {
        let serve = move |_: HttpRequest| async move { file.serve() };
        cfg.service(web::resource(file.url()).route(web::get().to(serve)).route(web::head().to(serve)));
    }
}

/// The hash of Fowler, Noll and Vo: computed by the compiler, and enough to tell two versions of a file apart.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        rest = tail;
    }
    hash
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::dev::Service;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, http::Method};

    use super::*;

    static FILES: [StaticFile; 1] = [StaticFile::new("shop/shop", "css", b"a{}")];

    #[test]
    fn the_name_changes_with_the_content() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(FILES[0].url(), format!("/static/shop/shop.{:016x}.css", fnv1a(b"a{}")));
        assert_ne!(StaticFile::new("shop/shop", "css", b"b{}").url(), FILES[0].url());
    }

    #[actix_web::test]
    async fn a_file_may_be_kept_for_a_year() {
        let service = init_service(App::new().configure(|cfg| mount(cfg, &FILES))).await;
        for method in [Method::GET, Method::HEAD] {
            let request = TestRequest::with_uri(&FILES[0].url()).method(method.clone()).to_request();
            let response = service.call(request).await.unwrap().into_parts().1;
            assert_eq!(response.status(), 200, "{method}");
            assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), "text/css; charset=utf-8");
            assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "public, max-age=31536000, immutable");
            if method == Method::GET {
                assert_eq!(to_bytes(response.into_body()).await.unwrap(), "a{}");
            }
        }
        let request = TestRequest::with_uri("/static/shop/shop.css").to_request();
        assert_eq!(service.call(request).await.unwrap().status(), 404);
    }
}
