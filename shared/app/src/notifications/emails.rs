//! The texts of the emails. Subjects are short and plain ASCII, because SNS accepts nothing else.

use std::fmt::Write as _;

use domain::order::WINDOW_PASSED;
use domain::stop::label;
use domain::{Order, OrderStatus, Route, RouteStop, StopKind, Timestamp, User};
use jiff::tz::TimeZone;

use crate::ports::Email;

/// SNS accepts fewer than 100 characters.
const LONGEST_SUBJECT: usize = 99;
const LONGEST_NAME_IN_SUBJECT: usize = 40;
/// The weekday, the date, the time of day and the time zone.
const DAY_AND_TIME: &str = "%A, %-d %B, %H:%M %Z";
const TIME: &str = "%H:%M";

/// The sender's name and time zone.
#[derive(Debug, Clone)]
pub struct Letterhead {
    /// The courier company's name.
    pub company: String,
    /// The time zone of all times in the emails.
    pub time_zone: TimeZone,
}

/// What a plan has changed about a route.
#[derive(Debug, Clone, Copy)]
pub(super) struct RouteChange {
    /// The version of the route with the change.
    pub(super) version: u64,
    /// Whether the route is new.
    pub(super) new: bool,
    /// The number of orders that joined the route.
    pub(super) gained_orders: usize,
    /// The number of orders that went to other agents.
    pub(super) lost_orders: usize,
    /// Whether the email is about the first of two steps.
    pub(super) first_step: bool,
}

impl RouteChange {
    /// The change after the words "your route has".
    fn in_words(self) -> String {
        match (self.gained_orders, self.lost_orders) {
            (gained, 0) => format!("gained {}", orders(gained)),
            (0, lost) => format!("given away {}", orders(lost)),
            (gained, lost) => format!("gained {} and given away {lost}", orders(gained)),
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
    pub(super) fn order_assigned(
        &self,
        customer: &User,
        order: &Order,
        route: Option<&Route>,
    ) -> Email {
        let stop = |kind| {
            let stops = route.into_iter().flat_map(|route| &route.stops);
            stops.rev_find(order, kind)
        };
        let mut facts = places(order);
        if let Some(pickup) = stop(StopKind::Pickup) {
            facts.push(("Pickup expected", self.day_and_time(pickup.eta)));
        }
        if let Some(dropoff) = stop(StopKind::Dropoff) {
            facts.push(("Delivery expected", self.day_and_time(dropoff.eta)));
        }
        self.email(
            customer,
            format!("Order {} has an agent", short_name_of(order)),
            &format!("Your order {} is on an agent's route.", name_of(order)),
            &facts,
            "You will hear from us again when it is delivered.",
        )
    }

    pub(super) fn order_delivered(&self, customer: &User, order: &Order) -> Email {
        let mut facts = places(order);
        facts.push(("Delivered", self.came_to(order, OrderStatus::Delivered)));
        self.email(
            customer,
            format!("Order {} was delivered", short_name_of(order)),
            &format!("Your order {} was delivered.", name_of(order)),
            &facts,
            "Thank you for sending with us.",
        )
    }

    pub(super) fn order_failed(&self, customer: &User, order: &Order) -> Email {
        let mut facts = places(order);
        facts.push(("Given up", self.came_to(order, OrderStatus::Failed)));
        let reason = order
            .history
            .iter()
            .rev()
            .find_map(|line| line.reason.clone());
        if let Some(reason) = reason {
            let reason = match reason.as_str() {
                WINDOW_PASSED => "No agent could be there within the time window.".to_owned(),
                _ => reason,
            };
            facts.push(("Reason", reason));
        }
        self.email(
            customer,
            format!("Order {} could not be delivered", short_name_of(order)),
            &format!(
                "We are sorry: your order {} could not be delivered.",
                name_of(order)
            ),
            &facts,
            "Please place it again, or get in touch with us.",
        )
    }

    pub(super) fn route_assigned(&self, agent: &User, route: &Route) -> Email {
        let (first, count) = first_and_count(route);
        let subject = match first {
            Some(first) => format!(
                "New route: {count} stops, the first at {}",
                self.time(first.eta)
            ),
            None => "New route".to_owned(),
        };
        self.email(
            agent,
            subject,
            &format!("You have a new route with {count} stops."),
            &self.route_facts(route),
            &self.itinerary(route),
        )
    }

    /// The email about a route with other orders than before.
    pub(super) fn route_changed(&self, agent: &User, route: &Route, change: RouteChange) -> Email {
        let (first, count) = first_and_count(route);
        let news = change.in_words();
        let Some(first) = first else {
            return self.email(
                agent,
                "Your route has ended: its orders went to other agents".to_owned(),
                "Other agents can deliver the orders of your route sooner, so you have no stops left.",
                &[],
                "You stay on duty and get an email with your next route.",
            );
        };
        let next = self.time(first.eta);
        self.email(
            agent,
            format!("Your route has {news}: {count} stops left, the next at {next}"),
            &format!("Your route has {news} and has {count} stops left."),
            &self.route_facts(route),
            &self.itinerary(route),
        )
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

    fn itinerary(&self, route: &Route) -> String {
        let mut lines = "The stops:\n".to_owned();
        let numbered = route.stops.iter().zip(1..);
        for (stop, number) in numbered.filter(|(stop, _)| is_open(stop)) {
            let what = match stop.kind {
                StopKind::Pickup => "pick up ",
                StopKind::Dropoff => "drop off",
            };
            let place = label(stop.address.as_deref(), stop.location);
            // Writing to a string cannot fail.
            let _ = write!(
                lines,
                "\n{number:>3}. {}  {what}  {place}",
                self.time(stop.eta)
            );
        }
        lines
    }

    fn came_to(&self, order: &Order, status: OrderStatus) -> String {
        let line = order
            .history
            .iter()
            .rev()
            .find(|line| line.status == status);
        self.day_and_time(line.map_or(order.updated_at, |line| line.at))
    }

    fn day_and_time(&self, time: Timestamp) -> String {
        time.to_zoned(self.time_zone.clone())
            .strftime(DAY_AND_TIME)
            .to_string()
    }

    fn time(&self, time: Timestamp) -> String {
        time.to_zoned(self.time_zone.clone())
            .strftime(TIME)
            .to_string()
    }

    fn email(
        &self,
        to: &User,
        subject: String,
        news: &str,
        facts: &[(&str, String)],
        closing: &str,
    ) -> Email {
        let width = facts
            .iter()
            .map(|(name, _)| name.len())
            .max()
            .unwrap_or_default()
            + 1;
        let facts: Vec<String> = facts
            .iter()
            .map(|(name, fact)| format!("  {:<width$}  {fact}", format!("{name}:")))
            .collect();
        let (name, company) = (&to.name, &self.company);
        let facts = facts.join("\n");
        let body = format!("Hello {name},\n\n{news}\n\n{facts}\n\n{closing}\n\n{company}\n");
        Email {
            subject: plain(&subject),
            body: body.replace(turns_direction, ""),
        }
    }
}

/// Whether a character turns the direction of the text after it. A name with U+202E would make the rest of an email
/// read backwards.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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

/// Printable ASCII, cut to the length that SNS accepts. A customer's name for an order may contain any character.
fn plain(subject: &str) -> String {
    let printable = |c: char| {
        if c == ' ' || c.is_ascii_graphic() {
            c
        } else {
            '?'
        }
    };
    subject
        .chars()
        .map(printable)
        .take(LONGEST_SUBJECT)
        .collect()
}
