//! How the files of a customer are read, if not as they are: names of columns, defaults, times and numbers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::import::{DecimalMark, ImportSettings};
use domain::stop::OPEN_END;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use strum::EnumCount;

use super::presets::{self, KnownTool, PickupRows};
use super::{ADDED_COLUMNS, FileFault};
use crate::column::{Column, Content};
use crate::faults::Faults;
use crate::fields::{Fields, LocalTimes};
use crate::order::read_draft;
use crate::stop::AddressAlone;

/// The number of columns of a stop. The columns of the pickup are the first ones.
pub(super) const OF_A_STOP: usize = Column::DropoffLat as usize;

/// How a file is read: the settings of its import. The default stands for a file with our columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Format {
    tool: Option<&'static KnownTool>,
    columns: BTreeMap<String, Vec<String>>,
    /// The line with the names of the columns. `None` for the first line that is not empty.
    pub(super) header_row: Option<u32>,
    cells: CellRules,
    /// Whether a stop may have an address alone.
    pub(super) takes_addresses: bool,
}

/// How the cells of a row are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct CellRules {
    defaults: [Option<String>; Column::COUNT],
    times: Option<LocalTimes>,
    decimal: Option<DecimalMark>,
    in_minutes: [bool; Column::COUNT],
}

/// What the format and the header of a file make of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Special {
    /// The places of the cells that form each of our columns: the first choice that is not empty counts.
    choices: [Vec<Vec<usize>>; Column::COUNT],
    cells: CellRules,
    /// Whether the file has columns under other names than ours. Other columns are ignored then.
    pub(super) is_mapped: bool,
    /// The names of the columns that are not read.
    pub(super) ignored: Vec<String>,
    pub(super) header_row: Option<u32>,
    /// The place that tells pickups from other rows, and what it says then.
    pickups: Option<(usize, &'static PickupRows)>,
    /// The places that are not empty, and those that are empty, in rows that belong to the order in an earlier row.
    further: Option<(Vec<usize>, Vec<usize>)>,
}

/// The text of each column, and what is wrong with it already.
pub(super) struct Found<'r> {
    pub(super) texts: [Option<Cow<'r, str>>; Column::COUNT],
    pub(super) faults: Vec<(Column, &'static str)>,
}

impl Format {
    /// The format that these settings describe. They were checked when they were stored. What the program does not know
    /// any more is left out.
    pub fn of(settings: &ImportSettings) -> Self {
        let tool = settings.preset.map(presets::known);
        let mut cells = CellRules {
            decimal: settings.decimal,
            ..CellRules::default()
        };
        let zone = settings.time_zone.as_deref();
        let times = LocalTimes {
            zone: zone.and_then(|name| TimeZone::get(name).ok()),
            order: settings
                .date_order
                .or(tool.and_then(|tool| tool.date_order)),
            date: settings.date,
        };
        // A preset may have times of day, and then the word about a bad time names the settings.
        let has_settings = tool.is_some() || times != LocalTimes::default();
        cells.times = has_settings.then_some(times);
        for (name, text) in &settings.defaults {
            if let Ok(column) = name.parse::<Column>() {
                cells.defaults[column as usize] = Some(text.clone());
            }
        }
        for name in tool.iter().flat_map(|tool| &tool.in_minutes) {
            let is_own = settings.columns.contains_key(name);
            if let (false, Ok(column)) = (is_own, name.parse::<Column>()) {
                cells.in_minutes[column as usize] = true;
            }
        }
        Self {
            tool,
            columns: settings.columns.clone(),
            header_row: settings.header_row,
            cells,
            takes_addresses: false,
        }
    }

    /// The format of a file in which a stop may have an address alone, because a geocoder will place it.
    #[must_use]
    pub fn taking_addresses(self, takes_addresses: bool) -> Self {
        Self {
            takes_addresses,
            ..self
        }
    }

    /// Whether the file is read as it is.
    pub(super) fn is_plain(&self) -> bool {
        let plain = Self::default().taking_addresses(self.takes_addresses);
        *self == plain
    }

    /// Whether the file has columns under other names than ours.
    pub(super) fn is_mapped(&self) -> bool {
        self.tool.is_some() || !self.columns.is_empty()
    }

    pub(super) fn has_default(&self, column: Column) -> bool {
        self.cells.has_default(column)
    }

    /// Whether the file may lack the column of a coordinate, because it has the address of the stop.
    pub(super) fn may_lack(&self, column: Column, has: impl Fn(Column) -> bool) -> bool {
        let address = column.address_in_place().filter(|_| self.takes_addresses);
        address.is_some_and(|address| has(address) || self.has_default(address))
    }

    /// What is wrong with the defaults, for an order that is placed at `now`.
    pub(crate) fn faults_of_defaults(&self, now: Timestamp) -> Vec<(Column, String)> {
        let defaults = &self.cells.defaults;
        let mut found = Found {
            texts: defaults
                .each_ref()
                .map(|text| text.as_deref().map(Cow::from)),
            faults: Vec::new(),
        };
        self.cells.apply(&mut found);
        let mut told: Vec<(Column, String)> = Vec::new();
        for (column, detail) in &found.faults {
            told.push((*column, (*detail).to_owned()));
        }
        let faults = Faults::new();
        let texts = found.texts.each_ref().map(Option::as_deref);
        read_draft(&Fields::of_row(&texts, &faults), AddressAlone::Refused, now);
        for fault in faults.into_vec() {
            let column = fault.pointer.parse::<Column>().ok();
            if let Some(column) = column.filter(|column| self.has_default(*column)) {
                told.push((column, fault.detail));
            }
        }
        for (lat, lon) in [
            (Column::PickupLat, Column::PickupLon),
            (Column::DropoffLat, Column::DropoffLon),
        ] {
            for (one, other) in [(lat, lon), (lon, lat)] {
                if self.has_default(one) && !self.has_default(other) {
                    told.push((one, format!("needs {other} too")));
                }
            }
        }
        let mut seen = Vec::new();
        told.retain(|(column, _)| {
            let is_new = !seen.contains(column);
            seen.push(*column);
            is_new
        });
        told
    }

    /// The rows of a file with this header, whose columns have other names than ours.
    ///
    /// # Errors
    /// One fault names everything that is wrong.
    pub(super) fn mapped(
        &self,
        header: &[String],
    ) -> Result<(Special, Vec<Option<Column>>), FileFault> {
        let names = Names::of(header);
        let mut choices = [const { Vec::new() }; Column::COUNT];
        let (mut absent, mut doubled) = (Vec::new(), Vec::new());
        let mut place = |name: &str| match names.places(name).as_slice() {
            [] => None,
            [place] => Some(*place),
            [place, ..] => {
                doubled.push(name.to_owned());
                Some(*place)
            }
        };
        for column in Column::ALL {
            if let Some(parts) = self.columns.get(column.name()) {
                let found: Vec<usize> = parts
                    .iter()
                    .filter_map(|name| {
                        let found = place(name);
                        if found.is_none() {
                            absent.push(name.clone());
                        }
                        found
                    })
                    .collect();
                choices[*column as usize].push(found);
            }
        }
        let named: Vec<usize> = choices.iter().flatten().flatten().copied().collect();
        for column in Column::ALL
            .iter()
            .filter(|column| !self.columns.contains_key(column.name()))
        {
            let of_tool = self.tool.and_then(|tool| tool.columns.get(column.name()));
            let own = vec![vec![column.name().to_owned()]];
            let mut best: Vec<Vec<usize>> = Vec::new();
            for parts in of_tool.into_iter().flatten().chain(&own) {
                // Without its first column, such as the street, the others say little.
                if parts
                    .first()
                    .and_then(|name| place(name))
                    .is_none_or(|first| named.contains(&first))
                {
                    continue;
                }
                let found: Vec<usize> = parts.iter().filter_map(|name| place(name)).collect();
                match best.iter_mut().find(|other| other.first() == found.first()) {
                    Some(other) if other.len() < found.len() => *other = found,
                    Some(_) => {}
                    None => best.push(found),
                }
            }
            choices[*column as usize] = best;
        }
        let pickups = self
            .tool
            .and_then(|tool| tool.pickups.as_ref())
            .and_then(|rows| {
                let place = rows.column.iter().find_map(|name| place(name))?;
                Some((place, rows))
            });
        let further = self
            .tool
            .and_then(|tool| tool.part_of_the_order_before.as_ref())
            .map(|rows| {
                let mut places =
                    |names: &[String]| names.iter().filter_map(|name| place(name)).collect();
                (places(&rows.has), places(&rows.lacks))
            });
        let lacks = |column: &&Column| {
            let from_pickup = pickups.is_some() && (**column as usize) < OF_A_STOP;
            column.is_required()
                && choices[**column as usize].is_empty()
                && !self.has_default(**column)
                && !from_pickup
                && !self.may_lack(**column, |address| !choices[address as usize].is_empty())
        };
        absent.extend(
            Column::ALL
                .iter()
                .filter(lacks)
                .map(|column| column.name().to_owned()),
        );
        let mut faults = Vec::new();
        if !absent.is_empty() {
            let detail = format!("The file has no column {}.", absent.join(", "));
            faults.push(("missing_column", detail));
        }
        if !doubled.is_empty() {
            doubled.dedup();
            faults.push((
                "doubled_column",
                format!("There twice: {}.", doubled.join(", ")),
            ));
        }
        let details: Vec<&str> = faults.iter().map(|(_, detail)| detail.as_str()).collect();
        if let Some((code, _)) = faults.first() {
            return Err(FileFault::new(code, details.join(" ")));
        }
        let mut columns = vec![None; header.len()];
        for column in Column::ALL {
            for place in choices[*column as usize].iter().flatten() {
                if let Some(first @ None) = columns.get_mut(*place) {
                    *first = Some(*column);
                }
            }
        }
        let mut used: Vec<usize> = choices.iter().flatten().flatten().copied().collect();
        used.extend(pickups.map(|(place, _)| place));
        let ignored = header.iter().enumerate().filter(|(place, name)| {
            let name = name.trim().to_lowercase();
            !name.is_empty() && !used.contains(place) && !ADDED_COLUMNS.contains(&name.as_str())
        });
        let shown = |name: &String| name.trim().chars().take(LONGEST_SHOWN).collect();
        let special = Special {
            ignored: ignored.map(|(_, name)| shown(name)).collect(),
            choices,
            cells: self.cells.clone(),
            is_mapped: true,
            header_row: self.header_row,
            pickups,
            further: further
                .filter(|(has, lacks): &(Vec<_>, Vec<_>)| !has.is_empty() && !lacks.is_empty()),
        };
        Ok((special, columns))
    }

    /// The rows of a file with our columns.
    pub(super) fn unmapped(&self, columns: &[Option<Column>]) -> Special {
        let mut choices = [const { Vec::new() }; Column::COUNT];
        for (place, column) in columns.iter().enumerate() {
            if let Some(column) = column {
                choices[*column as usize] = vec![vec![place]];
            }
        }
        Special {
            choices,
            cells: self.cells.clone(),
            is_mapped: false,
            ignored: Vec::new(),
            header_row: self.header_row,
            pickups: None,
            further: None,
        }
    }
}

/// An answer repeats at most this many characters of a column's name.
const LONGEST_SHOWN: usize = 60;

/// The names in a header.
struct Names {
    /// In lower case.
    exact: Vec<String>,
    /// The letters and digits alone: `Address_Line1` and `Address Line 1` are the same.
    alike: Vec<String>,
}

impl Names {
    fn of(header: &[String]) -> Self {
        let exact: Vec<String> = header
            .iter()
            .map(|name| name.trim().to_lowercase())
            .collect();
        let alike = exact.iter().map(|name| letters(name)).collect();
        Self { exact, alike }
    }

    /// The places of a name: those with the very name, or else those with a similar one.
    fn places(&self, name: &str) -> Vec<usize> {
        let name = name.trim().to_lowercase();
        let among = |names: &[String], name: &str| -> Vec<usize> {
            let places = names.iter().enumerate().filter(|(_, other)| *other == name);
            places.map(|(place, _)| place).collect()
        };
        let exact = among(&self.exact, &name);
        let alike = letters(&name);
        if exact.is_empty() && !alike.is_empty() {
            among(&self.alike, &alike)
        } else {
            exact
        }
    }
}

fn letters(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .collect()
}

impl Special {
    pub(super) fn has_default(&self, column: Column) -> bool {
        self.cells.has_default(column)
    }

    /// Whether a point in whole numbers may separate thousands.
    pub(super) fn point_is_doubtful(&self, separator: u8) -> bool {
        match self.cells.decimal {
            Some(DecimalMark::Point) => false,
            Some(DecimalMark::Comma) => true,
            None => separator == b';',
        }
    }

    /// The place that tells pickups from other rows.
    pub(super) fn pickup_place(&self) -> Option<usize> {
        self.pickups.map(|(place, _)| place)
    }

    /// Whether a row with these cells is the pickup of the rows after it.
    pub(super) fn is_pickup<'c>(&self, mut cells: impl Iterator<Item = &'c [u8]>) -> bool {
        let Some((place, rows)) = self.pickups else {
            return false;
        };
        rows.words.contains(&word(cells.nth(place)))
    }

    /// The place of the cell that should tell whether a row with these cells is a pickup, and does not.
    pub(super) fn doubtful_pickup<'c>(
        &self,
        mut cells: impl Iterator<Item = &'c [u8]>,
    ) -> Option<usize> {
        let (place, rows) = self.pickups?;
        let word = word(cells.nth(place));
        let is_known = rows.words.contains(&word) || rows.other_words.contains(&word);
        (!is_known && !rows.other_words.is_empty()).then_some(place)
    }

    /// Whether a row with these cells belongs to the order in an earlier row.
    pub(super) fn is_further<'c>(&self, cells: impl Iterator<Item = &'c [u8]> + Clone) -> bool {
        let Some((has, lacks)) = &self.further else {
            return false;
        };
        let is_empty = |place: &usize| {
            cells
                .clone()
                .nth(*place)
                .is_none_or(|cell| cell.trim_ascii().is_empty())
        };
        lacks.iter().all(is_empty) && !has.iter().any(is_empty)
    }

    /// The text of each column in a row. `cell` gives the text at a place, without the spaces around it. `pickup` has
    /// the columns of the pickup that an earlier row gave.
    pub(super) fn texts<'r>(
        &self,
        cell: impl Fn(usize) -> Option<&'r str>,
        plain: impl Fn(Column, &'r str) -> Cow<'r, str>,
        pickup: Option<&'r [Option<String>; OF_A_STOP]>,
    ) -> Found<'r> {
        let mut found = Found {
            texts: [const { None }; Column::COUNT],
            faults: Vec::new(),
        };
        for column in Column::ALL {
            let choices = self.choices[*column as usize].iter();
            let mut texts = choices.filter_map(|places| {
                let parts = places.iter().map(|place| cell(*place));
                joined(*column, parts, &plain)
            });
            found.texts[*column as usize] = texts.next();
        }
        if let Some(pickup) = pickup {
            for (text, carried) in found.texts.iter_mut().zip(pickup) {
                if text.is_none() {
                    *text = carried.as_deref().map(Cow::from);
                }
            }
        }
        for column in Column::ALL {
            if found.texts[*column as usize].is_none() && self.cells.may_fill(*column, &found.texts)
            {
                let default = self.cells.defaults[*column as usize].clone();
                found.texts[*column as usize] = default.map(Cow::from);
            }
        }
        self.cells.apply(&mut found);
        found
    }

    /// The columns of a pickup in a row that is one: what would be its drop-off.
    pub(super) fn pickup_in(&self, found: &Found<'_>) -> [Option<String>; OF_A_STOP] {
        let mut pickup = [const { None }; OF_A_STOP];
        for (text, found) in pickup.iter_mut().zip(found.texts.iter().skip(OF_A_STOP)) {
            *text = found.as_deref().map(str::to_owned);
        }
        pickup
    }

    /// The text of each column of a row that is a pickup, without defaults.
    pub(super) fn own_texts<'r>(
        &self,
        cell: impl Fn(usize) -> Option<&'r str>,
        plain: impl Fn(Column, &'r str) -> Cow<'r, str>,
    ) -> Found<'r> {
        let bare = Self {
            cells: CellRules::default(),
            ..self.clone()
        };
        bare.texts(cell, plain, None)
    }
}

/// The text of a cell in lower case, as the words of a preset are.
fn word(cell: Option<&[u8]>) -> String {
    let text = String::from_utf8_lossy(cell.unwrap_or_default());
    text.trim().to_lowercase()
}

/// The parts of a column, as one text.
fn joined<'r>(
    column: Column,
    parts: impl Iterator<Item = Option<&'r str>>,
    plain: impl Fn(Column, &'r str) -> Cow<'r, str>,
) -> Option<Cow<'r, str>> {
    let parts: Vec<Option<Cow<'r, str>>> = parts
        .map(|part| part.map(|part| plain(column, unprotected(part))))
        .collect();
    let (separator, needs_first) = match column.content() {
        Content::Address => (", ", true),
        Content::Text if column == Column::Notes => (", ", false),
        _ => (" ", false),
    };
    if needs_first && parts.first().is_none_or(Option::is_none) {
        return None;
    }
    let mut texts: Vec<Cow<'r, str>> = Vec::new();
    for text in parts.into_iter().flatten().filter(|text| !text.is_empty()) {
        // A city is often a province too.
        if texts.last() != Some(&text) {
            texts.push(text);
        }
    }
    match texts.len() {
        0 => None,
        1 => texts.pop(),
        _ => Some(texts.join(separator).into()),
    }
}

/// A part without the apostrophe that some shops write before digits and before `+`.
fn unprotected(part: &str) -> &str {
    let inner = part.strip_prefix('\'');
    let inner = inner.filter(|text| text.starts_with(|c: char| c.is_ascii_digit() || c == '+'));
    inner.unwrap_or(part)
}

impl CellRules {
    fn has_default(&self, column: Column) -> bool {
        self.defaults[column as usize].is_some()
    }

    /// Whether a default may fill a column. The place of a stop is one thing: an address from the file and coordinates
    /// from the defaults would be two places.
    fn may_fill(&self, column: Column, texts: &[Option<Cow<'_, str>>; Column::COUNT]) -> bool {
        const PLACES: [[Column; 3]; 2] = [
            [Column::PickupLat, Column::PickupLon, Column::PickupAddress],
            [
                Column::DropoffLat,
                Column::DropoffLon,
                Column::DropoffAddress,
            ],
        ];
        let place = PLACES.iter().find(|place| place.contains(&column));
        place.is_none_or(|place| {
            // A text that equals its default is one, or says the same.
            let is_own = |column: &Column| {
                let text = texts[*column as usize].as_deref();
                text.is_some() && text != self.defaults[*column as usize].as_deref()
            };
            !place.iter().any(is_own)
        })
    }

    /// Writes times, numbers and durations as our files have them.
    fn apply(&self, found: &mut Found<'_>) {
        for (column, text) in Column::ALL.iter().zip(&mut found.texts) {
            let Some(present) = text.as_deref() else {
                continue;
            };
            let new = match column.content() {
                Content::Time => match self.times.as_ref().map(|times| times.complete(present)) {
                    Some(Ok(time)) if time == OPEN_END => Some("9999-12-31T00:00:00Z".to_owned()),
                    Some(Ok(time)) => Some(time.to_string()),
                    Some(Err(fault)) => {
                        found.faults.push((*column, fault));
                        None
                    }
                    None => None,
                },
                Content::Degrees | Content::WholeNumber => {
                    let number = self.with_point(present);
                    let number = if self.in_minutes[*column as usize] {
                        in_seconds(&number).or(Some(number.into_owned()))
                    } else {
                        Some(number.into_owned())
                    };
                    number.filter(|number| number != present)
                }
                Content::Phone
                | Content::Address
                | Content::Name
                | Content::Words
                | Content::Text => None,
            };
            if let Some(new) = new {
                *text = Some(new.into());
            }
        }
    }

    fn with_point<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_comma = self.decimal == Some(DecimalMark::Comma);
        if is_comma && text.matches(',').count() == 1 && !text.contains('.') {
            text.replace(',', ".").into()
        } else {
            text.into()
        }
    }
}

/// `5` minutes are `300` seconds.
fn in_seconds(minutes: &str) -> Option<String> {
    let minutes: f64 = minutes.parse().ok()?;
    let seconds = (minutes * 60.0).round();
    (0.0..=1e6)
        .contains(&seconds)
        .then(|| format!("{seconds:.0}"))
}
