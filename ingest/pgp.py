"""OpenPGP in mails: told from its armor (RFC 9580 section 6.2, RFC 3156); nothing is decrypted."""

import re

_MESSAGE = re.compile(
    r"^-----BEGIN PGP MESSAGE[^\n]*\n.*?(?:^-----END PGP MESSAGE[^\n]*|\Z)", re.M | re.S
)
_SIGNED = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----", re.M)


def security(text: str) -> tuple[str, ...]:
    """What armor in a text says of it."""
    found = []
    if "-----BEGIN PGP SIGNED" in text and _SIGNED.search(text):
        found.append("pgp-signed")
    if "-----BEGIN PGP MESSAGE" in text and _MESSAGE.search(text):
        found.append("pgp-encrypted")
    return tuple(found)


def is_all_encrypted(text: str) -> bool:
    """Tell whether there is nothing but armored messages in a text."""
    return "-----BEGIN PGP MESSAGE" in text and not _MESSAGE.sub("", text).strip()


def is_encrypted(data: bytes) -> bool:
    """Tell an armored message by itself."""
    return data[:200].lstrip().startswith(b"-----BEGIN PGP MESSAGE")


def is_signature(data: bytes) -> bool:
    """Tell a signature that stands beside what it signs."""
    return b"-----BEGIN PGP SIGNATURE" in data[:4096] or b"-----BEGIN PGP MESSAGE" in data[:4096]


def is_version(data: bytes) -> bool:
    """Tell the first part of an encrypted mail, which says its version and no more."""
    return data.strip().lower() == b"version: 1"
