//! Digests of texts that are too long, or too private, to be keys themselves.

use sha2::{Digest, Sha256};

/// SHA-256 in lower-case hexadecimal: 64 characters.
pub fn sha256_hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_digest_is_what_sha256sum_prints() {
        let digest = super::sha256_hex(b"abc");
        assert_eq!(
            digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
