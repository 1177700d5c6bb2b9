//! The services that the use cases need from outside, as small traits.
//!
//! The traits are object-safe on purpose: a generic use case would be compiled again for each function.

mod chance;
mod claims;
mod identity;
mod imports;
mod locating;
mod locations;
mod mail;
mod outboxes;
mod pending;
mod places;
mod planning;
mod promises;
mod proofs;
mod put_aside;
mod queues;
mod recipients;
mod recovery;
mod sessions;
mod stores;
mod texts;
mod tracking;

pub use chance::{Clock, Ids, Jitter, Secrets};
pub use claims::{Dirty, SweepPlace, ZoneLeases, ZonesWithoutAgents};
pub use identity::{
    Account, Confirmation, IdentityError, IdentityProvider, LogInOutcome, Registration, Tokens,
};
pub use imports::{
    Chunk, ChunkOutcome, FileError, FileUrls, ImportChunks, ImportFiles, ImportPage, ImportStore,
    ProfileStore, UploadUrl, WrittenFile,
};
pub use locating::{GeocoderTurns, LocatingStore, Turn};
pub use locations::LocationStore;
pub use mail::{AddressMailer, Email, MailError, Mailer, Wish};
pub use outboxes::{Outboxes, Taken};
pub use pending::{PendingBounds, Recount};
pub use places::{Geocoder, GeocoderError, PlaceCache, PlaceCandidate};
pub use planning::{
    Fallback, FallbackReason, KnownLeg, LegCache, PlaceLegs, PlanAnswer, PlanRequest, PlannedRoute,
    PlannedVisit, ProviderError, RouteProvider, UnplacedOrder, domain_kind,
};
pub use promises::{Promise, Promises};
pub use proofs::{
    KeptPicture, PictureReader, PinTry, ProofFiles, ProofKey, ProofStore, ProofUrls, RecipientPins,
};
pub use put_aside::UnreadableChanges;
pub use queues::{Queue, QueueError};
pub use recipients::{Begun, Pseudonyms, RecipientMessages};
pub use recovery::{AddressChange, ConfirmationCodes, Opened, PasswordRecovery, Reset};
pub use sessions::{Refreshed, SignOut, TokenRefresh, Whose};
pub use stores::{
    AgentPart, Changeset, DispatchLedger, IdempotencyKey, MOST_ITEMS, OrderListing, OrderPage,
    OrderPlacement, OrderStore, OverduePage, PendingPlace, Placement, RoutePage, RouteStore,
    StoreError, UserStore,
};
pub use texts::{TextError, TextSender};
pub use tracking::{LinkUse, TrackingLinks};
