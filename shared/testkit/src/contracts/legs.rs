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

/// In Tokyo, and as far west as places get.
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

/// All that a cache of legs must do.
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
        "within a metre it is the same place, and it is told once"
    );

    let changed = [row(0, 2, 30)];
    cache.keep(&changed, later(now, 100_000)).await.unwrap();
    assert_eq!(
        kept(&[place(0)], now).await,
        changed,
        "the last word counts, whole"
    );
    assert_eq!(
        kept(&[place(0), place(1)], day).await,
        changed,
        "a day is over"
    );

    let many: Vec<PlaceLegs> = (1_000..1_150).map(|it| row(it, 1, 5)).collect();
    cache.keep(&many, day).await.unwrap();
    let places: Vec<Coordinates> = many.iter().map(|row| row.place).collect();
    assert_eq!(kept(&places, now).await, many, "more than one batch");
}
