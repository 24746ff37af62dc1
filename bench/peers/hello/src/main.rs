//! The minimum of actix-web: one path, one fixed answer. Other figures are divided by the figure of this server.
//!
//! `hello ADDRESS:PORT`; one worker.

use actix_web::{App, HttpResponse, HttpServer, web};

/// It has the length of the answer of the protected view.
const BODY: &str = r#"{"message":"Hello, authenticated user!","user":"user1"}"#;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    HttpServer::new(|| App::new().route("/api/protected/", web::get().to(hello))).workers(1).bind(address)?.run().await
}

async fn hello() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(BODY)
}
