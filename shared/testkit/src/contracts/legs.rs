//! [`LegCache`]

use app::ports::{KnownLeg, LegCache, PlaceLegs};
use domain::{Coordinates, Leg};

use super::fresh::later;
use crate::build::at;

fn leg(duration_s: u32) -> KnownLeg {
    KnownLeg::Road(Leg {
        distance_m: 7 * duration_s,
        duration_s,
    })
}

/// Some places are in Tokyo, the others as far west as possible.
fn place(number: usize) -> Coordinates {
    Coordinates {
        lat: (3_568_123 + 100 * number) as f64 / 1e5,
        lon: if number.is_multiple_of(2) {
            139.767_12
        } else {
            -179.999_99
        },
    }
}

/// Checks a cache of legs.
pub async fn run(cache: &dyn LegCache) {
    let now = at("2030-05-06T08:00:00Z");
    let day = later(now, 86_400);
    let row = |of: usize, to: usize, seconds: u32| PlaceLegs {
        place: place(of),
        others: vec![(place(to), leg(seconds), KnownLeg::Unroutable)],
    };
    let kept = async |places: &[Coordinates], at| {
        let mut kept = cache.kept(places, at).await.unwrap();
        kept.sort_by(|a, b| a.place.lat.total_cmp(&b.place.lat));
        kept
    };

    assert_eq!(kept(&[place(0), place(1)], now).await, []);
    let first = [row(0, 1, 60), row(1, 2, 90)];
    cache.keep(&first, day).await.unwrap();
    assert_eq!(kept(&[place(0), place(1), place(2)], now).await, first);
    let nearly = Coordinates {
        lat: place(1).lat + 0.000_001,
        ..place(1)
    };
    assert_eq!(
        kept(&[nearly, place(1), place(1)], now).await,
        first[1..],
        "places within a metre are the same, and appear once"
    );

    let changed = [row(0, 2, 30)];
    cache.keep(&changed, later(now, 100_000)).await.unwrap();
    assert_eq!(
        kept(&[place(0)], now).await,
        changed,
        "the last row replaces the whole first row"
    );
    assert_eq!(
        kept(&[place(0), place(1)], day).await,
        changed,
        "the older row expired after a day"
    );

    let many: Vec<PlaceLegs> = (1_000..1_150).map(|it| row(it, 1, 5)).collect();
    cache.keep(&many, day).await.unwrap();
    let places: Vec<Coordinates> = many.iter().map(|row| row.place).collect();
    assert_eq!(kept(&places, now).await, many, "more than one batch");
}
