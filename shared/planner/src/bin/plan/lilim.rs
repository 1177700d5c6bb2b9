//! Instances in the format of H. Li and A. Lim (*A metaheuristic for the pickup and delivery problem with time
//! windows*, 2001).
//!
//! The first line has the number of vehicles, the capacity and the speed. Each further line is a task: number, x, y,
//! demand, ready, due, service, the number of its pickup and the number of its delivery. One of the last two is 0. The
//! first task is the depot. Distance and duration of a leg are its Euclidean length.

use planner::{Order, PlannerStop, Shift, StopKind, TravelMatrix, Vehicle, Window};

use crate::input::{FileFault, Measures, Name, Names, Parts};

/// The largest number of steps per unit of the file. The search calculates in integers.
const STEPS: f64 = 100_000.0;

/// The largest length in steps, so that lengths fit into 32 bits.
const LENGTH_BOUND: f64 = 2_000_000_000.0;

/// The tasks of the file, with which a plan is measured in full precision.
#[derive(Debug)]
pub(crate) struct Plane {
    tasks: Vec<Task>,
    /// The pickup and drop-off task of each order.
    ends: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct Task {
    number: u64,
    x: f64,
    y: f64,
    demand: f64,
    ready: f64,
    due: f64,
    service: f64,
    pickup: f64,
    dropoff: f64,
    line: usize,
}

impl Plane {
    fn length(&self, from: usize, to: usize) -> f64 {
        let (a, b) = (&self.tasks[from], &self.tasks[to]);
        (a.x - b.x).hypot(a.y - b.y)
    }

    /// The length of a route, and the arrival and departure of each stop.
    pub(crate) fn measure(&self, stops: &[planner::TimedStop]) -> (f64, Vec<(f64, f64)>) {
        let mut at = 0;
        let mut length = 0.0;
        let mut clock = self.tasks[0].ready;
        let mut times = Vec::with_capacity(stops.len());
        for stop in stops {
            let (pickup, dropoff) = self.ends[stop.order];
            let to = match stop.kind {
                StopKind::Pickup => pickup,
                StopKind::Dropoff => dropoff,
            };
            let leg = self.length(at, to);
            length += leg;
            let arrival = clock + leg;
            clock = arrival.max(self.tasks[to].ready) + self.tasks[to].service;
            times.push((arrival, clock));
            at = to;
        }
        (length + self.length(at, 0), times)
    }
}

/// Reads a file.
pub(crate) fn read(text: &str) -> Result<Parts, Vec<FileFault>> {
    let mut faults = Vec::new();
    // Old programs end a line with CR alone.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let (headings, lines): (Vec<_>, Vec<_>) = lines.partition(|(_, line)| is_heading(line));
    for (line, heading) in headings {
        let begin: String = heading.trim().chars().take(40).collect();
        let what = if heading.contains([',', ';']) && heading.contains(|c: char| c.is_ascii_digit())
        {
            format!("`{begin}` has other separators than spaces and tabs")
        } else {
            format!("`{begin}` is a heading; a file of Li and Lim has only numbers")
        };
        faults.push(at(line, what));
    }
    let mut lines = lines.into_iter();
    let Some((line, head)) = lines.next() else {
        faults.push(at(1, "there are no numbers in the file"));
        return Err(faults);
    };
    let head = numbers::<3>(line, head, &mut faults);
    let mut tasks = Vec::new();
    for (line, text) in lines {
        let Some(task) = numbers::<9>(line, text, &mut faults) else {
            continue;
        };
        let [number, x, y, demand, ready, due, service, pickup, dropoff] = task;
        let Some(number) = whole(number) else {
            faults.push(at(line, "a task's number is not whole and positive"));
            continue;
        };
        tasks.push(Task {
            number,
            x,
            y,
            demand,
            ready,
            due,
            service,
            pickup,
            dropoff,
            line,
        });
    }
    if tasks.is_empty() && faults.is_empty() {
        faults.push(at(
            line,
            "no tasks follow, and the first would be the depot",
        ));
    }
    let (Some([vehicles, capacity, _]), true) = (head, faults.is_empty()) else {
        return Err(faults);
    };
    let (Some(vehicles), Some(capacity)) = (whole(vehicles), whole(capacity)) else {
        let what = "the vehicles or the capacity are not a whole number";
        return Err(vec![at(line, what)]);
    };
    if vehicles > 1_000_000 {
        return Err(vec![at(line, "more than 1000000 vehicles")]);
    }
    build(tasks, vehicles, capacity)
}

fn build(tasks: Vec<Task>, vehicles: u64, capacity: u64) -> Result<Parts, Vec<FileFault>> {
    let (ends, mut faults) = pair(&tasks);
    // Without the depot's line, the first task would be the depot, and its order would vanish.
    if let Some(first) = tasks.first()
        && (first.demand, first.pickup, first.dropoff) != (0.0, 0.0, 0.0)
    {
        let what = "the first task is the depot, so its demand, its pickup and its delivery are 0";
        faults.push(at(first.line, what));
    }
    let plane = Plane { tasks, ends };
    let scale = plane.scale();
    let depot = plane.tasks[0];
    let orders = plane
        .ends
        .iter()
        .map(|&(pickup, dropoff)| {
            let demand = plane.tasks[pickup].demand;
            let size = whole(demand).and_then(|size| u32::try_from(size).ok());
            let size = size.filter(|size| *size > 0);
            let line = plane.tasks[pickup].line;
            if size.is_none() {
                let what =
                    format!("its demand {demand} is not a whole number from 1 to 4294967295");
                faults.push(at(line, what));
            } else if plane.tasks[dropoff].demand + demand != 0.0 {
                faults.push(at(line, "its demand and its delivery's do not add up to 0"));
            }
            let size = size.unwrap_or(1);
            Order::new(plane.stop(pickup, scale), plane.stop(dropoff, scale), size)
        })
        .collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let points = plane.tasks.len();
    // Durations are rounded up, so that a plan that is on time in steps is also on time in full precision.
    let travel = TravelMatrix::measured(points, |from, to| {
        let steps = plane.length(from, to) * scale;
        (to_u32(steps.round()), to_u32((steps - 1e-6).ceil()))
    });
    let mut vehicle = Vehicle::new(
        0,
        u32::try_from(capacity).unwrap_or(u32::MAX),
        Shift {
            start_s: to_i64((depot.ready * scale).ceil()),
            end_s: to_i64((depot.due * scale).floor()),
        },
    );
    vehicle.end = Some(0);
    let names = Names {
        vehicles: (1..=vehicles).map(Name::Number).collect(),
        orders: plane
            .ends
            .iter()
            .map(|&(pickup, _)| Name::Number(plane.tasks[pickup].number))
            .collect(),
        coordinates: Vec::new(),
    };
    Ok(Parts {
        travel,
        has_distances: true,
        vehicles: vec![vehicle; names.vehicles.len()],
        orders,
        names,
        measures: Measures::Plane(plane),
    })
}

impl Plane {
    fn scale(&self) -> f64 {
        let spread = |of: fn(&Task) -> f64| {
            let (low, high) = self
                .tasks
                .iter()
                .map(of)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| {
                    (low.min(it), high.max(it))
                });
            high - low
        };
        let longest = spread(|task| task.x).hypot(spread(|task| task.y));
        let mut scale = STEPS;
        while longest * scale > LENGTH_BOUND {
            scale /= 10.0;
        }
        scale
    }

    fn stop(&self, task: usize, scale: f64) -> PlannerStop {
        let it = &self.tasks[task];
        PlannerStop {
            point: task,
            window: Some(Window {
                earliest_s: to_i64((it.ready * scale).ceil()),
                latest_s: to_i64((it.due * scale).floor()),
            }),
            service_s: to_i64((it.service * scale).ceil()),
        }
    }
}

/// The indices of the pickup task and the drop-off task of each order.
fn pair(tasks: &[Task]) -> (Vec<(usize, usize)>, Vec<FileFault>) {
    let mut faults = Vec::new();
    let mut ends = Vec::new();
    let mut index: Vec<(u64, usize)> = tasks.iter().map(|it| it.number).zip(0..).collect();
    index.sort_unstable();
    for pair in index.windows(2) {
        if pair[0].0 == pair[1].0 {
            faults.push(at(tasks[pair[1].1].line, "its number is taken"));
        }
    }
    let find = |number: f64| {
        let number = whole(number)?;
        let at = index.binary_search_by_key(&number, |it| it.0).ok()?;
        Some(index[at].1)
    };
    for (task, it) in tasks.iter().enumerate().skip(1) {
        let partner = match (it.pickup == 0.0, it.dropoff == 0.0) {
            (true, false) => it.dropoff,
            (false, true) => it.pickup,
            _ => {
                let what = "exactly one of its pickup and its delivery has to be 0";
                faults.push(at(it.line, what));
                continue;
            }
        };
        let Some(partner) = find(partner) else {
            faults.push(at(it.line, format!("there is no task {partner}")));
            continue;
        };
        let back = tasks[partner];
        let back = if it.pickup == 0.0 {
            back.pickup
        } else {
            back.dropoff
        };
        if find(back) != Some(task) {
            let number = tasks[partner].number;
            faults.push(at(it.line, format!("task {number} does not belong to it")));
        } else if it.pickup == 0.0 {
            ends.push((task, partner));
        }
    }
    (ends, faults)
}

/// Whether no word of a line is a number.
fn is_heading(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.all(|word| word.parse::<f64>().is_err())
}

fn numbers<const N: usize>(
    line: usize,
    text: &str,
    faults: &mut Vec<FileFault>,
) -> Option<[f64; N]> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() != N {
        let count = words.len();
        faults.push(at(line, format!("has {count} numbers, needs {N}")));
        return None;
    }
    let mut values = [0.0; N];
    let mut good = true;
    for (value, word) in values.iter_mut().zip(words) {
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() && number.abs() < 1e9 => *value = number,
            _ => {
                faults.push(at(line, format!("`{word}` is not a number below 10^9")));
                good = false;
            }
        }
    }
    good.then_some(values)
}

fn at(line: usize, what: impl Into<String>) -> FileFault {
    FileFault::new(format!("line {line}"), what)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0 && number.fract() == 0.0 && number < 1e15).then_some(number as u64)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lengths are scaled to fit"
)]
fn to_u32(number: f64) -> u32 {
    number as u32
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "times are below 10^9 units of at most 10^5 steps"
)]
fn to_i64(number: f64) -> i64 {
    number as i64
}
