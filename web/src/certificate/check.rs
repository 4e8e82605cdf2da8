//! Whether a certificate and a key found on disk are whole and belong together.

use rcgen::{KeyPair, PublicKeyData};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Checks the pair and gives back the DER form of the certificate, or says in words what is wrong.
///
/// The certificate is self-signed (the authority's own, or one from before there was an authority), so its signature
/// covers every byte that matters: one flipped bit anywhere is seen.
pub fn pair(certificate: Option<&[u8]>, key: Option<&[u8]>) -> Result<Vec<u8>, String> {
    let certificate = certificate.ok_or("the certificate is missing")?;
    let key = key.ok_or("the key is missing")?;
    let key = std::str::from_utf8(key).map_err(|_| "the key is not text")?;
    let key = KeyPair::from_pem_and_sign_algo(key, &rcgen::PKCS_ECDSA_P256_SHA256)
        .map_err(|_| "the key is not a whole ECDSA P-256 key in PEM form")?;
    let der =
        CertificateDer::from_pem_slice(certificate).map_err(|_| "the certificate is not whole PEM text")?;

    let parts = Parts::of(&der).ok_or("the certificate is not whole")?;
    let public = key.subject_public_key_info();
    if !parts.signed.windows(public.len()).any(|window| window == public) {
        return Err("the certificate is not for this key".to_owned());
    }
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.der_bytes())
        .verify(parts.signed, parts.signature)
        .map_err(|_| "the signature of the certificate is wrong")?;
    Ok(der.to_vec())
}

/// What matters of `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }`
/// (RFC 5280 section 4.1).
struct Parts<'a> {
    signed: &'a [u8],
    signature: &'a [u8],
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
/// `ecdsa-with-SHA256` as the content of an AlgorithmIdentifier (RFC 5758 section 3.2).
const ECDSA_WITH_SHA256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

impl<'a> Parts<'a> {
    fn of(der: &'a [u8]) -> Option<Self> {
        let (outer, rest) = Element::first(der)?;
        if outer.tag != SEQUENCE || !rest.is_empty() {
            return None;
        }
        let (signed, rest) = Element::first(outer.content)?;
        let (algorithm, rest) = Element::first(rest)?;
        let (signature, rest) = Element::first(rest)?;
        let (unused_bits, signature_bytes) = signature.content.split_first()?;
        let whole = signed.tag == SEQUENCE
            && (algorithm.tag, algorithm.content) == (SEQUENCE, &ECDSA_WITH_SHA256[..])
            && (signature.tag, *unused_bits) == (BIT_STRING, 0)
            && rest.is_empty();
        whole.then_some(Self {
            signed: signed.whole,
            signature: signature_bytes,
        })
    }
}

/// One DER element (ITU-T X.690 section 8.1).
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element of `der` and what follows it.
    fn first(der: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&tag, rest) = der.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // Long form; nothing here is longer than two bytes can say.
            0x81 | 0x82 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (
                    bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                    rest,
                )
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        let whole = &der[..der.len() - rest.len()];
        Some((Self { tag, content, whole }, rest))
    }
}
