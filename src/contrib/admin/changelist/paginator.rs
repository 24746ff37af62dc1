//! The pages of a list. Python counterpart: `django.core.paginator`.

use super::error::ChangeListError;

/// Rows are counted up to this number.
pub(in crate::contrib::admin) const COUNTED: u64 = 10_000;

/// Pages on each side of the current one that have a link.
const ON_EACH_SIDE: u64 = 3;

/// Pages at each end that have a link.
const ON_ENDS: u64 = 2;

/// The number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::contrib::admin) enum RowCount {
    /// This number.
    Exactly(u64),
    /// More than [`COUNTED`].
    More,
}

impl RowCount {
    pub(super) fn new(counted: u64) -> Self {
        if counted > COUNTED { Self::More } else { Self::Exactly(counted) }
    }

    /// Whether there are more than `number`, which is at most [`COUNTED`].
    pub(in crate::contrib::admin) fn exceeds(self, number: u64) -> bool {
        match self {
            Self::Exactly(count) => count > number,
            Self::More => true,
        }
    }
}

impl std::fmt::Display for RowCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(count) => count.fmt(f),
            Self::More => write!(f, "more than {COUNTED}"),
        }
    }
}

/// The pages of the rows that were found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paginator {
    pub(super) count: RowCount,
    /// `list_per_page`, at least 1.
    pub(super) per_page: u64,
    /// `list_max_show_all`
    pub(super) max_show_all: u64,
    /// Whether the client asked for all rows on one page.
    pub(super) wants_all: bool,
    /// The requested page. The first page is 1.
    pub(super) number: i64,
}

impl Paginator {
    /// Whether the rows are few enough for "Show all".
    pub(super) fn can_show_all(self) -> bool {
        !self.count.exceeds(self.max_show_all.min(COUNTED))
    }

    /// Whether the rows are on several pages, and not all are shown on one.
    pub(super) fn is_paginated(self) -> bool {
        self.count.exceeds(self.per_page.min(COUNTED)) && !(self.wants_all && self.can_show_all())
    }

    /// The number of rows on earlier pages.
    ///
    /// # Errors
    /// Returns an error if there is no such page. Beyond [`COUNTED`] this is found only when the rows are read.
    pub(super) fn offset(self) -> Result<u64, ChangeListError> {
        let page = u64::try_from(self.number).ok().and_then(|number| number.checked_sub(1));
        let offset = page.and_then(|page| page.checked_mul(self.per_page)).ok_or(ChangeListError::Incorrect)?;
        let exists = match self.count {
            RowCount::Exactly(count) => offset < count,
            RowCount::More => i64::try_from(offset).is_ok(),
        };
        if exists { Ok(offset) } else { Err(ChangeListError::Incorrect) }
    }

    /// The number of this page.
    pub(super) fn page(self) -> u64 {
        u64::try_from(self.number).unwrap_or(1).max(1)
    }

    /// The pages that have a link, with `None` for those between. Empty if there is one page.
    pub(super) fn pages(self, has_next_page: bool) -> Vec<Option<u64>> {
        if !self.is_paginated() {
            return Vec::new();
        }
        match self.count {
            RowCount::Exactly(count) => get_elided_page_range(self.page(), count.div_ceil(self.per_page).max(1)),
            // The number of pages is not known.
            RowCount::More => {
                let known = (COUNTED / self.per_page).max(self.page() + u64::from(has_next_page));
                get_elided_page_range(self.page(), known).into_iter().chain(has_next_page.then_some(None)).collect()
            }
        }
    }
}

/// The numbers of the pages that have a link, with `None` for those between: `Paginator.get_elided_page_range`.
pub(in crate::contrib::admin) fn get_elided_page_range(page: u64, last: u64) -> Vec<Option<u64>> {
    if last <= (ON_EACH_SIDE + ON_ENDS) * 2 {
        return (1..=last).map(Some).collect();
    }
    let mut pages = Vec::new();
    if page > 1 + ON_EACH_SIDE + ON_ENDS + 1 {
        pages.extend((1..=ON_ENDS).map(Some));
        pages.push(None);
        pages.extend((page - ON_EACH_SIDE..=page).map(Some));
    } else {
        pages.extend((1..=page).map(Some));
    }
    if page + ON_EACH_SIDE + ON_ENDS + 1 < last {
        pages.extend((page + 1..=page + ON_EACH_SIDE).map(Some));
        pages.push(None);
        pages.extend((last - ON_ENDS + 1..=last).map(Some));
    } else {
        pages.extend((page + 1..=last).map(Some));
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_between_are_left_out() {
        let shown = |page, last| {
            let pages = get_elided_page_range(page, last).into_iter();
            pages.map(|page| page.map_or_else(|| "…".to_owned(), |page| page.to_string())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(1, 3), "1 2 3");
        assert_eq!(shown(5, 10), "1 2 3 4 5 6 7 8 9 10");
        assert_eq!(shown(1, 50), "1 2 3 4 … 49 50");
        assert_eq!(shown(7, 50), "1 2 3 4 5 6 7 8 9 10 … 49 50");
        assert_eq!(shown(8, 50), "1 2 … 5 6 7 8 9 10 11 … 49 50");
        assert_eq!(shown(43, 50), "1 2 … 40 41 42 43 44 45 46 … 49 50");
        assert_eq!(shown(44, 50), "1 2 … 41 42 43 44 45 46 47 48 49 50");
        assert_eq!(shown(50, 50), "1 2 … 47 48 49 50");
    }
}
