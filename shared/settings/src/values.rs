//! Numbers, names and zones that the template sets.

use std::time::Duration;

use app::tracking::{Company, MapTiles, OfferWindows};
use domain::{
    DeliveryHours, DispatchRules, LegEstimate, LongestLeg, RequiredProof, ServiceArea, Zone,
    ZoneGrid,
};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::{Environment, Setting};

/// A second of waiting is worth at most this many seconds of driving.
const HEAVIEST_WAITING: f64 = 10.0;

/// `PLANNING_HORIZON_HOURS`: an order whose time window opens later than this from now waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanningHorizon(pub SignedDuration);

/// `PLAN_SECONDS`: the time limit of one plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanTime(pub Duration);

/// `MAX_IMPORT_MB`: the size of the largest file of orders, here in bytes. A megabyte is a million bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargestImport(pub u64);

/// `MAX_OPEN_ORDERS`: the pending orders that a customer without a limit of its own may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxOpenOrders(pub u32);

/// The server of the photos of deliveries, for a Content-Security-Policy: scheme and host of `UPLOADS_BUCKET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoOrigin(pub String);

/// `PROOF_DAYS`: how long the pictures that prove a pickup or a delivery are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofsKept(pub SignedDuration);

/// `NOTIFICATION_WINDOW_SECONDS`: the seconds for which a person's news is gathered before an email tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotificationWindow(pub u32);

/// `COMPANY_NAME`: the name that signs the emails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyName(pub String);

/// `TRACKING_URL`: the address of the tracking page. `{api_id}` stands for the id of the API. `None` if the page has
/// the API's own address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingUrl(pub Option<String>);

/// `ZONE_RESOLUTION`: the size of the zones.
impl Setting for ZoneGrid {
    fn read(env: &Environment) -> Option<Self> {
        let resolution = env.whole_number("ZONE_RESOLUTION", 0..=15)?;
        let grid = ZoneGrid::new(u8::try_from(resolution).ok()?);
        grid.map_err(|error| env.note(format!("ZONE_RESOLUTION: {error}")))
            .ok()
    }
}

/// `SERVICE_AREA`: the area that the company serves, as names of H3 cells with commas between them. Empty for every
/// place.
impl Setting for ServiceArea {
    fn read(env: &Environment) -> Option<Self> {
        let text = env.optional_text("SERVICE_AREA").unwrap_or_default();
        let names = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let zones: Result<Vec<Zone>, _> = names.map(str::parse).collect();
        zones
            .map(Self::of)
            .map_err(|error| env.note(format!("SERVICE_AREA: {error}")))
            .ok()
    }
}

/// `MAX_LEG_KM`: the longest way from a pickup to its drop-off.
impl Setting for LongestLeg {
    fn read(env: &Environment) -> Option<Self> {
        let km = env.whole_number("MAX_LEG_KM", 1..=20_100)?;
        Some(Self { km })
    }
}

/// `LEG_CIRCUITY`, `LEG_BASE_SECONDS`, `LEG_SECONDS_PER_KM`: the estimate of a leg without a road network.
impl Setting for LegEstimate {
    fn read(env: &Environment) -> Option<Self> {
        let circuity = env.quantity("LEG_CIRCUITY");
        let base_s = env.quantity("LEG_BASE_SECONDS");
        let s_per_km = env.quantity("LEG_SECONDS_PER_KM");
        Some(LegEstimate {
            circuity: circuity?,
            base_s: base_s?,
            s_per_km: s_per_km?,
        })
    }
}

/// `WAITING_WEIGHT`, `PROMISE_MINUTES`, `MOVE_SECONDS`, `FREEZE_SECONDS`: what a plan weighs, and what it may change.
impl Setting for DispatchRules {
    fn read(env: &Environment) -> Option<Self> {
        let weight = env.quantity("WAITING_WEIGHT").filter(|weight| {
            let fits = *weight <= HEAVIEST_WAITING;
            if !fits {
                env.note(format!("WAITING_WEIGHT must be at most {HEAVIEST_WAITING}"));
            }
            fits
        });
        let promise_minutes = env.whole_number("PROMISE_MINUTES", 1..=60 * 24 * 366);
        let move_s = env.whole_number("MOVE_SECONDS", 0..=1_000_000);
        let freeze_s = env.whole_number("FREEZE_SECONDS", 0..=24 * 3600);
        Some(Self {
            // At most 10,000, so nothing is cut off.
            waiting_weight_milli: (weight? * 1000.0).round() as u32,
            promise: SignedDuration::from_mins(promise_minutes?.into()),
            move_s: move_s?,
            freeze: SignedDuration::from_secs(freeze_s?.into()),
        })
    }
}

/// `TIME_ZONE`: the time zone of the people who read the emails.
impl Setting for TimeZone {
    fn read(env: &Environment) -> Option<Self> {
        let name = env.text("TIME_ZONE")?;
        let zone = TimeZone::get(&name).ok();
        if zone.is_none() {
            env.note("TIME_ZONE must be an IANA time zone such as Europe/Berlin".to_owned());
        }
        zone
    }
}

/// `DELIVERY_HOURS`: the days and hours in which the company delivers.
impl Setting for DeliveryHours {
    fn read(env: &Environment) -> Option<Self> {
        let hours = Self::read(&env.text("DELIVERY_HOURS")?);
        if hours.is_none() {
            env.note("DELIVERY_HOURS must be days and hours such as Mo-Sa 08:00-20:00".to_owned());
        }
        hours
    }
}

/// The windows that recipients choose from.
impl Setting for OfferWindows {
    fn read(env: &Environment) -> Option<Self> {
        let (hours, zone) = (<DeliveryHours as Setting>::read(env), TimeZone::read(env));
        hours.zip(zone).map(|(hours, zone)| Self { hours, zone })
    }
}

impl Setting for PlanningHorizon {
    fn read(env: &Environment) -> Option<Self> {
        let hours = env.whole_number("PLANNING_HORIZON_HOURS", 1..=24 * 366)?;
        Some(Self(SignedDuration::from_hours(i64::from(hours))))
    }
}

impl Setting for PlanTime {
    fn read(env: &Environment) -> Option<Self> {
        let seconds = env.whole_number("PLAN_SECONDS", 1..=600)?;
        Some(Self(Duration::from_secs(seconds.into())))
    }
}

impl Setting for LargestImport {
    fn read(env: &Environment) -> Option<Self> {
        let megabytes = env.whole_number("MAX_IMPORT_MB", 1..=1_000)?;
        Some(Self(u64::from(megabytes) * 1_000_000))
    }
}

impl Setting for MaxOpenOrders {
    fn read(env: &Environment) -> Option<Self> {
        env.whole_number("MAX_OPEN_ORDERS", 1..=1_000_000).map(Self)
    }
}

impl Setting for PhotoOrigin {
    fn read(env: &Environment) -> Option<Self> {
        // A local stack has no host name for each bucket.
        if env.optional_text("AWS_ENDPOINT_URL").is_some() {
            let url = env.url("AWS_ENDPOINT_URL")?;
            return Some(Self(url.trim_end_matches('/').to_owned()));
        }
        let (bucket, region) = (env.text("UPLOADS_BUCKET"), env.text("AWS_REGION"));
        let (bucket, region) = (bucket?, region?);
        let domain = match region.starts_with("cn-") {
            true => "amazonaws.com.cn",
            false => "amazonaws.com",
        };
        Some(Self(format!("https://{bucket}.s3.{region}.{domain}")))
    }
}

impl Setting for ProofsKept {
    fn read(env: &Environment) -> Option<Self> {
        let days = env.whole_number("PROOF_DAYS", 1..=3_650)?;
        Some(Self(SignedDuration::from_hours(24 * i64::from(days))))
    }
}

/// `REQUIRED_PROOF`: the proof that orders need if they say nothing of their own, as words with commas between them,
/// such as `dropoff-photo,dropoff-pin`. Empty for no proof.
impl Setting for RequiredProof {
    fn read(env: &Environment) -> Option<Self> {
        let text = env.optional_text("REQUIRED_PROOF").unwrap_or_default();
        let mut required = Self::default();
        for word in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
            let flag = match word {
                "pickup-photo" => &mut required.pickup.photo,
                "pickup-signature" => &mut required.pickup.signature,
                "dropoff-photo" => &mut required.dropoff.photo,
                "dropoff-signature" => &mut required.dropoff.signature,
                "dropoff-pin" => &mut required.dropoff.pin,
                _ => {
                    env.note(format!("REQUIRED_PROOF: {word} is no kind of proof"));
                    return None;
                }
            };
            *flag = true;
        }
        Some(required)
    }
}

impl Setting for NotificationWindow {
    fn read(env: &Environment) -> Option<Self> {
        env.whole_number("NOTIFICATION_WINDOW_SECONDS", 0..=300)
            .map(Self)
    }
}

impl Setting for CompanyName {
    fn read(env: &Environment) -> Option<Self> {
        env.text("COMPANY_NAME").map(Self)
    }
}

/// `COMPANY_NAME`, `COMPANY_COLOUR` and `SUPPORT_CONTACT`: the company, as recipients see it.
impl Setting for Company {
    fn read(env: &Environment) -> Option<Self> {
        let CompanyName(name) = CompanyName::read(env)?;
        let colour = env.text("COMPANY_COLOUR")?;
        let digits = colour.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            env.note("COMPANY_COLOUR must be # and six hexadecimal digits".to_owned());
            return None;
        }
        let support = env.optional_text("SUPPORT_CONTACT").unwrap_or_default();
        Some(Self {
            name,
            colour,
            support,
        })
    }
}

/// `MAP_TILES_URL` and `MAP_TILES_CREDIT`: the server of map tiles for the tracking page. `None` if the page draws its
/// map alone.
impl Setting for Option<MapTiles> {
    fn read(env: &Environment) -> Option<Self> {
        if env.optional_text("MAP_TILES_URL").is_none() {
            return Some(None);
        }
        let url = env.url("MAP_TILES_URL")?;
        // The origin becomes a part of a header.
        let plain =
            |character: char| character.is_ascii_graphic() && !"\"',;<>".contains(character);
        if !url.chars().all(plain) || !["{z}", "{x}", "{y}"].iter().all(|it| url.contains(it)) {
            env.note("MAP_TILES_URL must be an address with {z}, {x} and {y}".to_owned());
            return None;
        }
        let credit = env.text("MAP_TILES_CREDIT")?;
        Some(Some(MapTiles { url, credit }))
    }
}

impl Setting for TrackingUrl {
    fn read(env: &Environment) -> Option<Self> {
        if env.optional_text("TRACKING_URL").is_none() {
            return Some(Self(None));
        }
        env.url("TRACKING_URL").map(|url| Self(Some(url)))
    }
}
