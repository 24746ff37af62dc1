//! What every view does, in every app.

mod model_permissions;
mod schemas;
mod shared_throttling;
mod throttling;
mod views;
