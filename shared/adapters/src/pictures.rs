//! Pictures that strangers send, written anew with the crate `image`.

use std::io::Cursor;
use std::panic::catch_unwind;

use app::ports::{KeptPicture, PictureReader};
use domain::ProofKind;
use domain::proof::{LONGEST_SIDE, ProofFault};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use image::{Rgba, RgbaImage, imageops};

/// The longest side of an upload, in pixels.
const LONGEST_UPLOADED_SIDE: u32 = 16_384;
/// The most pixels of an upload: 50 megapixels, as the largest usual phone cameras have.
const MOST_PIXELS: u64 = 50_000_000;
/// The most bytes of a picture in memory. A JPEG of 50 megapixels has 150 MB, and a PNG with transparency 200 MB.
const MOST_DECODED_BYTES: u64 = 210_000_000;
/// Quality of the JPEG, from 1 to 100. A photo of a parcel at a door has 300 to 700 KB then.
const QUALITY: u8 = 82;

/// Reads JPEG and PNG, and no other format.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImageCrate;

impl PictureReader for ImageCrate {
    fn written_anew(&self, bytes: &[u8], kind: ProofKind) -> Result<KeptPicture, ProofFault> {
        // A file may be made so that a decoder panics. Then the file is refused, and its message does not come again.
        catch_unwind(|| written_anew(bytes, kind)).unwrap_or(Err(ProofFault::NotAPicture))
    }
}

fn written_anew(bytes: &[u8], kind: ProofKind) -> Result<KeptPicture, ProofFault> {
    let (picture, orientation) = decoded(bytes)?;
    let is_larger = picture.width().max(picture.height()) > LONGEST_SIDE;
    // `thumbnail` averages pixels and needs no second picture of the full size. It keeps the proportions.
    let mut picture = if is_larger {
        picture.thumbnail(LONGEST_SIDE, LONGEST_SIDE)
    } else {
        picture
    };
    picture.apply_orientation(orientation);
    let picture = on_white(&picture);
    let (width, height) = picture.dimensions();
    let mut written = Vec::new();
    let result = match kind {
        ProofKind::Photo => {
            picture.write_with_encoder(JpegEncoder::new_with_quality(&mut written, QUALITY))
        }
        ProofKind::Signature => picture.write_with_encoder(PngEncoder::new(&mut written)),
    };
    result.map_err(|_| ProofFault::NotAPicture)?;
    Ok(KeptPicture {
        bytes: written,
        width,
        height,
    })
}

/// The size of a picture is checked before its pixels are unpacked.
fn decoded(bytes: &[u8]) -> Result<(DynamicImage, Orientation), ProofFault> {
    let format = image::guess_format(bytes).map_err(|_| ProofFault::NotAPicture)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png) {
        return Err(ProofFault::NotAPicture);
    }
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LONGEST_UPLOADED_SIDE);
    limits.max_image_height = Some(LONGEST_UPLOADED_SIDE);
    limits.max_alloc = Some(MOST_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(fault)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS
        || decoder.total_bytes() > MOST_DECODED_BYTES
    {
        return Err(ProofFault::TooLarge);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(fault)?;
    Ok((picture, orientation))
}

fn fault(error: ImageError) -> ProofFault {
    match error {
        ImageError::Limits(_) => ProofFault::TooLarge,
        _ => ProofFault::NotAPicture,
    }
}

/// The picture on a white page, without transparency. A signature may be black ink with no paper behind it.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let mut page = RgbaImage::from_pixel(picture.width(), picture.height(), Rgba([255; 4]));
    imageops::overlay(&mut page, &picture.to_rgba8(), 0, 0);
    DynamicImage::ImageRgba8(page).to_rgb8()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = RgbaImage::from_fn(width, height, |x, _| {
            Rgba([(x % 256) as u8, 10, 200, if x == 0 { 0 } else { 255 }])
        });
        picture
            .write_with_encoder(PngEncoder::new(&mut bytes))
            .unwrap();
        bytes
    }

    /// A PNG with a chunk before its pixels.
    fn with_chunk(png: &[u8], name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let (head, rest) = png.split_at(8 + 25);
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        let covered = [name.as_slice(), content].concat();
        let crc = crc32(&covered).to_be_bytes();
        [head, &length, &covered, &crc, rest].concat()
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
            })
        })
    }

    #[test]
    fn a_large_picture_becomes_smaller_and_keeps_its_proportions() {
        let kept = ImageCrate
            .written_anew(&png(3000, 1500), ProofKind::Photo)
            .unwrap();
        assert_eq!((kept.width, kept.height), (2000, 1000));
        assert!(kept.bytes.starts_with(b"\xff\xd8\xff"));
        let kept = ImageCrate
            .written_anew(&png(30, 60), ProofKind::Signature)
            .unwrap();
        assert_eq!((kept.width, kept.height), (30, 60));
        let again = image::load_from_memory(&kept.bytes).unwrap().to_rgb8();
        assert_eq!(
            again.get_pixel(0, 0).0,
            [255, 255, 255],
            "it was transparent"
        );
        assert_eq!(again.get_pixel(7, 0).0, [7, 10, 200]);
    }

    #[test]
    fn the_metadata_is_gone_and_the_picture_upright() {
        // EXIF with the orientation 6, "turn by 90 degrees", and a pointer to a GPS directory.
        let exif = b"MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\x88\x25\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0";
        let file = with_chunk(&png(30, 60), b"eXIf", exif);
        let file = with_chunk(&file, b"tEXt", b"Comment\0secret place");
        let kept = ImageCrate
            .written_anew(&file, ProofKind::Signature)
            .unwrap();
        assert_eq!((kept.width, kept.height), (60, 30));
        for told in [b"eXIf".as_slice(), b"tEXt", b"secret"] {
            assert!(!kept.bytes.windows(told.len()).any(|part| part == told));
        }
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused() {
        let whole = png(300, 300);
        let read = |bytes: &[u8]| ImageCrate.written_anew(bytes, ProofKind::Photo).err();
        for bytes in [
            b"".as_slice(),
            b"PK\x03\x04 a ZIP",
            b"GIF89a\x01\x00\x01\x00",
            b"\xff\xd8\xff\xe0 no more",
            &whole[..whole.len() / 2],
        ] {
            assert_eq!(read(bytes), Some(ProofFault::NotAPicture));
        }
        // The header alone says that the picture has too many pixels.
        let mut bomb = whole[..33].to_vec();
        bomb[16..24].copy_from_slice(&[0, 0, 0x3a, 0x98, 0, 0, 0x3a, 0x98]);
        let crc = crc32(&bomb[12..29]).to_be_bytes();
        bomb[29..33].copy_from_slice(&crc);
        bomb.extend_from_slice(&whole[33..]);
        assert_eq!(read(&bomb), Some(ProofFault::TooLarge));
    }
}
