//! Times of certificates (`ASN1_TIME`).

use super::string::Asn1String;
use warifu::certificate::der::{Element, unix_seconds};

/// A day in the Gregorian calendar and a second of it, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calendar {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: u8,
    /// 1 to 31.
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    /// 0 for Sunday.
    pub(crate) weekday: u8,
    /// From 0.
    pub(crate) day_of_year: u16,
}

const DAY: i64 = 86_400;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Seconds since 1970-01-01 UTC; `None` if the time is not in the form of RFC 5280 Section 4.1.2.5.
pub(crate) fn seconds(time: &Asn1String) -> Option<i64> {
    let tag = u8::try_from(time.kind()).ok()?;
    let element = Element {
        tag,
        value: time.bytes(),
        whole: &[],
    };
    let seconds = i64::try_from(unix_seconds(element)?).ok()?;
    if seconds > 0 {
        return Some(seconds);
    }
    // Before 1970 that reads as 0. The years from 1950 on are moved by 28, after which all days come round again.
    let (year, rest) = match tag {
        23 => time.bytes().split_at_checked(2)?,
        _ => time.bytes().split_at_checked(4)?,
    };
    let year: i64 = core::str::from_utf8(year).ok()?.parse().ok()?;
    let year = if tag == 23 { 1900 + year } else { year };
    if !(1942..1970).contains(&year) {
        return Some(seconds);
    }
    let moved = [format!("{:04}", year + 28).as_bytes(), rest].concat();
    let element = Element {
        tag: 24,
        value: &moved,
        whole: &[],
    };
    let cycle = (28 * 365 + 7) * DAY;
    Some(i64::try_from(unix_seconds(element)?).ok()? - cycle)
}

/// The calendar of a second since 1970-01-01 UTC.
pub(crate) fn calendar(seconds: i64) -> Calendar {
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let mut year = 1970 + days.div_euclid(366);
    while first_day(year + 1) <= days {
        year += 1;
    }
    let day_of_year = days - first_day(year);
    let february = if is_leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut month, mut day) = (1, day_of_year);
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    // All of these are small.
    let small = |value: i64| u8::try_from(value).unwrap_or(0);
    Calendar {
        year,
        month,
        day: small(day + 1),
        hour: small(second / 3600),
        minute: small(second / 60 % 60),
        second: small(second % 60),
        // 1970-01-01 was a Thursday.
        weekday: small((days + 4).rem_euclid(7)),
        day_of_year: u16::try_from(day_of_year).unwrap_or(0),
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970-01-01 to the first of January.
fn first_day(year: i64) -> i64 {
    let before = year - 1;
    let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    // As many leap days had been before 1970.
    (year - 1970) * 365 + leap_days - 477
}

/// `Nov  6 01:06:12 2026 GMT`, as `ASN1_TIME_print` writes it.
pub(crate) fn print(time: &Asn1String) -> Option<String> {
    let at = calendar(seconds(time)?);
    let month = MONTHS.get(usize::from(at.month).checked_sub(1)?)?;
    Some(format!(
        "{month} {:2} {:02}:{:02}:{:02} {} GMT",
        at.day, at.hour, at.minute, at.second, at.year
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_days() {
        // Right-hand sides by `date -u`.
        for (kind, text, seconds, printed) in [
            (23, "700101000000Z", 0, "Jan  1 00:00:00 1970 GMT"),
            (23, "691231235959Z", -1, "Dec 31 23:59:59 1969 GMT"),
            (
                23,
                "500101000000Z",
                -631_152_000,
                "Jan  1 00:00:00 1950 GMT",
            ),
            (
                23,
                "261123183520Z",
                1_795_458_920,
                "Nov 23 18:35:20 2026 GMT",
            ),
            (
                24,
                "20000229120000Z",
                951_825_600,
                "Feb 29 12:00:00 2000 GMT",
            ),
            (
                24,
                "99991231235959Z",
                253_402_300_799,
                "Dec 31 23:59:59 9999 GMT",
            ),
        ] {
            let time = Asn1String::new(kind, text.as_bytes());
            assert_eq!(super::seconds(&time), Some(seconds), "{text}");
            assert_eq!(print(&time).as_deref(), Some(printed));
        }
        let odd = Asn1String::new(23, b"2611231835Z");
        assert_eq!((super::seconds(&odd), print(&odd)), (None, None));
        assert_eq!(calendar(1_795_458_920).weekday, 1);
    }
}
