//! Metrics, as CloudWatch's embedded metric format: a line of JSON on standard output, from which CloudWatch Logs
//! makes metrics without a call. See "Specification: Embedded metric format" in the CloudWatch user guide.

use std::io::Write as _;
use std::time::UNIX_EPOCH;

use serde_json::{Map, Value, json};

use crate::clock::system_time;

const NAMESPACE: &str = "Waybill";
/// Its value begins with the stack's name, so two stacks of one account stay apart.
const FUNCTION: &str = "FunctionName";

/// Metrics that were measured together.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    dimensions: Vec<(&'static str, String)>,
    values: Vec<(&'static str, &'static str, Value)>,
}

impl Metrics {
    /// Nothing measured yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A dimension beside the function's name. Its values must be few: each makes metrics of its own.
    #[must_use]
    pub fn of(mut self, dimension: &'static str, value: impl Into<String>) -> Self {
        self.dimensions.push((dimension, value.into()));
        self
    }

    /// How many there were.
    #[must_use]
    pub fn count(mut self, name: &'static str, count: usize) -> Self {
        self.values.push((name, "Count", (count as f64).into()));
        self
    }

    /// How long it took.
    #[must_use]
    pub fn seconds(mut self, name: &'static str, time: std::time::Duration) -> Self {
        self.values
            .push((name, "Seconds", time.as_secs_f64().into()));
        self
    }

    /// Minutes, a value for each thing that took this time. At most a hundred values fit into a line.
    #[must_use]
    pub fn minutes(mut self, name: &'static str, times: impl IntoIterator<Item = f64>) -> Self {
        let times: Vec<f64> = times.into_iter().collect();
        if !times.is_empty() {
            // CloudWatch has no unit for minutes.
            self.values.push((name, "None", times.into()));
        }
        self
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Writes the line, but only on Lambda: elsewhere nobody reads it. A line that cannot be written is no failure.
    pub fn emit(&self) {
        let Ok(function) = std::env::var("AWS_LAMBDA_FUNCTION_NAME") else {
            return;
        };
        let now = system_time().duration_since(UNIX_EPOCH);
        let now_ms = now.map_or(0, |since| since.as_millis());
        let mut line = self.line(&function, now_ms as u64);
        line.push('\n');
        // In one piece, so that it does not mix with what other threads log.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }

    fn line(&self, function: &str, now_ms: u64) -> String {
        let names: Vec<&str> = std::iter::once(FUNCTION)
            .chain(self.dimensions.iter().map(|(name, _)| *name))
            .collect();
        let metrics: Vec<Value> = self
            .values
            .iter()
            .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
            .collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": now_ms,
                "CloudWatchMetrics": [
                    {"Namespace": NAMESPACE, "Dimensions": [names], "Metrics": metrics}
                ],
            }),
        );
        line.insert(FUNCTION.to_owned(), function.into());
        for (name, value) in &self.dimensions {
            line.insert((*name).to_owned(), value.as_str().into());
        }
        for (name, _, value) in &self.values {
            line.insert((*name).to_owned(), value.clone());
        }
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_several_times_is_a_value() {
        let metrics = Metrics::new()
            .minutes("MinutesToTheDoor", [12.5, 40.0])
            .minutes("MinutesToAssignment", []);
        let line: Value = serde_json::from_str(&metrics.line("waybill-PublishEvents", 17)).unwrap();
        assert_eq!(line["MinutesToTheDoor"], json!([12.5, 40.0]));
        let told = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
        assert_eq!(*told, json!([{"Name": "MinutesToTheDoor", "Unit": "None"}]));
    }

    #[test]
    fn the_line_is_what_cloudwatch_reads() {
        let metrics = Metrics::new()
            .of("Reason", "over_capacity")
            .count("OrdersUnplaced", 3);
        let line: Value =
            serde_json::from_str(&metrics.line("waybill-OptimizeRoutes", 17)).unwrap();
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 17,
                    "CloudWatchMetrics": [{
                        "Namespace": "Waybill",
                        "Dimensions": [["FunctionName", "Reason"]],
                        "Metrics": [{"Name": "OrdersUnplaced", "Unit": "Count"}],
                    }],
                },
                "FunctionName": "waybill-OptimizeRoutes",
                "Reason": "over_capacity",
                "OrdersUnplaced": 3.0,
            })
        );
    }
}
