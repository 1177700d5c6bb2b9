//! Arbitrary users, orders and routes.

use domain::given_proof::{GivenProof, ProofPart};
use domain::ids::Uuid;
use domain::import::{
    Cancellation, DateOrder, DecimalMark, ImportFailure, ImportSettings, KeptParts, KeptRejects,
    Preset, SeenFile, ToldByFile,
};
use domain::order::{Assignment, Waiting};
use domain::place::{PlaceCandidate, PlaceFault};
use domain::route::Departure;
use domain::stop::StopDraft;
use domain::{
    Actor, AgentProfile, Break, Contact, Coordinates, Decided, Decision, DecisionKind,
    EmailNotifications, FromRecipient, HistoryLine, Import, ImportId, ImportStatus, Language, Leg,
    Moment, OnFailure, Order, OrderField, OrderId, OrderStatus, Priority, ProofId, Rating,
    ReasonCode, RecipientNote, RequiredProof, Role, Route, RouteDecision, RouteId, RouteStatus,
    RouteStop, Skill, Skills, StopKind, StopProof, StopStatus, TapId, Tapped, TimeWindow,
    Timestamp, UnplacedReason, User, UserId, UserStatus, VariantArray, Zone, ZoneGrid,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

/// To the nanosecond, from 1970 to 2200.
fn time() -> impl Strategy<Value = Timestamp> {
    (0..7_258_118_400_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

/// Not too close to zero for DynamoDB.
fn place() -> impl Strategy<Value = Coordinates> {
    let degrees = |most: f64| prop_oneof![Just(0.0), Just(-most), -most..=most, -1e-9..=1e-9];
    (degrees(90.0), degrees(180.0))
        .prop_filter("too close to zero", |(lat, lon)| {
            [lat, lon]
                .iter()
                .all(|degrees| **degrees == 0.0 || degrees.abs() > 1e-100)
        })
        .prop_map(|(lat, lon)| Coordinates { lat, lon })
}

fn zone() -> impl Strategy<Value = Zone> {
    (place(), 3_u8..=8)
        .prop_map(|(place, resolution)| ZoneGrid::new(resolution).unwrap().zone_of(place).unwrap())
}

fn text() -> impl Strategy<Value = String> {
    ".{1,40}"
}

fn window() -> impl Strategy<Value = TimeWindow> {
    (time(), time()).prop_map(|(start, end)| TimeWindow { start, end })
}

fn contact() -> impl Strategy<Value = Contact> {
    let language = select(Language::VARIANTS.to_vec());
    (of(text()), of(text()), of(text()), of(language)).prop_map(|(name, phone, email, language)| {
        Contact {
            name,
            phone,
            email,
            language,
        }
    })
}

fn stop() -> impl Strategy<Value = StopDraft> {
    (
        of(text()),
        of(place()),
        of(contact()),
        of(window()),
        any::<u32>(),
    )
        .prop_map(
            |(address, location, contact, window, service_s)| StopDraft {
                address,
                location,
                contact,
                window,
                service_s,
            },
        )
}

fn skills() -> impl Strategy<Value = Skills> {
    let names = vec("[a-z]{1,9}(-[a-z0-9]{1,9}){0,2}", 0..4);
    names.prop_map(|names| names.iter().filter_map(|name| Skill::named(name)).collect())
}

fn breaks() -> impl Strategy<Value = Vec<Break>> {
    let pause = (window(), any::<u32>());
    let pause = pause.prop_map(|(window, duration_s)| Break { window, duration_s });
    vec(pause, 0..=3)
}

fn agent() -> impl Strategy<Value = AgentProfile> {
    let places = (of(place()), of(place()), of(zone()));
    let rest = (
        any::<bool>(),
        any::<u32>(),
        of(window()),
        (breaks(), skills()),
        of(uuid().prop_map(RouteId)),
    );
    (places, rest).prop_map(
        |(
            (start_location, position, zone),
            (on_duty, capacity, shift, (breaks, skills), open_route_id),
        )| {
            AgentProfile {
                on_duty,
                start_location,
                position,
                zone,
                capacity,
                shift,
                breaks,
                skills,
                open_route_id,
            }
        },
    )
}

pub fn user() -> impl Strategy<Value = User> {
    let status = select(vec![
        UserStatus::Unconfirmed,
        UserStatus::PendingApproval,
        UserStatus::Active,
        UserStatus::Suspended,
    ]);
    let mail = select(vec![
        EmailNotifications::Pending,
        EmailNotifications::On,
        EmailNotifications::Off,
    ]);
    let who = (
        uuid(),
        select(Role::VARIANTS.to_vec()),
        status,
        text(),
        text(),
    );
    let rest = (
        mail,
        (of(time()), of(time()), of(time())),
        of(time()),
        of(agent()),
        (of(any::<u32>()), of(time())),
        time(),
        time(),
        1_u64..,
    );
    (who, rest).prop_map(|((id, role, status, name, email), rest)| User {
        id: UserId(id),
        role,
        status,
        name,
        email,
        email_notifications: rest.0,
        subscribed_at: rest.1.0,
        subscription_checked_at: rest.1.1,
        subscription_lost_at: rest.1.2,
        confirmed_at: rest.2,
        agent: rest.3,
        max_open_orders: rest.4.0,
        messages_off: [Moment::Arriving, Moment::Failed].into(),
        suspended_at: rest.4.1,
        created_at: rest.5,
        updated_at: rest.6,
        version: rest.7,
    })
}

fn order_status() -> impl Strategy<Value = OrderStatus> {
    select(OrderStatus::VARIANTS.to_vec())
}

fn assignment() -> impl Strategy<Value = Assignment> {
    (uuid(), uuid()).prop_map(|(agent_id, route_id)| Assignment {
        agent_id: UserId(agent_id),
        route_id: RouteId(route_id),
    })
}

fn waiting() -> impl Strategy<Value = Waiting> {
    let reason = select(vec![
        UnplacedReason::NoAgentOnDuty,
        UnplacedReason::NoAgentWithSkills,
        UnplacedReason::OnlyRefusedAgents,
        UnplacedReason::OutsideShifts,
        UnplacedReason::OverCapacity,
        UnplacedReason::OutsideTimeWindows,
        UnplacedReason::AddressPending,
    ]);
    (time(), any::<u32>(), of(reason)).prop_map(|(retry_at, attempts, reason)| Waiting {
        retry_at,
        attempts,
        reason,
    })
}

fn history_line() -> impl Strategy<Value = HistoryLine> {
    let by = select(vec![
        Actor::Customer,
        Actor::Agent,
        Actor::Dispatcher,
        Actor::Optimizer,
    ]);
    let edited = vec(select(OrderField::VARIANTS.to_vec()), 0..3);
    let code = of(select(ReasonCode::VARIANTS.to_vec()));
    let rest = (
        of(text()),
        of(decision()),
        edited,
        of(tapped()),
        code,
        of(given_proof()),
    );
    (order_status(), time(), by, rest).prop_map(|(status, at, by, rest)| HistoryLine {
        status,
        at,
        by,
        reason: rest.0,
        decision: rest.1,
        edited: rest.2,
        tap: rest.3,
        reason_code: rest.4,
        proof: rest.5,
    })
}

fn given_proof() -> impl Strategy<Value = GivenProof> {
    let missing = vec(select(ProofPart::VARIANTS.to_vec()), 0..3);
    let ids = vec(uuid().prop_map(ProofId), 0..3);
    (ids, of(text()), any::<bool>(), vec(text(), 0..3), missing).prop_map(
        |(proof_ids, signer_name, pin, barcodes, missing)| GivenProof {
            proof_ids,
            signer_name,
            pin,
            barcodes,
            missing,
        },
    )
}

fn tapped() -> impl Strategy<Value = Tapped> {
    let id = "[A-Za-z0-9_-]{8,64}".prop_map(|text| TapId::named(&text).unwrap());
    (of(id), time(), of(place())).prop_map(|(tap_id, reported_at, location)| Tapped {
        tap_id,
        reported_at,
        location,
    })
}

fn decision() -> impl Strategy<Value = Decision> {
    let kind = select(DecisionKind::VARIANTS.to_vec());
    (kind, uuid(), of(uuid()), of(uuid())).prop_map(|(kind, user, agent, order)| Decision {
        kind,
        user_id: UserId(user),
        agent_id: agent.map(UserId),
        order_id: order.map(OrderId),
    })
}

fn decided() -> impl Strategy<Value = Decided> {
    let refused = vec(uuid().prop_map(UserId), 0..3);
    (any::<[bool; 3]>(), refused).prop_map(|([held, suspended, pinned], refused_agents)| Decided {
        held,
        suspended,
        pinned,
        refused_agents,
    })
}

fn from_recipient() -> impl Strategy<Value = FromRecipient> {
    let note = (text(), time()).prop_map(|(text, at)| RecipientNote { text, at });
    let rating = (any::<u8>(), of(text()), time()).prop_map(|(stars, comment, at)| Rating {
        stars,
        comment,
        at,
    });
    (of(note), of(rating)).prop_map(|(note, rating)| FromRecipient { note, rating })
}

fn required_proof() -> impl Strategy<Value = RequiredProof> {
    let stop = || {
        let flags = any::<[bool; 3]>();
        (flags, vec(text(), 0..3)).prop_map(|([photo, signature, pin], barcodes)| StopProof {
            photo,
            signature,
            pin,
            barcodes,
        })
    };
    (stop(), stop()).prop_map(|(pickup, dropoff)| RequiredProof { pickup, dropoff })
}

fn place_fault() -> impl Strategy<Value = PlaceFault> {
    let candidate = (text(), place(), 0.0..=1.0_f64);
    let candidate = candidate.prop_map(|(label, location, confidence)| PlaceCandidate {
        label,
        location,
        confidence,
    });
    let stop = select(vec![StopKind::Pickup, StopKind::Dropoff]);
    (stop, text(), text(), vec(candidate, 0..3)).prop_map(|(stop, code, detail, candidates)| {
        PlaceFault {
            stop,
            code,
            detail,
            candidates,
        }
    })
}

pub fn order() -> impl Strategy<Value = Order> {
    let import = of(uuid().prop_map(ImportId));
    let what = (
        stop(),
        stop(),
        any::<u32>(),
        of(text()),
        of(text()),
        of(zone()),
        (import, of(text())),
        (
            select(Priority::VARIANTS.to_vec()),
            select(OnFailure::VARIANTS.to_vec()),
        ),
        vec("[a-z]{1,9}(-[a-z0-9]{1,9}){0,2}", 0..4),
    );
    let state = (
        order_status(),
        of(assignment()),
        of(waiting()),
        vec(history_line(), 0..4),
        (
            decided(),
            from_recipient(),
            required_proof(),
            vec(place_fault(), 0..3),
        ),
    );
    (uuid(), uuid(), what, state, (time(), time(), 1_u64..)).prop_map(
        |(id, customer_id, what, (status, assignment, waiting, history, told), stamps)| Order {
            id: OrderId(id),
            customer_id: UserId(customer_id),
            status,
            pickup: what.0,
            dropoff: what.1,
            size: what.2,
            priority: what.7.0,
            requires: what
                .8
                .iter()
                .filter_map(|name| Skill::named(name))
                .collect(),
            notes: what.3,
            external_id: what.4,
            on_failure: what.7.1,
            import_id: what.6.0,
            zone: what.5,
            came_unplaced: what.2 % 2 == 0,
            place_faults: told.3,
            assignment,
            waiting,
            decided: told.0,
            recipient: told.1,
            requires_proof: told.2,
            history,
            request_id: what.6.1,
            created_at: stamps.0,
            updated_at: stamps.1,
            version: stamps.2,
        },
    )
}

fn route_stop() -> impl Strategy<Value = RouteStop> {
    let status = select(vec![
        StopStatus::Pending,
        StopStatus::Done,
        StopStatus::Skipped,
    ]);
    let what = (
        select(vec![StopKind::Pickup, StopKind::Dropoff]),
        uuid(),
        place(),
        of(text()),
    );
    let window = (of(time()), of(time()));
    let when = (time(), window, of(time()), any::<u32>());
    let leg = (any::<u32>(), any::<u32>(), any::<bool>(), any::<bool>());
    (what, when, leg, status).prop_map(
        |((kind, order, location, address), (eta, window, done_at, service_s), leg, status)| {
            RouteStop {
                kind,
                order_id: OrderId(order),
                location,
                address,
                eta,
                not_before: window.0,
                not_after: window.1,
                service_s,
                leg: Leg {
                    distance_m: leg.0,
                    duration_s: leg.1,
                },
                status,
                done_at,
                pinned: leg.2,
                returns: leg.3,
            }
        },
    )
}

pub fn route() -> impl Strategy<Value = Route> {
    let ids = (uuid(), uuid());
    let what = (
        select(RouteStatus::VARIANTS.to_vec()),
        place(),
        time(),
        vec(route_stop(), 0..6),
    );
    let decided = (time(), decision()).prop_map(|(at, decision)| RouteDecision { at, decision });
    let what = (what, breaks());
    let rest = (
        text(),
        of(text()),
        0..40_usize,
        time(),
        time(),
        1_u64..,
        vec(decided, 0..3),
    );
    (ids, what, rest).prop_map(
        |((id, agent), ((status, location, at, stops), breaks), rest)| Route {
            id: RouteId(id),
            agent_id: UserId(agent),
            status,
            from: Departure { location, at },
            breaks,
            stops,
            provider: rest.0,
            geometry: rest.1,
            left_in_first_step: rest.2,
            decisions: rest.6,
            created_at: rest.3,
            updated_at: rest.4,
            version: rest.5,
        },
    )
}

fn settings() -> impl Strategy<Value = ImportSettings> {
    let names = || prop::collection::btree_map(text(), text(), 0..3);
    let columns = prop::collection::btree_map(text(), vec(text(), 0..3), 0..3);
    let texts = (of(text()), of(text()), of(text()), of(any::<u32>()));
    let kinds = (
        of(select(Preset::VARIANTS.to_vec())),
        of(select(DateOrder::VARIANTS.to_vec())),
        of(select(DecimalMark::VARIANTS.to_vec())),
    );
    (columns, names(), texts, kinds).prop_map(
        |(columns, defaults, (time_zone, encoding, sheet, header_row), kinds)| ImportSettings {
            preset: kinds.0,
            columns,
            defaults,
            time_zone,
            date_order: kinds.1,
            date: header_row.map(|_| jiff::civil::date(2030, 5, 6)),
            decimal: kinds.2,
            header_row,
            encoding,
            sheet,
        },
    )
}

pub fn import() -> impl Strategy<Value = Import> {
    let told = (of(text()), any::<bool>(), vec(text(), 0..3));
    let told = told.prop_map(|(encoding, is_guess, ignored_columns)| ToldByFile {
        encoding,
        is_guess,
        ignored_columns,
    });
    let file = of(
        (text(), 0..u64::from(u32::MAX)).prop_map(|(etag, size_bytes)| SeenFile {
            etag,
            size_bytes,
            is_unpacked: size_bytes % 2 == 0,
        }),
    );
    let failure = of((text(), text()).prop_map(|(code, detail)| ImportFailure { code, detail }));
    let kept = (text(), vec(text(), 0..3), any::<u32>(), any::<u32>());
    let rejects = of(
        kept.prop_map(|(upload_id, etags, row, offset)| KeptRejects {
            parts: KeptParts { upload_id, etags },
            row,
            rejected_after: row / 2,
            unplaced_after: row / 3,
            offset: offset.into(),
            pickup_at: (row % 2 == 0).then_some(row.into()),
        }),
    );
    let status = select(ImportStatus::VARIANTS.to_vec());
    let counts = (
        0..1_000_000_u32,
        0..1_000_000_u32,
        any::<u32>(),
        any::<u32>(),
    );
    let times = (time(), of(time()), of(time()), of(time()), time());
    (
        uuid(),
        uuid(),
        text(),
        (status, file, rejects, failure, settings(), told),
        counts,
        times,
        (1_u64.., any::<bool>()),
    )
        .prop_map(
            |(
                id,
                customer_id,
                filename,
                (status, file, rejects, failure, settings, told),
                counts,
                times,
                (version, cancelled),
            )| Import {
                id: ImportId(id),
                customer_id: UserId(customer_id),
                filename,
                size_bytes: counts.2.into(),
                status,
                file,
                settings,
                told,
                pickup_at: (counts.3 % 2 == 0).then_some(counts.2.into()),
                offset: counts.3.into(),
                accepted: counts.0,
                rejected: counts.1,
                takes_addresses: cancelled,
                to_place: counts.0 % 7,
                read_at: times.1.filter(|_| cancelled),
                rejects,
                rejects_begun_again: counts.0 % 3,
                failure,
                cancellation: cancelled.then_some(Cancellation {
                    by: Actor::Dispatcher,
                    reason: None,
                    only_pending: counts.0 % 2 == 0,
                    requested_at: times.0,
                    row: counts.0,
                    cancelled: counts.0,
                    kept: counts.1,
                    finished_at: times.1,
                }),
                created_at: times.0,
                started_at: times.1,
                paused_at: times.2,
                finished_at: times.3,
                updated_at: times.4,
                version,
            },
        )
}
