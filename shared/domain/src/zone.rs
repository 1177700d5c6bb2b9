//! Zones: the H3 cells that divide a country into areas of the size of a city.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use h3o::{CellIndex, LatLng, Resolution};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::geo::Coordinates;

/// An H3 cell. An order belongs to the cell of its pickup, an agent to the cell of the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zone(CellIndex);

impl Zone {
    /// The cells around this one, without itself: six, or five around one of H3's twelve pentagons.
    pub fn neighbours(self) -> Vec<Self> {
        self.within(1)
    }

    /// The cells that this number of steps reaches, without the cell itself.
    pub fn within(self, steps: u32) -> Vec<Self> {
        let around: Vec<CellIndex> = self.0.grid_disk(steps);
        around
            .into_iter()
            .filter(|cell| *cell != self.0)
            .map(Self)
            .collect()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not the hexadecimal name of an H3 cell.
#[derive(Debug, Error)]
#[error("not an H3 cell: {0}")]
pub struct NotACell(String);

impl FromStr for Zone {
    type Err = NotACell;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self)
            .map_err(|_| NotACell(text.to_owned()))
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The grid of zones at one resolution.
#[derive(Debug, Clone, Copy)]
pub struct ZoneGrid {
    resolution: Resolution,
}

/// An H3 resolution goes from 0 (continents) to 15 (square metres).
#[derive(Debug, Error)]
#[error("a zone resolution is from 0 to 15, not {0}")]
pub struct NoSuchResolution(u8);

impl ZoneGrid {
    /// Cells of an H3 resolution; 5 gives cells of some 250 km².
    ///
    /// # Errors
    /// If H3 has no such resolution.
    pub fn new(resolution: u8) -> Result<Self, NoSuchResolution> {
        let resolution =
            Resolution::try_from(resolution).map_err(|_| NoSuchResolution(resolution))?;
        Ok(Self { resolution })
    }

    /// Whether this is a cell of the grid's resolution.
    pub fn has(self, zone: Zone) -> bool {
        zone.0.resolution() == self.resolution
    }

    /// The zone of a place. `None` only for coordinates that are not finite.
    pub fn zone_of(self, place: Coordinates) -> Option<Zone> {
        let point = LatLng::new(place.lat, place.lon).ok()?;
        Some(Zone(point.to_cell(self.resolution)))
    }
}

/// The area that the company serves: H3 cells of any size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceArea {
    /// No cells mean everywhere.
    cells: BTreeSet<CellIndex>,
    /// The sizes of the cells, each once.
    resolutions: BTreeSet<Resolution>,
}

impl ServiceArea {
    /// The area of these zones. Without zones, the company serves every place.
    pub fn of(zones: impl IntoIterator<Item = Zone>) -> Self {
        let cells: BTreeSet<CellIndex> = zones.into_iter().map(|zone| zone.0).collect();
        Self {
            resolutions: cells.iter().map(|cell| cell.resolution()).collect(),
            cells,
        }
    }

    /// Whether the company serves the place.
    pub fn covers(&self, place: Coordinates) -> bool {
        self.cells.is_empty()
            || LatLng::new(place.lat, place.lon).is_ok_and(|point| {
                let cell = |resolution: &Resolution| point.to_cell(*resolution);
                let mut of_all_sizes = self.resolutions.iter().map(cell);
                of_all_sizes.any(|cell| self.cells.contains(&cell))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_area_of_cells_of_two_sizes_covers_what_is_in_any_of_them() {
        let in_barcelona = Coordinates {
            lat: 41.3809,
            lon: 2.1734,
        };
        let in_badalona = Coordinates {
            lat: 41.4500,
            lon: 2.2474,
        };
        let zone = |place, resolution| ZoneGrid::new(resolution).unwrap().zone_of(place).unwrap();
        let area = ServiceArea::of([zone(in_barcelona, 7), zone(in_badalona, 4)]);
        assert!(area.covers(in_barcelona));
        assert!(area.covers(in_badalona));
        let only_barcelona = ServiceArea::of([zone(in_barcelona, 7)]);
        assert!(!only_barcelona.covers(in_badalona));
        assert!(ServiceArea::default().covers(in_badalona));
    }

    fn grid() -> ZoneGrid {
        ZoneGrid::new(5).unwrap()
    }

    #[test]
    fn two_places_of_one_street_share_a_zone_and_two_cities_do_not() {
        let rambla = Coordinates {
            lat: 41.3809,
            lon: 2.1734,
        };
        let further_down = Coordinates {
            lat: 41.3790,
            lon: 2.1750,
        };
        let porto_alegre = Coordinates {
            lat: -30.0346,
            lon: -51.2177,
        };
        assert_eq!(grid().zone_of(rambla), grid().zone_of(further_down));
        assert_ne!(grid().zone_of(rambla), grid().zone_of(porto_alegre));
    }

    #[test]
    fn neighbours_know_each_other() {
        let zone = grid()
            .zone_of(Coordinates {
                lat: 41.38,
                lon: 2.17,
            })
            .unwrap();
        let neighbours = zone.neighbours();
        assert_eq!(neighbours.len(), 6);
        assert!(neighbours.iter().all(|n| n.neighbours().contains(&zone)));
    }

    #[test]
    fn a_zone_survives_being_written_down() {
        let zone = grid()
            .zone_of(Coordinates {
                lat: 35.68,
                lon: 139.76,
            })
            .unwrap();
        assert_eq!(zone.to_string().parse::<Zone>().unwrap(), zone);
        assert!("Tokyo".parse::<Zone>().is_err());
    }
}
