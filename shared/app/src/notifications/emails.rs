//! The texts of the emails.

use domain::order::WINDOW_PASSED;
use domain::place::Placing;
use domain::stop::label;
use domain::{OnFailure, Order, OrderStatus, Route, RouteStop, StopKind, Timestamp, User};
use jiff::tz::TimeZone;

use super::letter::{Letter, Part};
use crate::ports::Email;

const LONGEST_NAME_IN_SUBJECT: usize = 40;
/// In characters. A longer line about an order in a list is cut: its address or its reason is very long.
const LONGEST_LINE: usize = 300;
/// The weekday, the date, the time of day and the time zone.
const DAY_AND_TIME: &str = "%A, %-d %B, %H:%M %Z";
/// The same in a list.
const SHORT_DAY_AND_TIME: &str = "%a %-d %b, %H:%M %Z";
const TIME: &str = "%H:%M";

/// The sender's name and time zone.
#[derive(Debug, Clone)]
pub struct Letterhead {
    /// The courier company's name.
    pub company: String,
    /// The time zone of all times in the emails.
    pub time_zone: TimeZone,
}

/// What a customer is told about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// The order is on a route.
    Assigned,
    /// The order is on a route again, after somebody had taken it off one.
    AssignedAgain,
    /// The order is expected at another time than the customer was told.
    NewTime,
    Delivered,
    Failed,
    Cancelled,
    /// An attempt at the drop-off has failed. The agent tries again, or a dispatcher decides.
    Undelivered,
    /// The parcel goes back to the pickup.
    Returning,
    /// The parcel is back at the pickup.
    Returned,
}

/// An order with what its customer is told about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderNews<'a> {
    pub(super) told: Told,
    pub(super) order: &'a Order,
    pub(super) route: Option<&'a Route>,
    /// The delivery time that the customer was told before, if the news is another time.
    pub(super) before: Option<Timestamp>,
}

impl OrderNews<'_> {
    /// The delivery time that this news tells.
    pub(super) fn delivery(&self) -> Option<Timestamp> {
        match self.told {
            Told::Assigned | Told::AssignedAgain | Told::NewTime => expected(*self).1,
            Told::Undelivered if self.order.is_expected_at_door() => expected(*self).1,
            Told::Undelivered
            | Told::Delivered
            | Told::Failed
            | Told::Cancelled
            | Told::Returning
            | Told::Returned => None,
        }
    }
}

/// What has changed about a route.
#[derive(Debug, Clone, Default)]
pub(super) struct RouteChange<'a> {
    /// Whether the route is new.
    pub(super) new: bool,
    /// Whether a dispatcher has changed the sequence of the stops.
    pub(super) resequenced: bool,
    /// The number of orders that joined the route.
    pub(super) gained_orders: usize,
    /// The number of orders that a plan gave to other agents.
    pub(super) lost_orders: usize,
    /// The orders that were cancelled.
    pub(super) cancelled: Vec<&'a Order>,
    /// The orders that a dispatcher took off the route.
    pub(super) taken_off: Vec<&'a Order>,
}

impl RouteChange<'_> {
    /// The change after the words "your route has".
    fn in_words(&self) -> String {
        let mut words = Vec::new();
        if self.gained_orders > 0 {
            words.push(format!("gained {}", orders(self.gained_orders)));
        }
        match (self.lost_orders, words.is_empty()) {
            (0, _) => {}
            (lost, true) => words.push(format!("given away {}", orders(lost))),
            (lost, false) => words.push(format!("given away {lost}")),
        }
        if !self.cancelled.is_empty() {
            let cancelled = orders(self.cancelled.len()).replace(" order", " cancelled order");
            words.push(format!("lost {cancelled}"));
        }
        if !self.taken_off.is_empty() {
            let taken_off = orders(self.taken_off.len());
            words.push(format!("lost {taken_off} to a dispatcher"));
        }
        if self.resequenced {
            words.push("got another sequence from a dispatcher".to_owned());
        }
        words.join(" and ")
    }

    /// The reason why a route has no stops left.
    fn why_ended(&self) -> &'static str {
        match (self.cancelled.is_empty(), self.taken_off.is_empty()) {
            (false, _) => "its last orders were cancelled",
            (true, false) => "a dispatcher took its orders off",
            (true, true) => "its orders went to other agents",
        }
    }
}

fn orders(count: usize) -> String {
    match count {
        1 => "1 order".to_owned(),
        count => format!("{count} orders"),
    }
}

impl Letterhead {
    /// The email with these letters. `None` if there are none.
    pub(super) fn email(&self, to: &User, mut letters: Vec<Letter>) -> Option<Email> {
        let letter = match letters.len() {
            0 => return None,
            1 => letters.remove(0),
            _ => Letter {
                subject: "There is news of your orders and routes".to_owned(),
                parts: letters.into_iter().flat_map(|it| it.parts).collect(),
            },
        };
        Some(letter.signed(&to.name, &self.company))
    }

    /// What a customer is told: about one order in full, about several as a list.
    pub(super) fn to_customer(&self, news: &[OrderNews<'_>]) -> Option<Letter> {
        match news {
            [] => None,
            [one] => Some(self.about_order(*one)),
            many => Some(self.about_orders(many)),
        }
    }

    fn about_order(&self, news: OrderNews<'_>) -> Letter {
        let OrderNews { told, order, .. } = news;
        let (name, short) = (name_of(order), short_name_of(order));
        let mut facts = places(order);
        let (subject, lead, closing) = match told {
            Told::Assigned | Told::AssignedAgain => {
                let (pickup, dropoff) = expected(news);
                let pickup = pickup.map(|at| ("Pickup expected", self.day_and_time(at)));
                let dropoff = dropoff.map(|at| ("Delivery expected", self.day_and_time(at)));
                facts.extend(pickup.into_iter().chain(dropoff));
                let closing = "You will hear from us again when it is delivered.";
                if told == Told::Assigned {
                    let lead = format!("Your order {name} is on an agent's route.");
                    (format!("Order {short} has an agent"), lead, closing)
                } else {
                    let lead = format!(
                        "Your order {name} is on another route. The times that we told you before are no longer right."
                    );
                    (format!("Order {short} has a new time"), lead, closing)
                }
            }
            Told::NewTime => {
                let before = news.before.map(|at| ("Told before", self.day_and_time(at)));
                let delivery = news.delivery();
                let delivery = delivery.map(|at| ("Delivery expected", self.day_and_time(at)));
                facts.extend(before.into_iter().chain(delivery));
                let lead = format!("Your order {name} is expected at another time.");
                let closing = "You will hear from us again when it is delivered.";
                (
                    format!("Order {short} is expected at another time"),
                    lead,
                    closing,
                )
            }
            Told::Delivered => {
                facts.push(("Delivered", self.came_to(order, OrderStatus::Delivered)));
                let lead = format!("Your order {name} was delivered.");
                let closing = "Thank you for sending with us.";
                (format!("Order {short} was delivered"), lead, closing)
            }
            Told::Failed => {
                facts.push(("Given up", self.came_to(order, OrderStatus::Failed)));
                facts.extend(reason(order).map(|reason| ("Reason", reason)));
                let lead = format!("We are sorry: your order {name} could not be delivered.");
                let closing = "Please place it again, or get in touch with us.";
                let subject = format!("Order {short} could not be delivered");
                (subject, lead, closing)
            }
            Told::Undelivered => {
                facts.push(("Tried", self.came_to(order, OrderStatus::Undelivered)));
                facts.extend(reason(order).map(|reason| ("Reason", reason)));
                let next = news.delivery().map(|at| self.day_and_time(at));
                facts.extend(next.map(|next| ("Next attempt expected", next)));
                let lead = format!("Your order {name} could not be delivered yet.");
                let closing = match order.on_failure {
                    OnFailure::Hold => "The parcel is with the agent. We decide what comes next.",
                    OnFailure::End | OnFailure::Return | OnFailure::Retry => {
                        "The parcel is with the agent, who tries again later."
                    }
                };
                let subject = format!("Order {short} could not be delivered yet");
                (subject, lead, closing)
            }
            Told::Returning => {
                facts.push(("Given up", self.came_to(order, OrderStatus::Returning)));
                facts.extend(reason(order).map(|reason| ("Reason", reason)));
                let lead = format!("We are sorry: your order {name} could not be delivered.");
                let closing = "The agent takes the parcel back to the pickup.";
                (format!("Order {short} comes back"), lead, closing)
            }
            Told::Returned => {
                facts.push(("Returned", self.came_to(order, OrderStatus::Returned)));
                let lead = format!("The parcel of your order {name} is back at the pickup.");
                let closing = "Please place the order again, or get in touch with us.";
                (format!("Order {short} is back"), lead, closing)
            }
            Told::Cancelled => {
                facts.push(("Cancelled", self.came_to(order, OrderStatus::Cancelled)));
                facts.extend(reason(order).map(|reason| ("Reason", reason)));
                let lead = format!("A dispatcher has cancelled your order {name}.");
                let closing = "Please place it again, or get in touch with us.";
                (format!("Order {short} was cancelled"), lead, closing)
            }
        };
        Letter {
            subject,
            parts: vec![
                Part::Paragraph(lead),
                Part::Facts(facts),
                Part::Paragraph(closing.to_owned()),
            ],
        }
    }

    fn about_orders(&self, news: &[OrderNews<'_>]) -> Letter {
        let mut counts = Vec::new();
        let mut parts = vec![Part::Paragraph(format!(
            "There is news of {} of your orders.",
            news.len()
        ))];
        let kinds = [
            (Told::Assigned, "with an agent", "On an agent's route:"),
            (
                Told::AssignedAgain,
                "with a new time",
                "On another route, at a new time:",
            ),
            (
                Told::NewTime,
                "at another time",
                "Expected at another time:",
            ),
            (Told::Delivered, "delivered", "Delivered:"),
            (Told::Failed, "failed", "Could not be delivered:"),
            (Told::Cancelled, "cancelled", "Cancelled by a dispatcher:"),
            (
                Told::Undelivered,
                "not delivered yet",
                "Could not be delivered yet:",
            ),
            (Told::Returning, "coming back", "Going back to the pickup:"),
            (Told::Returned, "returned", "Back at the pickup:"),
        ];
        for (told, word, title) in kinds {
            let those = news.iter().filter(|it| it.told == told);
            let lines: Vec<String> = those.map(|it| format!("  {}", self.line(*it))).collect();
            if !lines.is_empty() {
                counts.push(format!("{} {word}", lines.len()));
                parts.push(Part::List {
                    title: title.to_owned(),
                    lines,
                });
            }
        }
        Letter {
            subject: format!("{} orders: {}", news.len(), counts.join(", ")),
            parts,
        }
    }

    /// An order and its news in one line.
    fn line(&self, news: OrderNews<'_>) -> String {
        let order = news.order;
        let time = |at: Timestamp| self.format(at, SHORT_DAY_AND_TIME);
        let came = |status| self.format(moment_of(order, status), SHORT_DAY_AND_TIME);
        let because = || reason(order).map_or_else(String::new, |reason| format!(": {reason}"));
        let told = match news.told {
            Told::Assigned | Told::AssignedAgain => {
                let (pickup, dropoff) = expected(news);
                let pickup = pickup.map(|at| format!(", pickup {}", time(at)));
                let dropoff = dropoff.map(|at| format!(", delivery {}", time(at)));
                pickup.unwrap_or_default() + &dropoff.unwrap_or_default()
            }
            Told::NewTime => {
                let before = news.before.map(|at| format!(" instead of {}", time(at)));
                let delivery = news.delivery().map(|at| format!(", delivery {}", time(at)));
                delivery.unwrap_or_default() + &before.unwrap_or_default()
            }
            Told::Delivered => format!(", {}", came(OrderStatus::Delivered)),
            Told::Failed => format!(", {}{}", came(OrderStatus::Failed), because()),
            Told::Cancelled => format!(", {}{}", came(OrderStatus::Cancelled), because()),
            Told::Undelivered => format!(", {}{}", came(OrderStatus::Undelivered), because()),
            Told::Returning => format!(", {}{}", came(OrderStatus::Returning), because()),
            Told::Returned => format!(", {}", came(OrderStatus::Returned)),
        };
        let line = format!("{} to {}{told}", name_of(order), order.dropoff.label());
        if line.chars().count() <= LONGEST_LINE {
            return line;
        }
        let cut: String = line.chars().take(LONGEST_LINE).collect();
        format!("{cut} ...")
    }

    /// What an agent is told about a route.
    pub(super) fn to_agent(&self, route: &Route, change: &RouteChange<'_>) -> Letter {
        let (first, count) = first_and_count(route);
        let news = change.in_words();
        let Some(first) = first else {
            let why = change.why_ended();
            let mut parts = vec![Part::Paragraph(format!(
                "Your route has ended: {why}. You have no stops left."
            ))];
            parts.extend(off_the_route(change));
            parts.push(Part::Paragraph(
                "While you are on duty, you get an email with your next route.".to_owned(),
            ));
            return Letter {
                subject: format!("Your route has ended: {why}"),
                parts,
            };
        };
        let at = self.time(first.eta);
        let stops = stops(count);
        let (subject, lead) = if change.new {
            (
                format!("New route: {stops}, the first at {at}"),
                format!("You have a new route with {stops}."),
            )
        } else {
            (
                format!("Your route has {news}: {stops} left, the next at {at}"),
                format!("Your route has {news} and has {stops} left."),
            )
        };
        let mut parts = vec![Part::Paragraph(lead)];
        parts.extend(off_the_route(change));
        parts.push(Part::Facts(self.route_facts(route)));
        parts.push(self.itinerary(route));
        Letter { subject, parts }
    }

    fn route_facts(&self, route: &Route) -> Vec<(&'static str, String)> {
        let total = route.total();
        let mut facts = Vec::new();
        if let Some(first) = first_and_count(route).0 {
            facts.push((
                "First stop",
                label(first.address.as_deref(), first.location),
            ));
            facts.push(("Expected there", self.day_and_time(first.eta)));
        }
        facts.push((
            "Distance",
            format!("{:.1} km", f64::from(total.distance_m) / 1000.0),
        ));
        facts.push(("Driving time", hours_and_minutes(total.duration_s)));
        facts
    }

    fn itinerary(&self, route: &Route) -> Part {
        let numbered = route.stops.iter().zip(1..);
        let open = numbered.filter(|(stop, _)| is_open(stop));
        let lines = open.map(|(stop, number)| {
            let what = match stop.kind {
                StopKind::Pickup => "pick up ",
                StopKind::Dropoff => "drop off",
            };
            let place = label(stop.address.as_deref(), stop.location);
            format!("{number:>3}. {}  {what}  {place}", self.time(stop.eta))
        });
        Part::List {
            title: "The stops:".to_owned(),
            lines: lines.collect(),
        }
    }

    fn came_to(&self, order: &Order, status: OrderStatus) -> String {
        self.day_and_time(moment_of(order, status))
    }

    fn day_and_time(&self, time: Timestamp) -> String {
        self.format(time, DAY_AND_TIME)
    }

    fn time(&self, time: Timestamp) -> String {
        self.format(time, TIME)
    }

    fn format(&self, time: Timestamp, format: &str) -> String {
        let zoned = time.to_zoned(self.time_zone.clone());
        zoned.strftime(format).to_string()
    }
}

/// When the order came to a status.
fn moment_of(order: &Order, status: OrderStatus) -> Timestamp {
    let lines = order.history.iter().rev();
    let line = lines.into_iter().find(|line| line.status == status);
    line.map_or(order.updated_at, |line| line.at)
}

/// When the pickup and the delivery of an order are expected.
fn expected(news: OrderNews<'_>) -> (Option<Timestamp>, Option<Timestamp>) {
    let eta = |kind| {
        let stops = news.route.into_iter().flat_map(|route| &route.stops);
        stops.rev_find(news.order, kind).map(|stop| stop.eta)
    };
    (eta(StopKind::Pickup), eta(StopKind::Dropoff))
}

/// The reason that somebody gave for the last step.
fn reason(order: &Order) -> Option<String> {
    let last = order.history.last()?;
    let code = last.reason_code.map(|code| code.in_words().to_owned());
    let reason = last.reason.clone().or(code)?;
    let place_faults = order.place_faults.iter().map(|fault| {
        let stop = match fault.stop {
            StopKind::Pickup => ("pickup", &order.pickup),
            StopKind::Dropoff => ("drop-off", &order.dropoff),
        };
        let address = stop.1.address.as_deref().unwrap_or_default();
        format!(
            "The address of the {} ({address}) {}.",
            stop.0, fault.detail
        )
    });
    Some(match reason.as_str() {
        _ if !order.place_faults.is_empty() => place_faults.collect::<Vec<_>>().join(" "),
        WINDOW_PASSED if order.placing() == Some(Placing::Failed) => {
            "The time window ended before the address was placed on the map.".to_owned()
        }
        WINDOW_PASSED => "No agent could be there within the time window.".to_owned(),
        _ => reason,
    })
}

/// The orders that an agent need not serve any more.
fn off_the_route(change: &RouteChange<'_>) -> Vec<Part> {
    let lists = [
        ("Cancelled:", &change.cancelled),
        ("Taken off by a dispatcher:", &change.taken_off),
    ];
    let lists = lists.into_iter().filter(|(_, orders)| !orders.is_empty());
    let parts = lists.map(|(title, orders)| {
        let line = |order: &&Order| {
            let (from, to) = (order.pickup.label(), order.dropoff.label());
            format!("  {} from {from} to {to}", name_of(order))
        };
        Part::List {
            title: title.to_owned(),
            lines: orders.iter().map(line).collect(),
        }
    });
    parts.collect()
}

fn stops(count: usize) -> String {
    match count {
        1 => "1 stop".to_owned(),
        count => format!("{count} stops"),
    }
}

trait FindStop<'a> {
    fn rev_find(self, order: &Order, kind: StopKind) -> Option<&'a RouteStop>;
}

impl<'a, I: Iterator<Item = &'a RouteStop>> FindStop<'a> for I {
    /// The order's last stop of this kind. An earlier stop may have been skipped.
    fn rev_find(self, order: &Order, kind: StopKind) -> Option<&'a RouteStop> {
        self.filter(|stop| stop.order_id == order.id && stop.kind == kind)
            .last()
    }
}

fn places(order: &Order) -> Vec<(&'static str, String)> {
    vec![
        ("From", order.pickup.label()),
        ("To", order.dropoff.label()),
    ]
}

/// The customer's name for the order, or the end of the order's id.
fn name_of(order: &Order) -> String {
    let id = order.id.to_string();
    let tail = id.rsplit('-').next().unwrap_or(&id).to_owned();
    order.external_id.clone().unwrap_or(tail)
}

/// The start of the name, so that a subject has room for the news.
fn short_name_of(order: &Order) -> String {
    name_of(order)
        .chars()
        .take(LONGEST_NAME_IN_SUBJECT)
        .collect()
}

fn is_open(stop: &RouteStop) -> bool {
    stop.status == domain::StopStatus::Pending
}

/// The next open stop, and the number of open stops.
fn first_and_count(route: &Route) -> (Option<&RouteStop>, usize) {
    (route.open_stops().next(), route.open_stops().count())
}

fn hours_and_minutes(seconds: u32) -> String {
    let minutes = seconds.div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    }
}
