//! Pages of listings.
//!
//! A cursor contains only the id after which the next page begins. The caller's token decides which records are listed,
//! so another caller's cursor reveals nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{ImportId, OrderId, Role, RouteId, User, UserId, UserStatus};
use intake::Faults;

use crate::ports::UserStore;
use crate::refusal::Refusal;

/// The number of entries on a page if the caller does not set a limit.
pub const DEFAULT_LIMIT: usize = 20;
/// The largest number of entries on a page.
pub const LARGEST_LIMIT: usize = 100;

/// The first byte of a cursor, so that a later layout can be recognised.
const LAYOUT: u8 = 1;

/// The query of a listing, as the caller sent it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// `?status`
    pub status: Option<String>,
    /// `?limit`
    pub limit: Option<String>,
    /// `?cursor`
    pub cursor: Option<String>,
}

/// The query of a listing, parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page<Status, Id> {
    pub status: Option<Status>,
    pub limit: usize,
    pub after: Option<Id>,
}

impl PageQuery {
    /// Parses the query. `statuses` are the accepted values of `?status`.
    pub(crate) fn read<Status: Copy + Into<&'static str>, Id: ListedId>(
        &self,
        statuses: &[Status],
    ) -> Result<Page<Status, Id>, Faults> {
        let faults = Faults::new();
        let status = self.status.as_deref().and_then(|name| {
            let found = statuses.iter().find(|status| name == (**status).into());
            if found.is_none() {
                let known: Vec<&str> = statuses.iter().map(|status| (*status).into()).collect();
                faults.note("?status", format!("must be one of {}", known.join(", ")));
            }
            found.copied()
        });
        let limit = self.limit.as_deref().map_or(DEFAULT_LIMIT, |text| {
            let limit = text.parse().unwrap_or(0);
            if !(1..=LARGEST_LIMIT).contains(&limit) {
                faults.note(
                    "?limit",
                    format!("must be a whole number from 1 to {LARGEST_LIMIT}"),
                );
            }
            limit
        });
        let after = self.cursor.as_deref().and_then(|text| {
            let id = decode(text);
            if id.is_none() {
                faults.note("?cursor", "is not a cursor from this listing");
            }
            id
        });
        faults.or(Some(Page {
            status,
            limit,
            after,
        }))
    }
}

/// A page of the agents or the customers, sorted by id, with the cursor of the next page. `statuses` are the statuses
/// that are listed.
///
/// # Errors
/// [`Refusal::Invalid`] if the query is not valid.
pub(crate) async fn page_of_people(
    users: &dyn UserStore,
    role: Role,
    statuses: &[UserStatus],
    query: &PageQuery,
) -> Result<(Vec<User>, Option<String>), Refusal> {
    let page = query.read::<_, UserId>(statuses)?;
    // One more than the limit shows whether there is another page.
    let limit = page.limit + 1;
    let asked = |status: UserStatus| page.status.is_none_or(|asked| asked == status);
    let mut ids = Vec::new();
    for status in statuses.iter().copied().filter(|status| asked(*status)) {
        ids.extend(users.with_status(role, status, page.after, limit).await?);
    }
    ids.sort_unstable();
    ids.dedup();
    let more = ids.len() > page.limit;
    ids.truncate(page.limit);
    let next_cursor = ids.last().filter(|_| more).copied().map(cursor_after);
    let mut people = users.users(&ids).await?;
    people.sort_unstable_by_key(|user| user.id);
    // The index is only a hint: a status may have changed since.
    people.retain(|user| asked(user.status));
    Ok((people, next_cursor))
}

/// An id that listings are ordered by.
pub(crate) trait ListedId: Copy {
    fn to_bytes(self) -> [u8; 16];
    fn of_bytes(bytes: [u8; 16]) -> Self;
}

macro_rules! listed {
    ($($id:ty),*) => {$(
        impl ListedId for $id {
            fn to_bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }
            fn of_bytes(bytes: [u8; 16]) -> Self {
                Self(domain::ids::Uuid::from_bytes(bytes))
            }
        }
    )*};
}

listed!(ImportId, OrderId, RouteId, UserId);

/// The cursor of the page that begins after an id.
pub(crate) fn cursor_after(id: impl ListedId) -> String {
    let mut bytes = vec![LAYOUT];
    bytes.extend(id.to_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode<Id: ListedId>(cursor: &str) -> Option<Id> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (LAYOUT, id) = bytes.split_first().map(|(layout, id)| (*layout, id))? else {
        return None;
    };
    id.try_into().ok().map(Id::of_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{RouteStatus, VariantArray};

    fn read(query: &PageQuery) -> Result<Page<RouteStatus, OrderId>, Faults> {
        query.read(RouteStatus::VARIANTS)
    }

    fn pointers(query: PageQuery) -> Vec<String> {
        let faults = read(&query).unwrap_err();
        faults
            .into_vec()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    }

    #[test]
    fn a_cursor_leads_back_to_its_id() {
        let id: OrderId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let query = PageQuery {
            cursor: Some(cursor_after(id)),
            ..PageQuery::default()
        };
        assert_eq!(read(&query).unwrap().after, Some(id));
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        let query = PageQuery {
            status: Some("lost".to_owned()),
            limit: Some("101".to_owned()),
            cursor: Some("!".to_owned()),
        };
        assert_eq!(pointers(query), ["?status", "?limit", "?cursor"]);
    }

    #[test]
    fn a_cursor_of_another_length_or_layout_is_refused() {
        for bytes in [vec![], vec![1, 2, 3], vec![9; 17], vec![1; 18]] {
            let query = PageQuery {
                cursor: Some(URL_SAFE_NO_PAD.encode(bytes)),
                ..PageQuery::default()
            };
            assert_eq!(pointers(query), ["?cursor"]);
        }
    }
}
