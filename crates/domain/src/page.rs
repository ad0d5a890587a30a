//! Pages of lists, and the cursor between them.

use thiserror::Error;

use crate::sessions::opaque::{hex, unhex};

/// How many items one page holds: 1 to 100, 50 unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(u16);

impl PageLimit {
    /// The largest page.
    pub const MOST: Self = Self(100);
    /// The page for those who do not say.
    pub const USUAL: Self = Self(50);

    /// A limit that a caller asked for.
    ///
    /// # Errors
    /// When it is not between 1 and 100.
    pub fn parse(value: i64) -> Result<Self, PageError> {
        match u16::try_from(value) {
            Ok(value @ 1..=100) => Ok(Self(value)),
            _ => Err(PageError::Limit),
        }
    }

    /// The number of items.
    #[must_use]
    pub const fn items(self) -> usize {
        self.0 as usize
    }
}

/// Which list a cursor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The table of allowed and blocked domains, by domain.
    Domains,
    /// What happened to one user's account, the newest first, by id.
    Events,
    /// The fields of one user, by id.
    Fields,
    /// The users, by id.
    Users,
}

impl Listing {
    const fn name(self) -> &'static str {
        match self {
            Self::Domains => "domains",
            Self::Events => "events",
            Self::Fields => "fields",
            Self::Users => "users",
        }
    }
}

/// The place after which a page begins.
///
/// On the wire it is opaque: the hex of its version, its listing, its filter and the last item's
/// sort key. One of another listing or filter is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    key: String,
}

impl Cursor {
    /// The cursor after the item with this sort key.
    pub fn after(key: impl Into<String>) -> Self {
        Self { key: key.into() }
    }

    /// The sort key of the last item of the page before.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What a caller hands back to get the next page.
    #[must_use]
    pub fn encode(&self, listing: Listing, filter: &str) -> String {
        hex(format!("{VERSION}\0{}\0{filter}\0{}", listing.name(), self.key).as_bytes())
    }

    /// The cursor of a listing and filter.
    ///
    /// # Errors
    /// When it is none, or one of another version, listing or filter.
    pub fn decode(text: &str, listing: Listing, filter: &str) -> Result<Self, PageError> {
        let bytes = if text.len() > MAX_CHARACTERS { None } else { unhex(text) };
        let plain = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(PageError::Cursor)?;
        let mut parts = plain.splitn(4, '\0');
        let head = (parts.next(), parts.next(), parts.next());
        if head != (Some(VERSION), Some(listing.name()), Some(filter)) {
            return Err(PageError::Cursor);
        }
        parts.next().map(Self::after).ok_or(PageError::Cursor)
    }
}

/// Some items of a list, and where the next ones begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The place of the next page, unless this is the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page made of a read of one item more than `limit`: that one only tells that more follow.
    #[must_use]
    pub fn cut(items: Vec<T>, limit: PageLimit, key: impl Fn(&T) -> String) -> Self {
        Self::cut_after(items, limit.items(), key)
    }

    /// The page of the first `count` items: what was read beyond them only tells that more follow.
    #[must_use]
    pub fn cut_after(mut items: Vec<T>, count: usize, key: impl Fn(&T) -> String) -> Self {
        let more = items.len() > count;
        items.truncate(count);
        let next = if more { items.last().map(|item| Cursor::after(key(item))) } else { None };
        Self { items, next }
    }
}

/// Why a page cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    /// The limit is out of range.
    #[error("A page holds 1 to 100 items.")]
    Limit,
    /// The cursor does not belong to this list.
    #[error("This is not the next page of this list.")]
    Cursor,
}

impl PageError {
    /// The stable word for this error.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Limit => "out-of-range",
            Self::Cursor => "foreign-cursor",
        }
    }
}

const VERSION: &str = "1";
/// The longest cursor that is looked at.
const MAX_CHARACTERS: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_for_its_own_list_only() {
        let text = Cursor::after("gmail.com").encode(Listing::Domains, "1");
        assert_eq!(Cursor::decode(&text, Listing::Domains, "1").map(|c| c.key), Ok("gmail.com".into()));
        for (listing, filter) in [(Listing::Domains, ""), (Listing::Domains, "0"), (Listing::Fields, "1")] {
            assert_eq!(Cursor::decode(&text, listing, filter), Err(PageError::Cursor));
        }
        let upper = Cursor::after("jk").encode(Listing::Domains, "1").to_uppercase();
        for text in ["", "0", "zz", "+1", "é1", &text[2..], &upper, &"00".repeat(2000)] {
            assert_eq!(Cursor::decode(text, Listing::Domains, "1"), Err(PageError::Cursor), "{text}");
        }
    }

    #[test]
    fn a_limit_is_1_to_100() {
        for good in [1, 50, 100] {
            assert!(PageLimit::parse(good).is_ok());
        }
        for bad in [i64::MIN, -1, 0, 101, i64::MAX] {
            assert_eq!(PageLimit::parse(bad), Err(PageError::Limit));
        }
    }

    #[test]
    fn the_item_beyond_the_limit_only_tells_that_more_follow() {
        let two = PageLimit::parse(2).expect("two is a limit");
        let page = Page::cut(vec![1, 2, 3], two, ToString::to_string);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(Cursor::after("2"))));
        let last = Page::cut(vec![1, 2], two, ToString::to_string);
        assert_eq!((last.items, last.next), (vec![1, 2], None));
    }
}
