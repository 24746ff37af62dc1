//! Settings of messages. Python counterpart: `MESSAGE_LEVEL` in `settings.py`.

use crate::conf::{settings, values};

settings! {
    section "Messages", app "django.contrib.messages";

    /// Which messages are shown.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct MessageSettings {
        /// Messages of a lower level are not shown: `10` debug, `20` info, `25` success, `30` warning, `40` error.
        pub level: u16 = MESSAGE_LEVEL("20", values::number);
    }
}
