//! How long things are kept.

use chrono::TimeDelta;

use crate::config::checked::Check;

/// The most days that can be asked for: a century.
const MOST_DAYS: i64 = 36_500;

impl Check<'_> {
    /// How long events are kept; `None` for ever. A `0` could mean either end, so it is refused.
    pub(super) fn event_retention(&mut self) -> Option<Option<TimeDelta>> {
        let kept = kept(self.raw.get("event_retention"));
        kept.or_else(|| self.refuse("event_retention", "days from 1d to 36500d, or `off` to keep events for ever"))
    }
}

fn kept(text: &str) -> Option<Option<TimeDelta>> {
    if text == "off" {
        return Some(None);
    }
    let days = text.strip_suffix('d').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let days = days.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days))?;
    Some(Some(TimeDelta::days(days)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_kept_for_days_or_for_ever() {
        for (text, days) in [("1d", 1), ("180d", 180), ("36500d", 36_500)] {
            assert_eq!(kept(text), Some(Some(TimeDelta::days(days))), "{text}");
        }
        assert_eq!(kept("off"), Some(None));
        for text in ["", "0", "0d", "180", "-1d", "+1d", "1.5d", "36501d", "99999999999999999999d", "1h", "d", "on"] {
            assert_eq!(kept(text), None, "{text}");
        }
    }
}
