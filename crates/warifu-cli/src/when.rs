//! Points in time as people read them.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

const DAY: i64 = 24 * 60 * 60;

/// Seconds since 1970-01-01 UTC, by the system's clock; 0 if that is set before 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}

/// `seconds` since 1970 as `2026-11-23 18:40:00 UTC`.
pub(crate) fn date_time(seconds: i64) -> String {
    let Ok(date) = OffsetDateTime::from_unix_timestamp(seconds) else {
        return format!("{seconds} seconds after 1970");
    };
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC",
        date.year(),
        u8::from(date.month()),
        date.day(),
        date.hour(),
        date.minute(),
        date.second()
    )
}

/// Whole days from `now` to `seconds`, rounded towards zero; negative when it has passed.
pub(crate) fn days_until(seconds: i64, now: i64) -> i64 {
    seconds.saturating_sub(now) / DAY
}

/// How long a certificate that ends at `not_after` is still good: "6 days left", "expired 3 days ago".
pub(crate) fn days_left(not_before: i64, not_after: i64, now: i64) -> String {
    let count = |days: i64| match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    if now > not_after {
        match days_until(now, not_after) {
            0 => "EXPIRED today".to_owned(),
            days => format!("EXPIRED {} ago", count(days)),
        }
    } else if now < not_before {
        format!("NOT YET VALID, from {}", date_time(not_before))
    } else {
        match days_until(not_after, now) {
            0 => "less than 1 day left".to_owned(),
            days => format!("{} left", count(days)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_read_naturally() {
        assert_eq!(date_time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date_time(1_795_459_200), "2026-11-23 18:40:00 UTC");
        assert_eq!(days_left(0, 10 * DAY, 8 * DAY), "2 days left");
        assert_eq!(days_left(0, 10 * DAY, 9 * DAY), "1 day left");
        assert_eq!(days_left(0, 10 * DAY, 10 * DAY - 1), "less than 1 day left");
        assert_eq!(days_left(0, DAY, 4 * DAY), "EXPIRED 3 days ago");
        assert_eq!(
            days_left(DAY, 2 * DAY, 0),
            "NOT YET VALID, from 1970-01-02 00:00:00 UTC"
        );
    }
}
