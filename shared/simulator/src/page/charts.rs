//! Charts as inline SVG.

use std::fmt::Write as _;

use domain::StopKind;

use super::escaped;
use crate::outcome::Visit;

const COLOURS: [&str; 6] = [
    "#0b6e99", "#d9822b", "#6b7a89", "#a06cb0", "#3d9a57", "#c23b5e",
];
const WIDTH: f64 = 900.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 20.0;

/// A series of values with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The name.
    pub name: String,
    /// The values: for [`bars`] one per group, for [`lines`] points.
    pub points: Vec<(f64, f64)>,
}

fn open(height: f64, label: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        escaped(label)
    )
}

fn colour(index: usize) -> &'static str {
    COLOURS[index % COLOURS.len()]
}

/// Horizontal bars: a row for each label.
pub fn bars(title: &str, rows: &[(String, f64)], format: impl Fn(f64) -> String) -> String {
    let height = 34.0 + 24.0 * rows.len() as f64;
    let largest = rows.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let mut svg = open(height, title);
    let _ = write!(svg, "<text x=\"0\" y=\"16\">{}</text>", escaped(title));
    for (index, (name, value)) in rows.iter().enumerate() {
        let y = 30.0 + 24.0 * index as f64;
        let wide = (WIDTH - LEFT - RIGHT - 80.0) * value / largest.max(f64::MIN_POSITIVE);
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{wide:.1}\" height=\"17\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{}</text>",
            LEFT - 8.0,
            y + 13.0,
            escaped(name),
            colour(index),
            LEFT + wide + 6.0,
            y + 13.0,
            escaped(&format(*value)),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Lines through points, each from left to right.
pub fn lines(title: &str, x_unit: &str, y_unit: &str, series: &[Series]) -> String {
    let (height, top, bottom) = (300.0, 40.0, 250.0);
    let points = || series.iter().flat_map(|it| &it.points);
    let most = |value: fn(&(f64, f64)) -> f64| points().map(value).fold(0.0, f64::max);
    let (x_most, y_most) = (most(|it| it.0).max(1e-9), most(|it| it.1).max(1e-9));
    let left = 60.0;
    let x = |value: f64| left + (WIDTH - left - RIGHT) * value / x_most;
    let y = |value: f64| bottom - (bottom - top) * value / y_most;
    let mut svg = open(height, title);
    let _ = write!(svg, "<text x=\"0\" y=\"16\">{}</text>", escaped(title));
    for value in ticks(y_most) {
        let _ = write!(
            svg,
            "<line x1=\"{left}\" x2=\"{}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#e3e8ec\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            y(value),
            y(value),
            left - 6.0,
            y(value) + 4.0,
            short(value),
        );
    }
    for value in ticks(x_most) {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x(value),
            bottom + 18.0,
            short(value),
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><text x=\"{left}\" y=\"32\">{}</text>",
        WIDTH - RIGHT,
        bottom + 36.0,
        escaped(x_unit),
        escaped(y_unit),
    );
    for (index, it) in series.iter().enumerate() {
        let mut path = String::new();
        for (at_x, at_y) in &it.points {
            let _ = write!(path, "{:.1},{:.1} ", x(*at_x), y(*at_y));
        }
        let _ = write!(
            svg,
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
            colour(index)
        );
    }
    svg.push_str(&legend(
        series.iter().map(|it| it.name.as_str()),
        height - 8.0,
    ));
    svg.push_str("</svg>");
    svg
}

fn legend<'a>(names: impl Iterator<Item = &'a str>, y: f64) -> String {
    let mut svg = String::new();
    let mut x = 60.0;
    for (index, name) in names.enumerate() {
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{}\" width=\"11\" height=\"11\" fill=\"{}\"/>\
             <text x=\"{}\" y=\"{y}\">{}</text>",
            y - 10.0,
            colour(index),
            x + 16.0,
            escaped(name),
        );
        x += 40.0 + 7.0 * name.len() as f64;
    }
    svg
}

/// A row for each agent's day: driving is light, a pickup orange and a drop-off blue.
pub fn agent_days(title: &str, visits: &[Vec<Visit>], first_hour: f64) -> String {
    let height = 60.0 + 20.0 * visits.len() as f64;
    let ends = visits.iter().flatten().map(|visit| visit.served_s);
    let end_s = ends.fold(3600.0, f64::max);
    let left = 90.0;
    let x = |at_s: f64| left + (WIDTH - left - RIGHT) * at_s / end_s;
    let mut svg = open(height, title);
    let _ = write!(svg, "<text x=\"0\" y=\"16\">{}</text>", escaped(title));
    let hours = (end_s / 3600.0).floor() as u32;
    let step = (hours / 12).max(1);
    for hour in (0..=hours).step_by(step as usize) {
        let at = x(f64::from(hour) * 3600.0);
        let _ = write!(
            svg,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"26\" y2=\"{:.1}\" stroke=\"#e3e8ec\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}:00</text>",
            height - 26.0,
            height - 10.0,
            (first_hour + f64::from(hour)) as u32 % 24,
        );
    }
    for (agent, visits) in visits.iter().enumerate() {
        let y = 28.0 + 20.0 * agent as f64;
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{:.1}\">agent {}</text>",
            y + 12.0,
            agent + 1
        );
        for visit in visits {
            let mut bar = |from_s: f64, until_s: f64, fill: &str| {
                let wide = (x(until_s) - x(from_s)).max(0.5);
                let _ = write!(
                    svg,
                    "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"14\" fill=\"{fill}\"/>",
                    x(from_s)
                );
            };
            bar(visit.left_s, visit.arrived_s, "#cfdce4");
            let fill = match visit.kind {
                StopKind::Pickup => "#d9822b",
                StopKind::Dropoff => "#0b6e99",
            };
            bar(visit.arrived_s, visit.served_s, fill);
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Five to eleven round numbers from 0 to the largest value.
fn ticks(most: f64) -> Vec<f64> {
    let power = 10_f64.powf((most / 5.0).log10().floor());
    let steps = [5.0, 2.0, 1.0].map(|step| step * power);
    let step = steps.into_iter().find(|step| most / step >= 5.0);
    let step = step.unwrap_or(power);
    (0..)
        .map(|number| f64::from(number) * step)
        .take_while(|value| *value <= most * (1.0 + 1e-9))
        .collect()
}

/// A number with few digits.
fn short(value: f64) -> String {
    if value >= 10.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(
            ticks(157.0),
            [0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0, 140.0]
        );
        assert_eq!(ticks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(9.0).len(), 10);
        assert_eq!(ticks(26.0), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]);
    }

    #[test]
    fn a_longer_bar_is_a_larger_value() {
        let rows = [("a".to_owned(), 1.0), ("<b>".to_owned(), 2.0)];
        let svg = bars("t", &rows, |value| format!("{value}"));
        assert!(svg.contains("width=\"325.0\"") && svg.contains("width=\"650.0\""));
        assert!(svg.contains("&lt;b&gt;"));
    }
}
