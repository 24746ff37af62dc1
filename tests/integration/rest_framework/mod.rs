//! Behaviour that the views of all apps share.

mod browsable;
mod model_permissions;
mod schemas;
mod shared_throttling;
mod throttling;
mod views;
