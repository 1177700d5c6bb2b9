//! Entity tags (RFC 9110, section 8.8.3). The tag of a record is its version: `"7"`.

use app::IfMatch;

/// The tag of a version.
pub(super) fn of_version(version: u64) -> String {
    format!("\"{version}\"")
}

/// Reads the value of `If-Match`: `*`, or tags with commas between them. `None` if it is neither.
///
/// A weak tag never matches. A tag that is no version was not made here, so it matches nothing either.
pub(super) fn if_match(value: &str) -> Option<IfMatch> {
    let mut rest = value.trim();
    if rest == "*" {
        return Some(IfMatch::Any);
    }
    let mut versions = Vec::new();
    loop {
        let (is_weak, tag) = match rest.strip_prefix("W/") {
            Some(tag) => (true, tag),
            None => (false, rest),
        };
        let (tag, after) = tag.strip_prefix('"')?.split_once('"')?;
        versions.extend(tag.parse::<u64>().ok().filter(|_| !is_weak));
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(IfMatch::OneOf(versions));
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_comes_back_from_its_tag() {
        assert_eq!(if_match(&of_version(7)), Some(IfMatch::OneOf(vec![7])));
    }

    #[test]
    fn if_match_is_any_or_a_list_of_strong_tags() {
        let read = |value: &str| if_match(value);
        assert_eq!(read(" * "), Some(IfMatch::Any));
        let tags = "\"7\", \"12\",W/\"9\" , \"of another server\"";
        assert_eq!(read(tags), Some(IfMatch::OneOf(vec![7, 12])));
        for broken in [
            "",
            "7",
            "\"7",
            "\"7\",",
            "\"7\" \"8\"",
            "w/\"7\"",
            "*, \"7\"",
        ] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }
}
