"""The invented people, companies and things of the sample matter."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody who writes or receives mail."""

    name: str
    address: str
    title: str
    company: str


KESTREL = "Kestrel Passage Shipping AG"
NORTHMOOR = "Northmoor Chandlery Ltd"
COUNSEL = "Thorne Abara Lisle LLP"
COUNSEL_DOMAIN = "thorneabara.example"

AMARA = Person(
    "Amara Okafor", "amara.okafor@kestrelpassage.example", "Head of Procurement", KESTREL
)
LEV = Person("Lev Brandt", "lev.brandt@kestrelpassage.example", "Fleet Superintendent", KESTREL)
SUNNIVA = Person("Sunniva Aldane", "sunniva.aldane@kestrelpassage.example", "Finance", KESTREL)
MASTER = Person(
    "Pietro Vasquale",
    "master.amberpetrel@kestrelpassage.example",
    "Master, MV Amber Petrel",
    KESTREL,
)
COPIER = Person("Copier Floor 3", "copier3@kestrelpassage.example", "", KESTREL)
PELLOW = Person(
    "Gareth Pellow", "gareth.pellow@northmoor-chandlery.example", "Sales Manager", NORTHMOOR
)
QUILL = Person("Hester Quill", "hester.quill@northmoor-chandlery.example", "Logistics", NORTHMOOR)
THORNE = Person("Rosalind Thorne", "r.thorne@thorneabara.example", "Partner", COUNSEL)
ABARA = Person("Idris Abara", "i.abara@thorneabara.example", "Associate", COUNSEL)
IRINA = Person("Ирина Соколова", "i.sokolova@survey-baltika.example", "Surveyor", "Survey Baltika")
CHEN = Person("陈美玲", "chen.meiling@lanhai-chain.example", "Export Sales", "Lanhai Chain Works")
LAYLA = Person("ليلى حداد", "l.haddad@marsanoor.example", "Port Agent", "Marsa Noor Agencies")
NEWS = Person("Harbour Digest", "digest@harbourdigest.example", "", "Harbour Digest")

CET = dt.timezone(dt.timedelta(hours=1))
CEST = dt.timezone(dt.timedelta(hours=2))
GMT = dt.UTC
CST = dt.timezone(dt.timedelta(hours=8))
GST = dt.timezone(dt.timedelta(hours=4))
IST = dt.timezone(dt.timedelta(hours=5, minutes=30))
EST = dt.timezone(dt.timedelta(hours=-5))
MSK = dt.timezone(dt.timedelta(hours=3))


def at(text: str, zone: dt.timezone = CET) -> dt.datetime:
    """A moment written as in "2024-02-12 09:14", in the given zone."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


VESSELS = ("MV Amber Petrel", "MV Slate Heron", "MV Grey Dunlin", "MV Russet Tern")
PORTS = ("Varnhaven", "Port Oslin", "Sankt Brode", "Marsa Noor", "Eastlock")
GOODS = (
    "mooring tails",
    "cylinder oil",
    "pilot ladders",
    "wire rope",
    "grease drums",
    "hatch sealing tape",
    "boiler compound",
    "deck paint",
    "valve spares",
    "filter cartridges",
)
CARRIERS = ("Osterlund Haulage", "Bluegate Feeders", "Tamsin Freight", "Corvid Lines")
BERTHS = ("berth 4", "berth 11", "the north quay", "the lay-by berth", "the inner roads")
