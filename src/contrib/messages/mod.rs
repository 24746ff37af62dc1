//! One-time messages for the next page: "The user was added." Python counterpart: `django.contrib.messages`.
//!
//! A view that redirects adds a message, and the page that the browser opens next shows it. Until then it is in the signed cookie
//! `messages`, as in Django. Messages that are too long for a cookie are in the session.
//!
//! Django's messages may be HTML with links. [`Message::parts`] gives text and links, so that a page never has to trust the HTML.

pub mod apps;
mod message;
mod middleware;
pub mod settings;
mod storage;

pub use self::message::{Level, Message, MessagePart};
pub use self::middleware::MessageMiddleware;
pub use self::storage::{MessageStore, add, add_parts, take};
