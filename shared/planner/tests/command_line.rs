//! Tests of the command line.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs, process};

/// A file that exists while the test runs.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = env::temp_dir().join(format!("planner-{}-{name}", process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // A file that stays in the temporary folder does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

fn plan(file: &File, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plan"))
        .arg(&file.0)
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn answer_of(file: &File, arguments: &[&str]) -> serde_json::Value {
    answer(&plan(file, arguments))
}

fn answer(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

const CITY: &str = r#"{
  "travel": {"kind": "great_circle", "circuity": 1.3, "speed_kmh": 25},
  "locations": [{"lat": 41.4, "lon": 2.16}, {"lat": 41.41, "lon": 2.16}, {"lat": 41.41, "lon": 2.18}],
  "vehicles": [{"id": "v1", "start": 0, "end": null, "capacity": 4, "shift": [0, 14400]}],
  "orders": [
    {"id": "o1", "size": 1, "vehicle": null,
     "pickup": {"location": 1, "window": [60, 14000], "service_s": 120},
     "dropoff": {"location": 2, "window": null, "service_s": 120}},
    {"id": "o2", "size": 5, "vehicle": "v1",
     "pickup": {"location": 1, "window": null, "service_s": 120},
     "dropoff": {"location": 2, "window": null, "service_s": 120}}]}"#;

const MATRIX: &str = r#"{
  "travel": {"kind": "matrix", "distances_m": [[0, 70], [90, 0]], "durations_s": [[0, 7], [9, 0]]},
  "vehicles": [{"id": 1, "start": 0, "end": 0, "capacity": 1, "shift": [100, 200]}],
  "orders": [{"id": 7, "size": 1, "pickup": null, "vehicle": 1, "committed": true,
              "dropoff": {"location": 1, "window": [0, 50], "service_s": 5}}]}"#;

/// Two orders. The second has a narrow window.
const LILIM: &str = "2 10 1
0 0 0 0 0 100 0 0 0
1 3 4 5 0 100 1 0 2
2 6 8 -5 0 100 1 1 0
3 0 1 5 0 2 1 0 4
4 0 2 -5 0 100 1 3 0
";

#[test]
fn a_city_instance_is_answered_in_its_own_names() {
    let file = File::new("city.json", CITY);
    let answer = answer(&plan(&file, &["--iterations", "50"]));
    assert_eq!(answer["placed"], 1);
    assert_eq!(answer["unplaced"][0]["order"], "o2");
    assert_eq!(answer["unplaced"][0]["reason"], "over_capacity");
    let route = &answer["routes"][0];
    assert_eq!(route["vehicle"], "v1");
    assert_eq!(route["stops"][0]["kind"], "pickup");
    // 0.01 degrees of latitude are 1,112 m. The circuity makes them 1,446 m.
    assert_eq!(route["stops"][0]["arrival_s"], 208);
    assert_eq!(route["stops"][0]["departure_s"], 328);
    assert_eq!(route["stops"][1]["load"], 0);
}

#[test]
fn a_matrix_may_differ_by_direction_and_a_return_counts() {
    let file = File::new("matrix.json", MATRIX);
    let answer = answer(&plan(
        &file,
        &["--iterations", "5", "--objective", "duration"],
    ));
    assert_eq!(answer["distance_m"], 160);
    assert_eq!(answer["duration_s"], 16);
    assert_eq!(answer["routes"][0]["stops"][0]["order"], 7);
    assert_eq!(answer["routes"][0]["stops"][0]["arrival_s"], 107);
}

#[test]
fn li_and_lim_are_answered_in_units_of_the_file() {
    let file = File::new("small.txt", LILIM);
    let answer = answer(&plan(&file, &["--format", "lilim", "--iterations", "200"]));
    assert_eq!(answer["placed"], 2);
    assert_eq!(answer["vehicles"], 1);
    let length = 2.0 + (9.0_f64 + 4.0).sqrt() + 5.0 + 10.0;
    let found = answer["distance_m"].as_f64().unwrap();
    assert!((found - length).abs() < 1e-9, "{found} {length}");
    assert_eq!(answer["routes"][0]["stops"][0]["order"], 3);
}

#[test]
fn the_same_iterations_give_the_same_bytes() {
    let file = File::new("same.json", CITY);
    for output in ["json", "table", "geojson"] {
        for threads in ["1", "2"] {
            let run = || {
                let limits = ["--iterations", "300", "--seed", "5"];
                let done = plan(
                    &file,
                    &[&limits[..], &["--threads", threads, "--output", output]].concat(),
                );
                assert!(done.status.success(), "{}", text(&done.stderr));
                text(&done.stdout)
            };
            assert_eq!(run(), run());
        }
    }
}

/// A line: vehicle 1 at 0, vehicle 2 at 9, one order at each end.
const PRICED: &str = r#"{
  "travel": {"kind": "matrix",
    "distances_m": [[0, 60, 90], [60, 0, 30], [90, 30, 0]], "durations_s": [[0, 60, 90], [60, 0, 30], [90, 30, 0]]},
  "vehicles": [
    {"id": 1, "start": 0, "capacity": 4, "shift": [0, 9000], "frozen": [{"order": "a", "kind": "pickup"}]},
    {"id": 2, "start": 2, "capacity": 4, "shift": [0, 9000]}],
  "orders": [
    {"id": "a", "size": 1, "vehicle": 1, "urgency": 3, "waiting_since_s": -100, "promise_s": 120,
     "pickup": {"location": 0}, "dropoff": {"location": 1}},
    {"id": "b", "size": 1, "committed": true, "current_vehicle": 1,
     "pickup": {"location": 2}, "dropoff": {"location": 1}}]}"#;

#[test]
fn waiting_and_moves_have_a_price() {
    let file = File::new("priced.json", PRICED);
    let arguments = [
        "--objective",
        "duration",
        "--waiting",
        "0.5",
        "--iterations",
        "50",
    ];
    let answer = answer_of(&file, &[&arguments[..], &["--move-seconds", "20"]].concat());
    assert_eq!(answer["moves"], 1);
    assert_eq!(answer["waiting_mean_s"], (160.0 + 30.0) / 2.0);
    assert_eq!(answer["waiting_p90_s"], 30);
    assert_eq!(answer["waiting_max_s"], 160);
    // Travel, half of the waiting with three for urgency and five after the promise, and a move.
    let waiting = 3.0 * (120.0 + 5.0 * 40.0) + 30.0;
    assert_eq!(answer["cost"], 60.0 + 30.0 + 0.5 * waiting + 20.0);
    let stay = answer_of(
        &file,
        &[&arguments[..], &["--move-seconds", "500"]].concat(),
    );
    assert_eq!(stay["moves"], 0);
    let free = answer_of(&file, &["--objective", "duration", "--iterations", "50"]);
    assert!(free.get("cost").is_none() && free.get("moves").is_none());
    let table = plan(&file, &[&arguments[..], &["--output", "table"]].concat());
    assert!(
        text(&table.stdout).contains("waiting: mean 95 s, 90th percentile 30 s, longest 160 s")
    );
}

#[test]
fn a_bad_price_is_refused() {
    let file = File::new("bad-price.json", PRICED);
    for weight in ["0.0001", "1001", "much"] {
        let refused = plan(&file, &["--waiting", weight]);
        assert_eq!(refused.status.code(), Some(2), "{weight}");
        assert!(
            text(&refused.stderr).contains("not a number from 0 to 1000"),
            "{weight}"
        );
    }
}

#[test]
fn an_order_may_name_its_vehicles() {
    let listed = |ids: &str| MATRIX.replace("\"vehicle\": 1,", &format!("\"vehicles\": {ids},"));
    let pending = |ids: &str| {
        listed(ids)
            .replace("\"pickup\": null", "\"pickup\": {\"location\": 0}")
            .replace("\"committed\": true,", "")
            .replace("\"window\": [0, 50],", "")
    };
    let file = File::new("listed.json", &pending("[1]"));
    assert_eq!(answer_of(&file, &["--iterations", "5"])["placed"], 1);
    let file = File::new("nobody.json", &pending("[]"));
    let answer = answer_of(&file, &["--iterations", "5"]);
    assert_eq!(answer["unplaced"][0]["reason"], "no_allowed_vehicle");
    let broken = plan(&File::new("unknown.json", &pending("[1, 9]")), &[]);
    assert_eq!(broken.status.code(), Some(2));
    let said = text(&broken.stderr);
    assert!(
        said.contains("orders[0].vehicles[1]: is no vehicle's id"),
        "{said}"
    );
}

#[test]
fn geojson_has_a_line_and_its_stops() {
    let file = File::new("geo.json", CITY);
    let drawn = answer(&plan(&file, &["--iterations", "9", "--output", "geojson"]));
    let features = drawn["features"].as_array().unwrap();
    assert_eq!(features.len(), 3);
    assert_eq!(features[0]["geometry"]["type"], "LineString");
    assert_eq!(features[0]["geometry"]["coordinates"][0][0], 2.16);
    assert_eq!(features[2]["properties"]["kind"], "dropoff");
}

#[test]
fn a_plan_from_elsewhere_is_measured_or_refused() {
    let file = File::new("checked.json", CITY);
    let stop = |kind: &str| format!(r#"{{"order": "o1", "kind": "{kind}"}}"#);
    let routes = |first: &str, second: &str| {
        let stops = [stop(first), stop(second)].join(",");
        format!(r#"{{"routes": [{{"vehicle": "v1", "stops": [{stops}]}}]}}"#)
    };
    let good = File::new("good.json", &routes("pickup", "dropoff"));
    let measured = answer(&plan(&file, &["--check", good.0.to_str().unwrap()]));
    assert_eq!(measured["placed"], 1);
    let bad = File::new("bad.json", &routes("dropoff", "pickup"));
    let output = plan(&file, &["--check", bad.0.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("dropped off before it is picked up"));
}

#[test]
fn every_fault_of_a_bad_file_is_named_with_its_place() {
    let broken = CITY
        .replace("\"lat\": 41.4,", "\"lat\": 141,")
        .replace("\"speed_kmh\": 25", "\"speed_kmh\": 0")
        .replace("\"start\": 0", "\"start\": 12")
        .replace("[60, 14000]", "[60]")
        .replace("\"size\": 5", "\"size\": -1")
        .replace("\"vehicle\": \"v1\"", "\"vehicle\": \"v9\"")
        .replace("\"id\": \"o2\"", "\"id\": \"o1\"");
    let output = plan(&File::new("broken.json", &broken), &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    for place in [
        "locations[0].lat: ",
        "travel.speed_kmh: ",
        "orders[1].id: is that of orders[0] too",
        "orders[0].pickup.window: ",
        "orders[1].size: ",
        "orders[1].vehicle: is no vehicle's id",
        "vehicles[0].start: no location 12, there are 3",
    ] {
        assert!(said.contains(place), "{place} is missing in:\n{said}");
    }
    assert_eq!(said.lines().count(), 7, "{said}");
}

#[test]
fn a_window_that_ends_before_it_begins_is_named() {
    let broken = CITY.replace("[60, 14000]", "[60, 14]");
    let output = plan(&File::new("window.json", &broken), &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("orders[0].pickup.window: ends before it begins"));
}

#[test]
fn bad_lines_are_named_by_number() {
    let broken = LILIM
        .replace("1 3 4 5", "1 3 4 6")
        .replace("3 0 1 5 0 2 1 0 4", "3 0 1 x 0 2 1 0 4")
        .replace("4 0 2 -5 0 100 1 3 0", "4 0 2 -5");
    let output = plan(&File::new("broken.txt", &broken), &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("line 5: `x` is not a number"), "{said}");
    assert!(said.contains("line 6: has 4 numbers, needs 9"), "{said}");
}

#[test]
fn a_missing_file_is_named() {
    let file = File(PathBuf::from("no-such-instance.json"));
    let output = plan(&file, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("no-such-instance.json: "));
}

#[test]
fn breaks_are_read_and_answered() {
    let with = |breaks: &str| {
        CITY.replace(
            "\"capacity\": 4,",
            &format!("\"capacity\": 4, \"breaks\": {breaks},"),
        )
    };
    let rested = with(r#"[{"window": [250, 400], "duration_s": 600}]"#);
    let file = File::new("rested.json", &rested);
    let answer = answer_of(&file, &["--iterations", "5"]);
    let route = &answer["routes"][0];
    // The service at the pickup ends at 328 and comes first.
    assert_eq!(route["stops"][0]["departure_s"], 328);
    assert_eq!(
        route["breaks"],
        serde_json::json!([{"after": 1, "begin_s": 328, "end_s": 928}])
    );
    let without = answer_of(&File::new("restless.json", CITY), &["--iterations", "5"]);
    assert!(without["routes"][0].get("breaks").is_none());
    let broken =
        with(r#"[{"window": [250], "duration_s": "long", "earliest": 3}, {"duration_s": 5}]"#);
    assert_eq!(
        refused("no-rest.json", &broken, &[]),
        [
            "vehicles[0].breaks[0].earliest: is not known; a break may have window, duration_s",
            "vehicles[0].breaks[0].window: is not a pair of numbers of seconds",
            "vehicles[0].breaks[0].duration_s: is not a number of seconds",
            "vehicles[0].breaks[1].window: is missing",
        ]
    );
}

/// What is said of a file that is refused, without the name of the file.
fn refused(name: &str, content: &str, arguments: &[&str]) -> Vec<String> {
    let file = File::new(name, content);
    let output = plan(&file, arguments);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    let prefix = format!("{}: ", file.0.display());
    let said = text(&output.stderr);
    said.lines()
        .map(|line| line.strip_prefix(&prefix).unwrap_or(line).to_owned())
        .collect()
}

#[test]
fn unknown_keys_are_named_with_their_place() {
    let misspelt = PRICED
        .replace("\"committed\"", "\"comitted\"")
        .replace(
            "\"pickup\": {\"location\": 2}",
            "\"pickup\": {\"location\": 2, \"time_windows\": [[0, 9]], \"service\": 300}",
        )
        .replace(
            "\"capacity\": 4, \"shift\": [0, 9000]}]",
            "\"capacity\": 4, \"shift\": [0, 9000], \"skills\": [1]}]",
        )
        .replace("\"kind\": \"pickup\"}", "\"kind\": \"pickup\", \"eta\": 3}")
        .replace(
            "\"kind\": \"matrix\",",
            "\"kind\": \"matrix\", \"speed\": 3,",
        )
        .replacen('{', "{\"objective\": \"duration\",", 1);
    let said = refused("misspelt.json", &misspelt, &[]);
    let places: Vec<&str> = said
        .iter()
        .map(|it| it.split(':').next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "objective",
            "travel.speed",
            "vehicles[0].frozen[0].eta",
            "vehicles[1].skills",
            "orders[1].comitted",
            "orders[1].pickup.service",
            "orders[1].pickup.time_windows",
        ]
    );
    assert_eq!(
        said[5],
        "orders[1].pickup.service: is not known; a stop may have location, window, service_s"
    );
}

#[test]
fn fractions_of_seconds_and_metres_are_rounded() {
    let fractions = MATRIX
        .replace("70]", "70.4]")
        .replace("[90", "[89.5")
        .replace("7]", "6.6]")
        .replace("[9,", "[9.4,")
        .replace("\"service_s\": 5", "\"service_s\": 5.4")
        .replace("[100, 200]", "[99.6, 200.2]");
    let file = File::new("fractions.json", &fractions);
    let of_whole_numbers = File::new("whole.json", MATRIX);
    let arguments = ["--iterations", "5"];
    assert_eq!(
        answer_of(&file, &arguments),
        answer_of(&of_whole_numbers, &arguments)
    );
}

#[test]
fn a_fault_has_the_name_that_the_file_has() {
    let aboard = MATRIX.replace(r#""vehicle": 1, "#, "");
    let said = refused("aboard.json", &aboard, &[]);
    assert_eq!(
        said,
        ["orders[0].vehicle: must be named, since the order has no pickup and is aboard"]
    );
}

#[test]
fn a_file_of_li_and_lim_has_a_depot_and_spaces() {
    let lilim = |text: &str| refused("depot.txt", text, &["--format", "lilim"]);
    let said = lilim(&LILIM.replace("0 0 0 0 0 100 0 0 0\n", ""));
    assert!(
        said.iter()
            .any(|line| line.starts_with("line 2: the first task is the depot")),
        "{said:?}"
    );
    let said = lilim(&LILIM.replace(' ', ","));
    assert_eq!(
        said[0],
        "line 1: `2,10,1` has other separators than spaces and tabs"
    );
    let file = File::new("cr.txt", &LILIM.replace('\n', "\r"));
    let answer = answer_of(&file, &["--format", "lilim", "--iterations", "200"]);
    assert_eq!(answer["placed"], 2);
}

#[test]
fn null_stands_for_no_way() {
    // The drop-off cannot be reached from the start, only by way of the pickup.
    let matrix = |way: &str| {
        format!(
            r#"{{"travel": {{"kind": "matrix", "durations_s": [[0, 9, null], [9, 0, {way}], [9, 9, 0]]}},
              "vehicles": [{{"id": 1, "start": 0, "capacity": 1, "shift": [0, 90000]}}],
              "orders": [{{"id": 1, "size": 1, "pickup": {{"location": 1}}, "dropoff": {{"location": 2}}}}]}}"#
        )
    };
    let arguments = ["--iterations", "5"];
    let file = File::new("a-way.json", &matrix("9"));
    let found = answer_of(&file, &arguments);
    assert_eq!(found["duration_s"], 18);
    // The file has no distances.
    assert_eq!(found["distance_m"], serde_json::Value::Null);
    assert_eq!(found["routes"][0]["distance_m"], serde_json::Value::Null);
    let file = File::new("no-way.json", &matrix("null"));
    let left = answer_of(&file, &arguments);
    assert_eq!(left["unplaced"][0]["reason"], "outside_time_windows");
    let said = refused(
        "no-distances.json",
        &matrix("9"),
        &["--objective", "distance"],
    );
    assert_eq!(
        said,
        ["travel.distances_m: is needed, since the objective counts distances"]
    );
}

#[test]
fn the_faults_of_a_matrix_are_one_line() {
    let rows = |bad: &str| format!("[[0, {bad}, {bad}], [1, 0, {bad}], [1, 1, 0]]");
    let matrix = |distances: &str, durations: &str| {
        format!(
            r#"{{"travel": {{"kind": "matrix", "distances_m": {distances}, "durations_s": {durations}}},
              "vehicles": [], "orders": []}}"#
        )
    };
    let said = refused("bad.json", &matrix(&rows("-1"), &rows("\"far\"")), &[]);
    assert_eq!(
        said,
        [
            "travel.durations_s: 3 of 9 entries are neither a number from 0 to 4294967295 nor null, the first is \
             [0][1], which is \"far\"",
            "travel.distances_m: 3 of 9 entries are neither a number from 0 to 4294967295 nor null, the first is \
             [0][1], which is -1",
        ]
    );
    let said = refused("ragged.json", &matrix("[[0, 1], [0]]", "[[0, 1], 3]"), &[]);
    assert_eq!(
        said,
        [
            "travel.durations_s: 1 of 2 rows do not have 2 entries, the first is [1], which is not a list",
            "travel.distances_m: 1 of 2 rows do not have 2 entries, the first is [1] with 1",
        ]
    );
}

#[test]
fn a_byte_order_mark_tabs_and_other_line_ends_do_not_matter() {
    let plain = File::new("plain.txt", LILIM);
    let marked = format!("\u{feff}{}", LILIM.replace(' ', "\t").replace('\n', "\r\n"));
    let marked = File::new("marked.txt", &marked);
    let arguments = ["--iterations", "20"];
    assert_eq!(
        answer_of(&plain, &arguments),
        answer_of(&marked, &arguments)
    );
    let plain = File::new("plain.json", CITY);
    let marked = File::new("marked.json", &format!("\u{feff}{CITY}"));
    assert_eq!(
        answer_of(&plain, &arguments),
        answer_of(&marked, &arguments)
    );
    let utf_16 = File::new("utf-16.txt", "");
    fs::write(&utf_16.0, b"\xff\xfe2\0").unwrap();
    let output = plan(&utf_16, &[]);
    assert!(text(&output.stderr).contains("is UTF-16; save it as UTF-8"));
    fs::write(&utf_16.0, b"2 10 1\n\xe9").unwrap();
    let output = plan(&utf_16, &[]);
    assert!(text(&output.stderr).contains("is not UTF-8: byte 8 belongs to no character"));
}

#[test]
fn headings_and_fractional_demands_are_named() {
    let headings = format!("LC1\n\nVEHICLE\n# K Q v\n{LILIM}CUST NO.  XCOORD.\n");
    let heading = |line: usize, words: &str| {
        format!("line {line}: `{words}` is a heading; a file of Li and Lim has only numbers")
    };
    assert_eq!(
        refused("headings.txt", &headings, &[]),
        [
            heading(1, "LC1"),
            heading(3, "VEHICLE"),
            heading(4, "# K Q v"),
            heading(11, "CUST NO.  XCOORD.")
        ]
    );
    let fractional = LILIM
        .replace("3 4 5 ", "3 4 4.5 ")
        .replace("8 -5", "8 -4.5");
    assert_eq!(
        refused("fractional.txt", &fractional, &[]),
        ["line 3: its demand 4.5 is not a whole number from 1 to 4294967295"]
    );
    assert_eq!(
        refused("empty.txt", "\n \n", &[]),
        ["line 1: there are no numbers in the file"]
    );
    assert_eq!(
        refused("fleet.txt", "2.5 10 1\n0 0 0 0 0 100 0 0 0\n", &[]),
        ["line 1: the vehicles or the capacity are not a whole number"]
    );
}

#[test]
fn a_line_over_the_180th_meridian_is_cut() {
    let fiji = CITY
        .replace("41.4, \"lon\": 2.16", "-16.8, \"lon\": 179.9")
        .replace("41.41, \"lon\": 2.16", "-16.6, \"lon\": -179.9")
        .replace("41.41, \"lon\": 2.18", "-16.6, \"lon\": -179.5");
    let file = File::new("fiji.json", &fiji);
    let drawn = answer_of(&file, &["--iterations", "9", "--output", "geojson"]);
    let geometry = &drawn["features"][0]["geometry"];
    assert_eq!(geometry["type"], "MultiLineString");
    let pieces = geometry["coordinates"].as_array().unwrap();
    assert_eq!(pieces.len(), 2);
    assert_eq!(
        (&pieces[0][1][0], &pieces[1][0][0]),
        (&180.0.into(), &(-180.0).into())
    );
    assert_eq!(pieces[0][1][1], pieces[1][0][1]);
    assert_eq!(pieces[1][2][0], -179.5);
}
