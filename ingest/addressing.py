"""Addresses: the whole chain by which an item was found, one for each item and only for it.

Path parts are joined by "/", and "!/" stands before each step into a container. Names are shown
as text; so that two names never make one address, a literal `\\x` in a name is written `\\x5cx`
(escaped bytes look like that) and a "!" that ends a path part is written `\\x21`. Where one
archive holds several members of one name, the second has `#2` behind it, the third `#3`.
"""

from ingest.names import shown

INTO = "!/"


def path_address(path: bytes) -> str:
    """The address of a file of the source, or of a member within its archive."""
    return shown(path.replace(b"\\x", b"\\x5cx")).replace(INTO, "\\x21/")


def inside(container: str, path: bytes, used: set[str]) -> str:
    """The address of a member of `container`; `used` holds those of its members so far."""
    stem = container + INTO + path_address(path)
    address, number = stem, 1
    while address in used:
        number += 1
        address = f"{stem}#{number}"
    used.add(address)
    return address
