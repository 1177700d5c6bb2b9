//! The table `Claims`.

/// Its key.
pub(super) const KEY: &str = "claim";
