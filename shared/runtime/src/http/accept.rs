//! Which media type a caller prefers (RFC 9110, section 12.5.1).

/// Whether the header `Accept` names this media type, with at least the weight of plain JSON.
pub(super) fn prefers(accept: &str, media_type: &str) -> bool {
    let weight = |name: &str| {
        let named = accept.split(',').filter_map(range);
        let weights = named.filter(|(named, _)| named.eq_ignore_ascii_case(name));
        weights.map(|(_, weight)| weight).reduce(f32::max)
    };
    let wanted = weight(media_type).unwrap_or(0.0);
    wanted > 0.0 && wanted >= weight("application/json").unwrap_or(0.0)
}

/// A media range and its weight. A range with an unreadable weight is ignored.
fn range(text: &str) -> Option<(&str, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    Some((name, weight.map_or(Some(1.0), |text| text.parse().ok())?))
}

#[cfg(test)]
mod tests {
    use super::prefers;

    #[test]
    fn only_who_names_it_gets_it() {
        let geo = "application/geo+json";
        for accept in [
            geo,
            "Application/Geo+JSON",
            "application/geo+json;q=0.5, */*;q=0.9",
            "text/html, application/geo+json ; q=0.9, application/json;q=0.8",
        ] {
            assert!(prefers(accept, geo), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "application/geo+json;q=0",
            "application/geo+json;q=0.5, application/json",
            "application/geo+json;q=high",
            ";;,,",
        ] {
            assert!(!prefers(accept, geo), "{accept}");
        }
    }
}
