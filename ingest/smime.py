"""S/MIME: what a CMS envelope is, and what it holds where no key is needed (RFC 8551, RFC 5652)."""

import zlib
from dataclasses import dataclass

from asn1crypto import cms, pem

TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_PKCS7 = bytes.fromhex("06092a864886f70d0107")
_SMIME = bytes.fromhex("060b2a864886f70d01091001")
_KINDS = (
    (_PKCS7 + b"\x02", "signed"),
    (_PKCS7 + b"\x03", "encrypted"),
    (_PKCS7 + b"\x06", "encrypted"),
    (_SMIME + b"\x17", "encrypted"),
    (_SMIME + b"\x09", "compressed"),
)
_HARMLESS = 64 << 20
_RATIO = 200


@dataclass(frozen=True, slots=True)
class Envelope:
    """`kind` is signed, encrypted or compressed; `content` None where it cannot be had."""

    kind: str
    content: bytes | None = None


def envelope(data: bytes) -> Envelope | None:
    """What a CMS structure is; None where the bytes are none."""
    if data[:64].lstrip().startswith(b"-----BEGIN"):
        data = _unarmored(data)
    if data[:1] != b"\x30":
        return None
    head = data[:40]
    kind = next((kind for oid, kind in _KINDS if oid in head), None)
    if kind is None:
        return None
    if kind == "encrypted":
        return Envelope(kind)
    try:
        found = cms.ContentInfo.load(data)["content"]
        content = found["encap_content_info"]["content"]
        held = bytes(content) if content.native is not None else None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return Envelope(kind)
    if kind == "compressed" and held is not None:
        held = _inflated(held)
    return Envelope(kind, held)


def is_encrypted(data: bytes) -> bool:
    """Tell what only a key opens."""
    found = envelope(data) if data[:1] == b"\x30" else None
    return found is not None and found.kind == "encrypted"


def is_signature(data: bytes) -> bool:
    """Tell a signature that stands beside what it signs."""
    found = envelope(data)
    return found is not None and found.kind == "signed" and not found.content


def _unarmored(data: bytes) -> bytes:
    try:
        return bytes(pem.unarmor(data.lstrip())[2])
    except (ValueError, TypeError):
        return b""


def _inflated(data: bytes) -> bytes | None:
    """Unpacked (RFC 3274), unless it is a bomb or damaged."""
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(data, max(_HARMLESS, _RATIO * len(data)))
    except zlib.error:
        return None
    return found if inflater.eof else None
