//! The text of settings: durations, rates, addresses and others.

use actix_simplejwt::conf::values;
use actix_simplejwt::core::jwt::Algorithm;
use actix_simplejwt::rest_framework::throttling::{Rate, ThrottleRates};
use actix_simplejwt::server::settings::parse_address;
use chrono::Duration;

/// One text, read as every kind of setting. An accepted value is within its limits, and can be written and read again.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(duration) = values::duration(&text) {
        assert!(duration.abs() <= Duration::seconds(100_000_000_000), "{duration}");
        let seconds = duration.num_seconds();
        assert_eq!(values::duration(&seconds.to_string()), Ok(Duration::seconds(seconds)));
    }
    if let Ok(rate) = Rate::parse(&text) {
        let unit = match rate.period.num_seconds() {
            1 => "s",
            60 => "min",
            3_600 => "hour",
            86_400 => "d",
            other => panic!("a rate in {other} seconds"),
        };
        assert_eq!(Rate::parse(&format!("{}/{unit}", rate.requests)), Ok(rate));
    }
    if let Ok(rates) = ThrottleRates::parse(&text) {
        assert!(["user", "anon", "login"].iter().all(|scope| rates.get(scope).is_some()));
    }
    if let Ok(address) = parse_address(&text, ([127, 0, 0, 1], 8000).into()) {
        assert_eq!(parse_address(&address.to_string(), address), Ok(address));
    }
    if let Ok(parts) = values::list(&text) {
        assert!(parts.iter().all(|part| !part.is_empty() && part.trim() == part && !part.contains(',')));
        assert_eq!(values::list(&parts.join(",")), Ok(parts));
    }
    if let Ok(algorithm) = text.parse::<Algorithm>() {
        assert_eq!(algorithm.as_str(), text);
    }
    if let Ok(number) = values::number::<u64>(&text) {
        assert_eq!(values::number(&number.to_string()), Ok(number));
    }
    assert!(values::boolean(&text).is_err() || text.trim().len() <= 5);
    assert!(values::optional(values::pem)(&text).is_ok());
    assert!(text.ends_with(values::class_name(&text)));
}
