"""Office documents behind a password: which of a list opens one, and its bytes without it.

What the file keeps to test a password by is asked first, so that a wrong one costs no reading. Of
what Office 2010 and later write the test is 100,000 rounds of SHA-512 by design, some 0.06 s
(MS-OFFCRYPTO 2.3.4.13), of Office 2007 50,000 of SHA-1, of older ones next to nothing.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msoffcrypto
from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError
from msoffcrypto.method.ecma376_agile import ECMA376Agile

from ingest.passwords import Trial, opened_by

# What Excel encrypts with when a workbook is protected against changes only.
KNOWN_PASSWORDS = ("VelvetSweatshop",)
_NOBODYS = "\x1b nobody \x1b"


def is_tested(path: Path) -> bool:
    """Whether a file's own test tells a wrong password here; else only reading it does."""
    try:
        with path.open("rb") as file:
            return not _passes(msoffcrypto.OfficeFile(file), _NOBODYS)
    except InvalidKeyError:
        return True
    except Exception:  # noqa: BLE001 - its parsers throw anything; then it is not to be had so
        return False


def opening(path: Path, plain: Path, trial: Trial) -> Iterator[str]:
    """The passwords that pass the file's own test, `plain` holding its bytes without the lock."""
    for password in chain(KNOWN_PASSWORDS, trial):
        if decrypt(path, plain, password):
            if password not in KNOWN_PASSWORDS:
                opened_by(password)
            yield password


def decrypt(path: Path, plain: Path, password: str) -> bool:
    """Write an Office file without its password; False where it does not open."""
    try:
        with path.open("rb") as source:
            office = msoffcrypto.OfficeFile(source)
            if not _passes(office, password):
                return False
            with plain.open("wb") as target:
                office.decrypt(target)
    except (DecryptionError, FileFormatError, InvalidKeyError, ParseError):
        return False
    except Exception:  # noqa: BLE001 - its parsers throw anything; encrypted is then recorded
        return False
    return True


def _passes(office: Any, password: str) -> bool:
    """Whether a password is the right one; the key is loaded then. Raises for some wrong ones."""
    kind = getattr(office, "type", "")
    if kind == "agile":
        info = office.info
        right = ECMA376Agile.verify_password(
            password,
            info["passwordSalt"],
            info["passwordHashAlgorithm"],
            info["encryptedVerifierHashInput"],
            info["encryptedVerifierHashValue"],
            info["spinValue"],
            info["passwordKeyBits"],
        )
        if not right:
            return False
        office.load_key(password=password)
    elif kind == "standard":
        office.load_key(password=password, verify_password=True)
    else:
        office.load_key(password=password)
    return True
