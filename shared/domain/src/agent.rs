//! Agents: who drives, from where, with what, and when.

use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use crate::fields::{Faults, Fields};
use crate::geo::Coordinates;
use crate::ids::RouteId;
use crate::stop::TimeWindow;
use crate::user::{Role, User, UserStatus, read_vehicle};
use crate::zone::{Zone, ZoneGrid};

/// The capacity of a vehicle of which nothing is known, in size units.
pub const DEFAULT_CAPACITY: u32 = 10;
/// The largest capacity, in size units.
pub const LARGEST_CAPACITY: u32 = 10_000;

/// When an agent works. Stops are planned to begin within it.
pub type Shift = TimeWindow;

/// What an agent has beyond what every user has.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentProfile {
    /// Takes orders now.
    pub on_duty: bool,
    /// Where the agent says to begin.
    pub start_location: Option<Coordinates>,
    /// Where the next route begins: the start location, or where the last route ended.
    pub position: Option<Coordinates>,
    /// The zone of the position.
    pub zone: Option<Zone>,
    /// How many size units the vehicle takes.
    pub capacity: u32,
    /// When the agent works; any time while on duty if absent.
    pub shift: Option<Shift>,
    /// The one route that the agent may have open.
    pub open_route_id: Option<RouteId>,
}

impl AgentProfile {
    /// The profile of a new agent, off duty.
    pub fn new(capacity: u32, start_location: Option<Coordinates>, grid: ZoneGrid) -> Self {
        let mut profile = Self {
            on_duty: false,
            start_location,
            position: None,
            zone: None,
            capacity,
            shift: None,
            open_route_id: None,
        };
        profile.place(start_location, grid);
        profile
    }

    /// Puts the agent somewhere.
    pub fn place(&mut self, position: Option<Coordinates>, grid: ZoneGrid) {
        self.position = position;
        self.zone = position.and_then(|position| grid.zone_of(position));
    }

    /// Whether the optimizer may plan with the agent; what wakes it when it turns true.
    pub fn available(&self, status: UserStatus) -> bool {
        self.on_duty && status == UserStatus::Active && self.zone.is_some()
    }
}

/// What is asked to change of an agent; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentUpdate {
    /// On or off duty.
    pub on_duty: Option<bool>,
    /// Going off duty with an open route: gives back what is not aboard.
    pub release: bool,
    /// Where to begin.
    pub start_location: Option<Coordinates>,
    /// The vehicle's capacity in size units.
    pub capacity: Option<u32>,
    /// When the agent works.
    pub shift: ShiftUpdate,
    /// `active` or `suspended`; for dispatchers.
    pub status: Option<UserStatus>,
}

/// What is asked to change of an agent's shift.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum ShiftUpdate {
    /// It stays as it is.
    #[default]
    Stays,
    /// The agent works at these times.
    Becomes(Shift),
    /// The agent works at any time while on duty.
    TakenAway,
}

/// Why an update of an agent is refused.
#[derive(Debug, Error)]
pub enum AgentUpdateRefused {
    /// Only active agents go on duty.
    #[error("the agent is not active")]
    NotActive,
    /// An agent with an open route stays on duty, unless they ask for what is not aboard to be given back.
    #[error("the agent has an open route")]
    RouteOpen,
    /// Nobody knows where the agent begins.
    #[error("no start location is known")]
    NoStartLocation,
    /// The address is not confirmed, so nobody can be approved.
    #[error("the agent has not confirmed the address")]
    Unconfirmed,
}

impl AgentUpdate {
    /// Reads the body of `PUT /agents/{agent_id}` as far as the caller's role allows.
    ///
    /// # Errors
    /// Every fault in it.
    pub fn read(body: &Value, caller: Role, now: Timestamp) -> Result<Self, Faults> {
        let faults = Faults::new();
        let fields = Fields::of_body(body, &faults);
        fields.only(&[
            "on_duty",
            "release",
            "start_location",
            "vehicle",
            "shift",
            "status",
        ]);
        if caller != Role::Dispatcher && fields.has("status") {
            fields.fault("status", "is for dispatchers to change");
        }
        let on_duty = fields.flag("on_duty");
        let release = fields.flag("release").unwrap_or_default();
        if release && on_duty != Some(false) {
            fields.fault("release", "goes together with on_duty: false");
        }
        let update = Self {
            on_duty,
            release,
            start_location: fields
                .object("start_location")
                .and_then(|location| Coordinates::read(&location)),
            capacity: read_vehicle(&fields),
            shift: read_shift(body, &fields, now),
            status: fields.word(
                "status",
                &[
                    ("active", UserStatus::Active),
                    ("suspended", UserStatus::Suspended),
                ],
            ),
        };
        if faults.is_empty() && update == Self::default() {
            faults.note("#", "names nothing to change");
        }
        faults.or(Some(update))
    }

    /// Whether what is not aboard goes back to be planned anew, once the update is made.
    pub fn gives_back(&self) -> bool {
        self.release || self.status == Some(UserStatus::Suspended)
    }

    /// The agent with the update made; a suspension takes them off duty. Of an open route it changes nothing: where the
    /// update [gives back](Self::gives_back), that is for the caller to do in the same write.
    ///
    /// # Errors
    /// When the agent's state does not allow it.
    pub fn apply(
        &self,
        user: &User,
        profile: &AgentProfile,
        grid: ZoneGrid,
        now: Timestamp,
    ) -> Result<User, AgentUpdateRefused> {
        let mut changed = user.changed(now);
        let mut profile = profile.clone();
        if let Some(status) = self.status {
            if user.status == UserStatus::Unconfirmed {
                return Err(AgentUpdateRefused::Unconfirmed);
            }
            changed.status = status;
        }
        if let Some(start) = self.start_location {
            profile.start_location = Some(start);
            // Who is under way is where the route says.
            if profile.open_route_id.is_none() {
                profile.place(Some(start), grid);
            }
        }
        profile.capacity = self.capacity.unwrap_or(profile.capacity);
        match self.shift {
            ShiftUpdate::Stays => {}
            ShiftUpdate::Becomes(shift) => profile.shift = Some(shift),
            ShiftUpdate::TakenAway => profile.shift = None,
        }
        if let Some(on_duty) = self.on_duty {
            if on_duty && changed.status != UserStatus::Active {
                return Err(AgentUpdateRefused::NotActive);
            }
            if on_duty && profile.start_location.is_none() {
                return Err(AgentUpdateRefused::NoStartLocation);
            }
            // Who is off duty already has at most what is aboard, and stays so.
            let ends = profile.on_duty && !on_duty;
            if ends && profile.open_route_id.is_some() && !self.gives_back() {
                return Err(AgentUpdateRefused::RouteOpen);
            }
            if on_duty && !profile.on_duty && profile.open_route_id.is_none() {
                profile.place(profile.start_location, grid);
            }
            profile.on_duty = on_duty;
        }
        if changed.status == UserStatus::Suspended {
            profile.on_duty = false;
        }
        changed.agent = Some(profile);
        Ok(changed)
    }
}

/// A shift is the one thing of which `null` says that it is to go: elsewhere a `null` is an absent field.
fn read_shift(body: &Value, fields: &Fields<'_>, now: Timestamp) -> ShiftUpdate {
    if body.get("shift").is_some_and(Value::is_null) {
        return ShiftUpdate::TakenAway;
    }
    let shift = fields.object("shift");
    let shift = shift.and_then(|shift| TimeWindow::read_upcoming(&shift, now));
    shift.map_or(ShiftUpdate::Stays, ShiftUpdate::Becomes)
}
