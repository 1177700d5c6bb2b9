//! Proof of a pickup and of a delivery: what an order requires, the pictures that an agent sends, and the recipient's
//! PIN.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::ids::{OrderId, ProofId, UserId};
use crate::route::StopKind;
use crate::tap::TapId;

/// The most photos of one stop.
pub const MOST_PHOTOS: usize = 3;
/// The most signatures of one stop.
pub const MOST_SIGNATURES: usize = 1;
/// The largest picture that an agent may send, in bytes.
pub const LARGEST_UPLOAD_BYTES: u64 = 10_000_000;
/// The longer side of a picture that is kept, in pixels.
pub const LONGEST_SIDE: u32 = 2_000;
/// The most barcodes of one stop.
pub const MOST_BARCODES: usize = 10;
/// The longest barcode, in characters.
pub const LONGEST_BARCODE: usize = 80;
/// The longest name of a person who signs, in characters.
pub const LONGEST_SIGNER_NAME: usize = 100;
/// The tries that agents have for the PIN of an order.
pub const MOST_PIN_TRIES: u32 = 5;
/// A record of an order's pictures has at most this many entries, those included that were never sent or are refused.
const MOST_ENTRIES: usize = 20;

/// What one stop of an order requires.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopProof {
    /// At least one photo.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub photo: bool,
    /// A signature, with the name of the person who signs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signature: bool,
    /// The recipient's PIN. Only a drop-off can require it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pin: bool,
    /// The codes that the agent must scan, at most [`MOST_BARCODES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub barcodes: Vec<String>,
}

impl StopProof {
    /// Whether nothing is required.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether everything that another one requires is required here too.
    pub fn includes(&self, other: &Self) -> bool {
        let flags = [
            (self.photo, other.photo),
            (self.signature, other.signature),
            (self.pin, other.pin),
        ];
        let mut codes = other.barcodes.iter();
        flags.into_iter().all(|(here, there)| here || !there)
            && codes.all(|code| self.barcodes.contains(code))
    }
}

/// What the two stops of an order require.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredProof {
    /// At the pickup.
    #[serde(default, skip_serializing_if = "StopProof::is_none")]
    pub pickup: StopProof,
    /// At the drop-off.
    #[serde(default, skip_serializing_if = "StopProof::is_none")]
    pub dropoff: StopProof,
}

impl RequiredProof {
    /// Whether nothing is required.
    pub fn is_none(&self) -> bool {
        self.pickup.is_none() && self.dropoff.is_none()
    }

    /// What one stop requires.
    pub fn at(&self, stop: StopKind) -> &StopProof {
        match stop {
            StopKind::Pickup => &self.pickup,
            StopKind::Dropoff => &self.dropoff,
        }
    }
}

/// What a new order says about proof. A stop without a word of its own follows the company's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedProof {
    /// At the pickup.
    pub pickup: Option<StopProof>,
    /// At the drop-off.
    pub dropoff: Option<StopProof>,
}

impl AskedProof {
    /// What the order says, and the company's default for the stops about which the order says nothing.
    #[must_use]
    pub fn or(self, default: &RequiredProof) -> Self {
        Self {
            pickup: Some(self.pickup.unwrap_or_else(|| default.pickup.clone())),
            dropoff: Some(self.dropoff.unwrap_or_else(|| default.dropoff.clone())),
        }
    }
}

impl From<AskedProof> for RequiredProof {
    fn from(asked: AskedProof) -> Self {
        Self {
            pickup: asked.pickup.unwrap_or_default(),
            dropoff: asked.dropoff.unwrap_or_default(),
        }
    }
}

impl From<RequiredProof> for AskedProof {
    fn from(required: RequiredProof) -> Self {
        Self {
            pickup: Some(required.pickup),
            dropoff: Some(required.dropoff),
        }
    }
}

/// The kind of a picture.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ProofKind {
    /// A photo of the parcel. It is kept as a JPEG.
    Photo,
    /// A signature. It is kept as a PNG.
    Signature,
}

impl ProofKind {
    /// The most pictures of this kind of one stop.
    pub fn most(self) -> usize {
        match self {
            Self::Photo => MOST_PHOTOS,
            Self::Signature => MOST_SIGNATURES,
        }
    }
}

/// The format of a picture that an agent sends.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
pub enum PictureType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    #[strum(serialize = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    #[strum(serialize = "image/png")]
    Png,
}

impl PictureType {
    /// The media type.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What an agent says of a picture before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProof {
    /// The kind.
    pub kind: ProofKind,
    /// The stop that it proves.
    pub stop: StopKind,
    /// The format.
    pub content_type: PictureType,
    /// The length, in bytes.
    pub size_bytes: u64,
    /// The SHA-256 of the bytes, in 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The agent's own name for the tap to which the picture belongs.
    pub tap_id: Option<TapId>,
}

/// Why a picture is refused.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ProofFault {
    /// The bytes are not those that were announced.
    NotAsAnnounced,
    /// The bytes are no JPEG and no PNG, or the picture is damaged.
    NotAPicture,
    /// The picture has too many pixels.
    TooLarge,
}

/// What became of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ProofState {
    /// The picture has not come yet, or is not read yet.
    Awaited,
    /// A copy without metadata is kept.
    Kept {
        /// The time at which it was read.
        read_at: Timestamp,
        /// The width of the copy, in pixels.
        width: u32,
        /// The height of the copy, in pixels.
        height: u32,
    },
    /// Nothing is kept.
    Refused {
        /// The time at which it was read.
        read_at: Timestamp,
        /// The reason.
        because: ProofFault,
    },
}

/// A picture that an agent has announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The id.
    pub proof_id: ProofId,
    /// The kind.
    pub kind: ProofKind,
    /// The stop that it proves.
    pub stop: StopKind,
    /// The format of the upload.
    pub content_type: PictureType,
    /// The length of the upload, in bytes.
    pub size_bytes: u64,
    /// The SHA-256 of the upload, in hexadecimal.
    pub sha256: String,
    /// The tap to which it belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tap_id: Option<TapId>,
    /// The agent or the dispatcher who sends it.
    pub by: UserId,
    /// The time at which it was announced. From then on it is kept for the time that the company has set.
    pub announced_at: Timestamp,
    /// What became of it.
    pub state: ProofState,
}

impl Proof {
    /// A picture that is announced.
    pub fn announced(proof_id: ProofId, new: NewProof, by: UserId, now: Timestamp) -> Self {
        Self {
            proof_id,
            kind: new.kind,
            stop: new.stop,
            content_type: new.content_type,
            size_bytes: new.size_bytes,
            sha256: new.sha256,
            tap_id: new.tap_id,
            by,
            announced_at: now,
            state: ProofState::Awaited,
        }
    }

    /// Whether the picture counts: it is kept, or may still come.
    pub fn counts(&self) -> bool {
        match self.state {
            ProofState::Awaited | ProofState::Kept { .. } => true,
            ProofState::Refused { .. } => false,
        }
    }

    /// Whether the company still keeps the picture.
    pub fn is_kept_at(&self, now: Timestamp, kept_for: SignedDuration) -> bool {
        now.duration_since(self.announced_at) < kept_for
    }

    fn is_the_same_as(&self, new: &NewProof, by: UserId) -> bool {
        (self.kind, self.stop, self.content_type) == (new.kind, new.stop, new.content_type)
            && (self.size_bytes, &self.sha256) == (new.size_bytes, &new.sha256)
            && (&self.tap_id, self.by) == (&new.tap_id, by)
    }
}

/// The pictures of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderProofs {
    /// The order.
    pub order_id: OrderId,
    /// The pictures, in the sequence in which they were announced.
    pub proofs: Vec<Proof>,
    /// The number of changes; 0 if nothing is stored.
    pub version: u64,
}

/// An order has all pictures of this kind that it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyProofs;

impl OrderProofs {
    /// Those of an order about which nothing is stored.
    pub fn none_of(order_id: OrderId) -> Self {
        Self {
            order_id,
            proofs: Vec::new(),
            version: 0,
        }
    }

    /// A picture of the order.
    pub fn proof(&self, id: ProofId) -> Option<&Proof> {
        self.proofs.iter().find(|proof| proof.proof_id == id)
    }

    /// The picture that was announced in the same words before, if it counts.
    pub fn repeated(&self, new: &NewProof, by: UserId) -> Option<&Proof> {
        let mut counting = self.proofs.iter().filter(|proof| proof.counts());
        counting.find(|proof| proof.is_the_same_as(new, by))
    }

    /// The pictures with one more. Refused pictures make room, the oldest first.
    ///
    /// # Errors
    /// [`TooManyProofs`] if the stop has all pictures of this kind that it may have.
    pub fn with(&self, proof: Proof) -> Result<Self, TooManyProofs> {
        let same = |it: &&Proof| (it.kind, it.stop) == (proof.kind, proof.stop) && it.counts();
        if self.proofs.iter().filter(same).count() >= proof.kind.most() {
            return Err(TooManyProofs);
        }
        let mut changed = self.clone();
        if changed.proofs.len() >= MOST_ENTRIES {
            let refused = changed.proofs.iter().position(|proof| !proof.counts());
            changed.proofs.remove(refused.ok_or(TooManyProofs)?);
        }
        changed.proofs.push(proof);
        changed.version += 1;
        Ok(changed)
    }

    /// The pictures after one of them was read. `None` if it is unknown, or was read before.
    pub fn read(&self, id: ProofId, state: ProofState) -> Option<Self> {
        let mut changed = self.clone();
        let proof = changed.proofs.iter_mut().find(|it| it.proof_id == id)?;
        if proof.state != ProofState::Awaited {
            return None;
        }
        proof.state = state;
        changed.version += 1;
        Some(changed)
    }

    /// The time at which the last picture is forgotten.
    pub fn forgotten_at(&self, kept_for: SignedDuration) -> Timestamp {
        let last = self.proofs.iter().map(|proof| proof.announced_at).max();
        let last = last.unwrap_or(Timestamp::UNIX_EPOCH);
        last.checked_add(kept_for).unwrap_or(last)
    }
}

/// The four digits with which a recipient shows that the parcel is theirs. The `Debug` text hides them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecipientPin(String);

impl RecipientPin {
    /// The number of PINs.
    pub const ALL: u16 = 10_000;

    /// The PIN with this number, of which the last four digits count.
    pub fn of_number(number: u16) -> Self {
        Self(format!("{:04}", number % Self::ALL))
    }

    /// Reads four digits.
    pub fn read(text: &str) -> Option<Self> {
        let fits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The digits. Only the recipient may see them.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RecipientPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecipientPin(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Uuid;

    fn new(kind: ProofKind, stop: StopKind, sha256: &str) -> NewProof {
        NewProof {
            kind,
            stop,
            content_type: PictureType::Jpeg,
            size_bytes: 10,
            sha256: sha256.to_owned(),
            tap_id: TapId::named("tap-00001"),
        }
    }

    fn proof(number: u128, new: NewProof) -> Proof {
        let now = "2030-05-06T08:00:00Z".parse().unwrap();
        Proof::announced(
            ProofId(Uuid::from_u128(number)),
            new,
            UserId(Uuid::nil()),
            now,
        )
    }

    fn photo(number: u128) -> Proof {
        proof(
            number,
            new(ProofKind::Photo, StopKind::Dropoff, &number.to_string()),
        )
    }

    fn refused() -> ProofState {
        ProofState::Refused {
            read_at: Timestamp::UNIX_EPOCH,
            because: ProofFault::NotAPicture,
        }
    }

    #[test]
    fn a_stop_has_three_photos_and_one_signature() {
        let mut proofs = OrderProofs::none_of(OrderId(Uuid::nil()));
        for number in 1..=3 {
            proofs = proofs.with(photo(number)).unwrap();
        }
        assert_eq!(proofs.with(photo(4)), Err(TooManyProofs));
        let pickup = new(ProofKind::Photo, StopKind::Pickup, "5");
        proofs = proofs.with(proof(5, pickup)).unwrap();
        let signature = |number| proof(number, new(ProofKind::Signature, StopKind::Dropoff, "6"));
        proofs = proofs.with(signature(6)).unwrap();
        assert_eq!(proofs.with(signature(7)), Err(TooManyProofs));
        let refused = proofs.read(ProofId(Uuid::from_u128(2)), refused()).unwrap();
        assert_eq!(refused.with(photo(8)).unwrap().version, 7);
    }

    #[test]
    fn refused_pictures_make_room_and_the_record_stays_small() {
        let mut proofs = OrderProofs::none_of(OrderId(Uuid::nil()));
        for number in 0..50 {
            proofs = proofs.with(photo(number)).unwrap();
            let id = ProofId(Uuid::from_u128(number));
            proofs = proofs.read(id, refused()).unwrap();
            assert_eq!(proofs.read(id, ProofState::Awaited), None);
        }
        assert_eq!(proofs.proofs.len(), MOST_ENTRIES);
    }

    #[test]
    fn the_same_words_mean_the_same_picture() {
        let announced = photo(1);
        let by = announced.by;
        let again = new(ProofKind::Photo, StopKind::Dropoff, "1");
        let other = new(ProofKind::Photo, StopKind::Dropoff, "2");
        let proofs = OrderProofs::none_of(OrderId(Uuid::nil()));
        let proofs = proofs.with(announced.clone()).unwrap();
        assert_eq!(proofs.repeated(&again, by), Some(&announced));
        assert_eq!(proofs.repeated(&other, by), None);
        assert_eq!(proofs.repeated(&again, UserId(Uuid::max())), None);
        let refused = proofs.read(announced.proof_id, refused()).unwrap();
        assert_eq!(refused.repeated(&again, by), None);
    }

    #[test]
    fn a_pin_has_four_digits_and_hides_them() {
        assert_eq!(RecipientPin::of_number(7).digits(), "0007");
        assert_eq!(RecipientPin::of_number(19_999).digits(), "9999");
        assert_eq!(RecipientPin::read("0007"), Some(RecipientPin::of_number(7)));
        assert!(!format!("{:?}", RecipientPin::of_number(1234)).contains("1234"));
        for text in ["", "123", "12345", "12a4", "１２３４"] {
            assert_eq!(RecipientPin::read(text), None);
        }
    }

    #[test]
    fn a_stop_without_a_word_of_its_own_follows_the_company() {
        let required = |photo| StopProof {
            photo,
            ..StopProof::default()
        };
        let default = RequiredProof {
            pickup: required(true),
            dropoff: required(true),
        };
        let asked = AskedProof {
            pickup: None,
            dropoff: Some(StopProof::default()),
        };
        let both: RequiredProof = asked.or(&default).into();
        assert!(both.pickup.photo && both.dropoff.is_none());
    }
}
