//! `Host` headers.

use std::sync::LazyLock;

use actix_simplejwt::http::host::AllowedHosts;

/// A `Host` header. An accepted host has no characters with a meaning in a link, and is in the list.
pub fn check(data: &[u8]) {
    static NAMED: LazyLock<AllowedHosts> = LazyLock::new(|| {
        AllowedHosts::new(&[".example.org", "localhost", "127.0.0.1", "[::1]"].map(str::to_owned), false)
    });
    static ANY: LazyLock<AllowedHosts> = LazyLock::new(|| AllowedHosts::new(&["*".to_owned()], false));
    let host = String::from_utf8_lossy(data);
    let (named, any) = (NAMED.check(&host), ANY.check(&host));
    for refusal in [&named, &any].into_iter().filter_map(|checked| checked.as_ref().err()) {
        assert!(!refusal.to_string().contains('\n'), "a line break reaches the log: {refusal}");
    }
    if any.is_err() {
        assert!(named.is_err(), "{host:?} is no host and in the list");
        return;
    }
    assert!(host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)), "{host:?}");
    if named.is_ok() {
        let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => format!("[{address}]"),
            None => host.split(':').next().unwrap_or_default().to_ascii_lowercase(),
        };
        let name = name.strip_suffix('.').unwrap_or(&name);
        let is_listed = ["example.org", "localhost", "127.0.0.1", "[::1]"].contains(&name);
        assert!(is_listed || name.ends_with(".example.org"), "{host:?}");
    }
}
