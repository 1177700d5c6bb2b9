//! Agents: their duty, their position, their vehicle and their shift.

use jiff::Timestamp;
use thiserror::Error;

use crate::breaks::Break;
use crate::geo::Coordinates;
use crate::ids::RouteId;
use crate::skill::Skills;
use crate::stop::TimeWindow;
use crate::user::{User, UserStatus};
use crate::zone::{Zone, ZoneGrid};

/// The capacity of a vehicle if nobody names one, in size units.
pub const DEFAULT_CAPACITY: u32 = 10;
/// The largest capacity, in size units.
pub const LARGEST_CAPACITY: u32 = 10_000;

/// The time in which an agent works. The service at each stop of a plan begins within it.
pub type Shift = TimeWindow;

/// The part of a user that only agents have.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentProfile {
    /// Whether the agent takes orders now.
    pub on_duty: bool,
    /// The place that the agent names as the start.
    pub start_location: Option<Coordinates>,
    /// The start of the next route: the start location, or the end of the last route.
    pub position: Option<Coordinates>,
    /// The zone of the position.
    pub zone: Option<Zone>,
    /// The capacity of the vehicle, in size units.
    pub capacity: u32,
    /// What the agent or the vehicle has: at most [`MOST_SKILLS`](crate::skill::MOST_SKILLS) skills. An order goes only to
    /// an agent who has all that it requires.
    pub skills: Skills,
    /// The shift. Without one, the agent works at any time while on duty.
    pub shift: Option<Shift>,
    /// The breaks in the shift, in the sequence of time: at most [`MOST_BREAKS`](crate::breaks::MOST_BREAKS).
    pub breaks: Vec<Break>,
    /// The open route. An agent has at most one.
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
            skills: Skills::new(),
            shift: None,
            breaks: Vec::new(),
            open_route_id: None,
        };
        profile.place(start_location, grid);
        profile
    }

    /// Sets the position and its zone.
    pub fn place(&mut self, position: Option<Coordinates>, grid: ZoneGrid) {
        self.position = position;
        self.zone = position.and_then(|position| grid.zone_of(position));
    }

    /// Whether the optimizer may plan with the agent. The optimizer is called when this becomes true.
    pub fn available(&self, status: UserStatus) -> bool {
        self.on_duty && status == UserStatus::Active && self.zone.is_some()
    }
}

/// A change of an agent. `None` leaves a value as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentUpdate {
    /// On or off duty.
    pub on_duty: Option<bool>,
    /// Whether an agent who goes off duty gives back the orders that are not picked up yet.
    pub release: bool,
    /// The start location.
    pub start_location: Option<Coordinates>,
    /// The capacity of the vehicle, in size units.
    pub capacity: Option<u32>,
    /// The skills, in place of those so far. Only dispatchers change them.
    pub skills: Option<Skills>,
    /// The shift.
    pub shift: ShiftUpdate,
    /// `active` or `suspended`. Only dispatchers change it.
    pub status: Option<UserStatus>,
}

/// A change of an agent's shift.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ShiftUpdate {
    /// The shift stays as it is.
    #[default]
    Unchanged,
    /// The agent has this shift, with these breaks.
    Set(Shift, Vec<Break>),
    /// The agent has no shift and works at any time while on duty.
    Removed,
}

/// Why a change of an agent is refused.
#[derive(Debug, Error)]
pub enum AgentUpdateRefused {
    /// Only active agents go on duty.
    #[error("the agent is not active")]
    NotActive,
    /// An agent with an open route stays on duty, unless the request gives back the orders that are not picked up.
    #[error("the agent has an open route")]
    RouteOpen,
    /// The agent has no start location.
    #[error("no start location is known")]
    NoStartLocation,
    /// The agent has not confirmed the email address and cannot be approved.
    #[error("the agent has not confirmed the address")]
    Unconfirmed,
}

impl AgentUpdate {
    /// Whether the orders that are not picked up leave the agent's route with this update.
    pub fn gives_back(&self) -> bool {
        self.release || self.status == Some(UserStatus::Suspended)
    }

    /// The agent after the update. A suspended agent is off duty. The open route stays as it is: if the update
    /// [gives orders back](Self::gives_back), the caller changes the route in the same write.
    ///
    /// # Errors
    /// If the agent's state does not allow the update.
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
            // The position of an agent with an open route comes from the route.
            if profile.open_route_id.is_none() {
                profile.place(Some(start), grid);
            }
        }
        profile.capacity = self.capacity.unwrap_or(profile.capacity);
        if let Some(skills) = &self.skills {
            profile.skills.clone_from(skills);
        }
        match &self.shift {
            ShiftUpdate::Unchanged => {}
            ShiftUpdate::Set(shift, breaks) => {
                profile.shift = Some(*shift);
                profile.breaks.clone_from(breaks);
            }
            ShiftUpdate::Removed => {
                profile.shift = None;
                profile.breaks.clear();
            }
        }
        if let Some(on_duty) = self.on_duty {
            if on_duty && changed.status != UserStatus::Active {
                return Err(AgentUpdateRefused::NotActive);
            }
            if on_duty && profile.start_location.is_none() {
                return Err(AgentUpdateRefused::NoStartLocation);
            }
            // An agent who is off duty already may have an open route. It has only orders that are picked up.
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
