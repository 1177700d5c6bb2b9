//! An import with an uploaded file, and everything that `ingest-orders` needs for it.

// Each test file uses a part of this module.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use app::Refusal;
use app::imports::{IngestOrders, IngestReport, Progress};
use app::messages::ImportKey;
use app::orders::RoomForOrders;
use app::ports::ImportStore;
use domain::import::ImportSettings;
use domain::{Import, RequiredProof};
use testkit::build::{bulk, grid, room};
use testkit::{MemoryFiles, MemoryImportQueue, MemoryStore, NoJitter, StillClock, an_import};

pub const HEADER: &str = "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,external_id\n";
/// Time for all chunks, and time for a single chunk.
pub const AMPLE: Duration = Duration::from_secs(300);
pub const ONE_CHUNK: Duration = Duration::ZERO;

pub struct World {
    pub store: Arc<MemoryStore>,
    pub files: MemoryFiles,
    pub queue: Arc<MemoryImportQueue>,
    pub clock: Arc<StillClock>,
    pub most_open_orders: u32,
}

pub fn key() -> ImportKey {
    let import = an_import();
    ImportKey {
        customer_id: import.customer_id,
        import_id: import.id,
    }
}

impl World {
    pub async fn with(file: impl Into<Vec<u8>>) -> Self {
        Self::with_settings(file, ImportSettings::default()).await
    }

    pub async fn with_settings(file: impl Into<Vec<u8>>, settings: ImportSettings) -> Self {
        let import = Import {
            settings,
            ..an_import()
        };
        let world = Self {
            store: Arc::default(),
            files: MemoryFiles::default(),
            queue: Arc::default(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            most_open_orders: 100_000,
        };
        world.store.put_import(&import).await.unwrap();
        world.files.upload(key(), file);
        world
    }

    pub fn ingest(&self) -> IngestOrders {
        IngestOrders {
            required_proof: RequiredProof::default(),
            imports: self.store.clone(),
            locating: self.store.clone(),
            addresses: None,
            chunks: self.store.clone(),
            room: RoomForOrders {
                clock: self.clock.clone(),
                ..room(&self.store, self.most_open_orders)
            },
            bulk: bulk(&self.store),
            files: Arc::new(self.files.clone()),
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            service_area: domain::ServiceArea::default(),
            longest_leg: domain::LongestLeg::default(),
            most_bytes: 10_000_000,
        }
    }

    pub async fn run(&self, time: Duration) -> Result<IngestReport, Refusal> {
        self.ingest().run(key(), time).await
    }

    /// Delivers the message until it is done, as the queue does.
    pub async fn run_through(&self, time: Duration) -> Import {
        for _ in 0..1000 {
            if let Ok(report) = self.run(time).await
                && matches!(report.progress, Progress::Over(_))
            {
                return self.import();
            }
        }
        panic!("never over");
    }

    pub fn import(&self) -> Import {
        self.store.all_imports().remove(0)
    }

    /// Asserts that exactly these rows are orders, and that all others were rejected.
    pub fn assert_account(&self, import: &Import, accepted: &[u32], rejected: &[u32]) {
        let expected: BTreeSet<_> = accepted
            .iter()
            .map(|row| import.id.order_in_row(*row))
            .collect();
        let found: BTreeSet<_> = self
            .store
            .all_orders()
            .iter()
            .filter(|order| order.import_id == Some(import.id))
            .map(|order| order.id)
            .collect();
        assert_eq!(found, expected);
        assert_eq!(import.accepted as usize, accepted.len());
        assert_eq!(import.rejected as usize, rejected.len());
        let file = self.files.rejected(key()).unwrap_or_default();
        let lines: Vec<u32> = file
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(5).unwrap().parse().unwrap())
            .collect();
        assert_eq!(lines, rejected, "{file}");
    }
}

/// A file with this many rows. Every tenth row has no pickup. Also returns the good and the bad rows.
pub fn a_file(rows: u32) -> (String, Vec<u32>, Vec<u32>) {
    let mut file = HEADER.to_owned();
    for row in 1..=rows {
        let lat = if row % 10 == 0 { "" } else { "41.3870" };
        file.push_str(&format!("{lat},2.1701,41.4036,2.1744,SO-{row}\n"));
    }
    let (bad, good) = (1..=rows).partition(|row| row % 10 == 0);
    (file, good, bad)
}
