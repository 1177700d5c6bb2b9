//! Lines on a map.

/// Cuts a line where it crosses the 180th meridian, as RFC 7946 (section 3.1.9) asks for. Positions are longitude and
/// latitude in degrees. A line goes the short way round: two positions that are more than 180 degrees of longitude
/// apart have the meridian between them.
///
/// A line that does not cross the meridian comes back in one piece. Each piece of another line has at least two
/// positions.
///
/// ```
/// let pieces = planner::map::cut_at_180(&[[178.0, -18.0], [-178.0, -16.0]]);
/// assert_eq!(pieces, [[[178.0, -18.0], [180.0, -17.0]], [[-180.0, -17.0], [-178.0, -16.0]]]);
/// ```
#[must_use]
pub fn cut_at_180(line: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<[f64; 2]> = Vec::with_capacity(line.len());
    for &[lon, lat] in line {
        if let Some(&[lon_before, lat_before]) = piece.last()
            && (lon - lon_before).abs() > 180.0
        {
            let edge = 180.0_f64.copysign(lon_before);
            // The position as if the map went on behind the edge.
            let beyond = lon + 2.0 * edge;
            let way = beyond - lon_before;
            let share = if way == 0.0 {
                0.0
            } else {
                (edge - lon_before) / way
            };
            let crossing = lat_before + share * (lat - lat_before);
            piece.push([edge, crossing]);
            pieces.push(std::mem::take(&mut piece));
            piece.push([-edge, crossing]);
        }
        piece.push([lon, lat]);
    }
    pieces.push(piece);
    if pieces.len() > 1 {
        for piece in &mut pieces {
            piece.dedup();
        }
        pieces.retain(|piece| piece.len() > 1);
    }
    // Nothing is left of a line that stays at one position of the meridian.
    if pieces.is_empty() {
        pieces.push(line.to_vec());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_stays_on_one_side_is_not_cut() {
        for line in [
            vec![],
            vec![[2.0, 41.0]],
            vec![[-179.0, 1.0], [-1.0, 2.0], [179.0, 3.0]],
            vec![[179.0, 1.0], [180.0, 2.0]],
        ] {
            assert_eq!(cut_at_180(&line), [line]);
        }
    }

    #[test]
    fn a_line_that_comes_back_is_in_three_pieces() {
        let line = [[179.0, 0.0], [-179.0, 2.0], [-179.0, 4.0], [179.0, 6.0]];
        let expected = [
            vec![[179.0, 0.0], [180.0, 1.0]],
            vec![[-180.0, 1.0], [-179.0, 2.0], [-179.0, 4.0], [-180.0, 5.0]],
            vec![[180.0, 5.0], [179.0, 6.0]],
        ];
        assert_eq!(cut_at_180(&line), expected);
    }

    #[test]
    fn a_position_on_the_meridian_is_on_both_sides_of_it() {
        // East and west of the meridian are two names of the same positions.
        let line = [[179.0, 1.0], [180.0, 2.0], [-180.0, 2.0], [-179.0, 3.0]];
        let expected = [[[179.0, 1.0], [180.0, 2.0]], [[-180.0, 2.0], [-179.0, 3.0]]];
        assert_eq!(cut_at_180(&line), expected);
        assert_eq!(cut_at_180(&[line[0], line[1], line[3]]), expected);
        assert_eq!(cut_at_180(&[line[0], line[2], line[3]]), expected);
        assert_eq!(cut_at_180(&line[1..]), [expected[1]]);
        assert_eq!(cut_at_180(&line[..3]), [expected[0]]);
        assert_eq!(cut_at_180(&line[1..3]), [line[1..3].to_vec()]);
    }
}
