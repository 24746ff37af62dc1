//! What every view does, whoever it belongs to.

mod model_permissions;
mod schemas;
mod shared_throttling;
mod throttling;
mod views;
