"""Who an Outlook item is from and to, with SMTP addresses wherever one can be had."""

from collections.abc import Iterable

from ingest.addresses import parse_addresses
from ingest.entryids import flat_list, party
from ingest.mapi import Bag, Item
from ingest.property_names import tag
from records.fields import Address, Fields

_TYPE = tag("RecipientType")
_TO, _CC, _BCC = 1, 2, 3
_ORIGINATOR = 0
_FLAGS, _IS_ORGANIZER = tag("RecipientFlags"), 2
_DISPLAYED = {_TO: tag("DisplayTo"), _CC: tag("DisplayCc"), _BCC: tag("DisplayBcc")}
_REPLY_TO, _REPLY_NAMES = tag("ReplyRecipientEntries"), tag("ReplyRecipientNames")
# Name, kind of address, address, SMTP address, entry id.
_REPRESENTED = tuple(
    tag(f"SentRepresenting{each}")
    for each in ("Name", "AddressType", "EmailAddress", "SmtpAddress", "EntryId")
)
_SENDER = tuple(
    tag(f"Sender{each}")
    for each in ("Name", "AddressType", "EmailAddress", "SmtpAddress", "EntryId")
)
_RECIPIENT = tuple(
    tag(each) for each in ("DisplayName", "AddressType", "EmailAddress", "SmtpAddress", "EntryId")
)
_RECIPIENT_NAME = tag("RecipientDisplayName")
_RECIPIENT_ID = tag("RecipientEntryId")

People = tuple[Address, ...]


def sender(item: Item, headers: Fields) -> People:
    """Whom it is from: whom the sender stood for, else the sender."""
    for ids in (_REPRESENTED, _SENDER):
        found = _party(item.bag, ids)
        if found is not None and (found.name or found.address):
            return _resolved((found,), headers.sender, headers)
    if headers.sender:
        return headers.sender
    return _of_type(item, _ORIGINATOR)


def recipients(item: Item, headers: Fields) -> dict[str, People]:
    """To, CC and BCC: of the item's table, else of its headers, else the names displayed."""
    listed = {"to": headers.to, "cc": headers.cc, "bcc": headers.bcc}
    found: dict[str, People] = {}
    for (name, stated), (kind, displayed) in zip(listed.items(), _DISPLAYED.items(), strict=True):
        table = _of_type(item, kind)
        if table:
            found[name] = _resolved(table, stated, headers)
        else:
            found[name] = stated or _names(item.bag.text(displayed))
    return found


def reply_to(bag: Bag, headers: Fields) -> People:
    """Whom answers are to go to."""
    found = [party(each, bag.codepage) for each in flat_list(bag.binary(_REPLY_TO))]
    people = tuple(Address(each.name, _plain(each.address)) for each in found if each is not None)
    return people or headers.reply_to or _names(bag.text(_REPLY_NAMES))


def organizer(item: Item) -> People:
    """Who is marked as organizer among the recipients of an appointment."""
    return tuple(
        found
        for bag in item.recipients
        if (bag.integer(_FLAGS) or 0) & _IS_ORGANIZER and (found := _recipient(bag)) is not None
    )


def _of_type(item: Item, kind: int) -> People:
    found: list[Address] = []
    for bag in item.recipients:
        own = bag.integer(_TYPE)
        if (_TO if own is None else own & 0xF) != kind:
            continue
        one = _recipient(bag)
        if one is not None:
            found.append(one)
    return tuple(found)


def _recipient(bag: Bag) -> Address | None:
    found = _party(bag, _RECIPIENT) or Address("", "")
    if not found.name:
        found = Address(bag.text(_RECIPIENT_NAME).strip(), found.address)
    if not _is_smtp(found.address):
        other = party(bag.binary(_RECIPIENT_ID), bag.codepage)
        if other is not None and _is_smtp(other.address):
            found = Address(found.name or other.name, _plain(other.address))
    return found if found.name or found.address else None


def _party(bag: Bag, ids: tuple[int, ...]) -> Address | None:
    """One party by its properties: SMTP first, else the address as it is."""
    name, _, plain, smtp, entry_id = ids
    shown = bag.text(name).strip().strip("\"'")
    address = _plain(bag.text(smtp))
    if not _is_smtp(address):
        address = _plain(bag.text(plain))
    if not _is_smtp(address):
        other = party(bag.binary(entry_id), bag.codepage)
        if other is not None and (_is_smtp(other.address) or not address):
            shown, address = shown or other.name, _plain(other.address)
    if not address and _is_smtp(shown):
        address = _plain(shown)
    if shown.lower() == address:
        shown = ""
    return Address(shown, address) if shown or address else None


def _resolved(people: People, stated: People, headers: Fields) -> People:
    """Put SMTP addresses from the transport headers where a party has none.

    A party is found there by its name, else by being the only one that is left in its field.
    """
    if all(_is_smtp(each.address) for each in people):
        return people
    by_name: dict[str, set[str]] = {}
    for each in (*headers.sender, *headers.to, *headers.cc, *headers.bcc):
        if each.name and _is_smtp(each.address):
            by_name.setdefault(_key(each.name), set()).add(each.address)
    taken = {each.address for each in people}
    left = [each for each in stated if each.address not in taken and _is_smtp(each.address)]
    named = [_by_name(each, by_name) for each in people]
    given = {each.address for each in named}
    left = [each for each in left if each.address not in given]
    without = [each for each in named if not _is_smtp(each.address)]
    if len(without) == 1 and len(left) == 1:
        return tuple(
            each if _is_smtp(each.address) else Address(each.name, left[0].address)
            for each in named
        )
    return tuple(named)


def _by_name(each: Address, by_name: dict[str, set[str]]) -> Address:
    found = by_name.get(_key(each.name), set())
    if _is_smtp(each.address) or len(found) != 1:
        return each
    return Address(each.name, next(iter(found)))


def _key(name: str) -> str:
    return " ".join(name.split()).lower()


def _names(text: str) -> People:
    """Names as they are displayed, parted by semicolons."""
    names: Iterable[str] = (each.strip().strip("'\"") for each in text.split(";"))
    return tuple(
        Address("", _plain(each)) if _is_smtp(each) else Address(each, "") for each in names if each
    )


def _is_smtp(address: str) -> bool:
    local, at, domain = address.rpartition("@")
    return bool(at and local and domain) and not address.startswith("/") and " " not in address


def _plain(address: str) -> str:
    if "<" in address:  # some writers put the whole of a header's address here
        found = parse_addresses(address)
        return found[0].address if len(found) == 1 else address.strip().lower()
    plain = address.strip().strip("'\"<> ").lower()
    return plain.removeprefix("mailto:").removeprefix("smtp:")
