//! The versions of a record for which a caller makes a change: the header `If-Match` of RFC 9110.

use crate::refusal::Refusal;

/// The versions that the record may have. The ETag of an order or a route is its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Any version: `*`.
    Any,
    /// One of these. A tag that is no version of ours matches nothing, so the list may be empty.
    OneOf(Vec<u64>),
}

impl IfMatch {
    /// Checks the version of a record that was just read. The write has this version as its condition, too.
    ///
    /// # Errors
    /// [`Refusal::PreconditionFailed`] with the current version.
    pub fn check(wanted: Option<&Self>, current: u64) -> Result<(), Refusal> {
        match wanted {
            Some(Self::OneOf(versions)) if !versions.contains(&current) => {
                Err(Refusal::PreconditionFailed { current })
            }
            Some(Self::Any | Self::OneOf(_)) | None => Ok(()),
        }
    }
}
