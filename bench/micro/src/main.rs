//! Nothing to run: `cargo bench -p micro`.

fn main() {}
