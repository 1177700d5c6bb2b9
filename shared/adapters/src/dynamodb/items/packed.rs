//! A list as one binary attribute: JSON, compressed.
//!
//! DynamoDB bills a write by the size of its item, with the name of each attribute in each member of a list. Most of a
//! route is such names. A list that was stored before can still be read.

use std::fmt;
use std::marker::PhantomData;

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::de::{DeserializeOwned, Error, SeqAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};

/// A good ratio for text. More effort gains a hundredth and costs twice the time.
const EFFORT: u8 = 6;
/// An item has at most 400 KB. What is longer is no list of ours.
const LONGEST: usize = 16 * 1024 * 1024;

pub(super) fn serialize<T: Serialize, S: Serializer>(
    list: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let json = serde_json::to_vec(list).map_err(serde::ser::Error::custom)?;
    serializer.serialize_bytes(&compress_to_vec(&json, EFFORT))
}

pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(PackedOrPlain(PhantomData))
}

/// Reads both forms.
struct PackedOrPlain<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for PackedOrPlain<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a packed list or a list")
    }

    fn visit_bytes<E: Error>(self, packed: &[u8]) -> Result<Vec<T>, E> {
        let json = decompress_to_vec_with_limit(packed, LONGEST)
            .map_err(|_| E::custom("a packed list cannot be unpacked"))?;
        // serde's message may quote the value.
        serde_json::from_slice(&json).map_err(|_| E::custom("a packed list has another shape"))
    }

    fn visit_byte_buf<E: Error>(self, packed: Vec<u8>) -> Result<Vec<T>, E> {
        self.visit_bytes(&packed)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut plain: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(one) = plain.next_element()? {
            list.push(one);
        }
        Ok(list)
    }
}
