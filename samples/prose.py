"""Varied business prose from sentence patterns and the fact tables."""

from samples.facts import BERTHS, CARRIERS, GOODS, PORTS, VESSELS, Person
from samples.tree import seeded

PATTERNS: dict[str, tuple[str, ...]] = {
    "delivery": (
        "The {goods} for {vessel} left our yard on {day} with {carrier}.",
        "We counted {n} pallets of {goods} on arrival, although the packing list shows {m}.",
        "{carrier} has moved the slot at {port} to {day}, so the launch needs to be rebooked.",
        "The chief officer signed for the {goods} under protest because two crates were wet.",
        "Please make sure the driver carries the port pass, {port} turned one away last month.",
        "{vessel} will be alongside at {berth} for eleven hours only.",
        "Customs released the consignment on {day} without remarks.",
        "The remaining {n} units of {goods} are on back order and should follow within the month.",
        "Nobody from the agency was at {berth} when the lorry arrived.",
        "I have asked {carrier} for the signed consignment note and will forward it when it comes.",
    ),
    "quality": (
        "The {goods} delivered at {port} do not match the sample we approved in the autumn.",
        "We opened {n} of {m} boxes and found the seals broken in most of them.",
        "The maker's mark is missing on the lot that went to {vessel}.",
        "Our bosun set aside {n} pieces; they are stored under cover at {port}.",
        "The certificate gives a heat number which does not appear on any of the goods.",
        "We would rather see the test report before {day} than argue about it afterwards.",
        "A second look by daylight at {berth} confirmed what the watch had reported.",
        "If the lot is sound, a repeat of the test costs little; if not, we need to know soon.",
        "The {goods} from the earlier order are still in use and have given no trouble.",
        "Photographs were taken before and after cleaning and are kept on the ship's server.",
    ),
    "price": (
        "The unit price for {goods} rises by {p} per cent from {day}.",
        "Our budget for {vessel} was fixed in November and leaves no room for a surcharge.",
        "The rebate was meant to apply once we had called off {m} units in a year.",
        "Freight to {port} is quoted separately, which we did not expect.",
        "I compared three offers; the cheapest is {p} per cent below the one on the table.",
        "The figures assume payment within thirty days of receipt.",
        "We can hold this price until {day}, after that the mill's new list applies.",
        "Packing and port fees at {port} came to EUR {m}40, twice what was estimated.",
        "Could you confirm whether the discount also covers {goods}?",
        "The exchange rate clause was left as it stood in the old frame contract.",
    ),
    "planning": (
        "{vessel} is now due at {port} on {day}, weather permitting.",
        "The dry dock window moves by a week and everything behind it moves as well.",
        "I propose a short call on {day} to settle who does what.",
        "Let us keep the agent at {port} in copy from now on.",
        "The charterer wants {vessel} back on hire by the weekend.",
        "We need {n} sets of {goods} on board before she sails from {port}.",
        "The superintendent will join at {berth} and stay until departure.",
        "There is no crane at {berth}, so plan for the ship's own gear.",
        "Please update the shared schedule; the version I have still shows {day}.",
        "If {carrier} cannot make the slot we will use the stores from {port}.",
    ),
    "accounts": (
        "Statement number {m} shows two open items for {vessel}.",
        "We paid the undisputed part on {day} and hold back the rest until the count is agreed.",
        "The purchase order number is missing, so the clerk in finance cannot match it.",
        "A credit note for the {n} missing units has not reached us yet.",
        "Kindly split the bill for {goods} by vessel, as agreed last year.",
        "The bank returned the transfer because the account name had a typing error.",
        "Interest is not due while the quantity is in dispute.",
        "Please send the reminder letters to me and not to the ship.",
        "The amount booked for {port} is EUR {m}75 and not EUR {m}57.",
        "Month end closes on {day}; anything later goes into the next period.",
    ),
    "contract": (
        "The Supplier shall deliver {goods} to {vessel} at {port} within {n} days of call-off.",
        "The Buyer shall inspect each delivery within {n} days and give written notice of defects.",
        "Each lot shall be marked with the heat number and the maker's name.",
        "Quantities may vary by no more than {p} per cent unless the Buyer agrees in writing.",
        "Title passes when the goods are landed on the deck of the receiving vessel.",
        "A party prevented by events beyond its control shall tell the other without delay.",
        "The Supplier shall keep records of each lot for at least six years.",
        "Neither party may assign this agreement without the consent of the other.",
        "Amendments are valid only if made in writing and signed by both parties.",
        "Prices are fixed for the first twelve months and reviewed once a year after that.",
    ),
}
GREETINGS = ("Dear {first},", "Hello {first},", "{first},", "Good morning {first},", "Hi {first},")
CLOSINGS = ("Kind regards,", "Best regards,", "Regards,", "With best wishes,", "Many thanks,")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "the 4th", "the 9th", "the 17th",
        "the 23rd", "the 28th")  # fmt: skip


class Writer:
    """Writes paragraphs for one document; the same key gives the same text."""

    def __init__(self, key: str) -> None:
        self._random = seeded(f"prose {key}")

    def sentences(self, topic: str, count: int) -> list[str]:
        """Different sentences on a topic, their gaps filled from the fact tables."""
        pick = self._random
        return [
            pattern.format(
                vessel=pick.choice(VESSELS),
                port=pick.choice(PORTS),
                goods=pick.choice(GOODS),
                carrier=pick.choice(CARRIERS),
                berth=pick.choice(BERTHS),
                day=pick.choice(DAYS),
                n=pick.randint(3, 19),
                m=pick.randint(20, 96),
                p=pick.randint(2, 9),
            )
            for pattern in pick.sample(PATTERNS[topic], count)
        ]

    def paragraph(self, topic: str, count: int = 4) -> str:
        """Some sentences as one paragraph."""
        return " ".join(s[0].upper() + s[1:] for s in self.sentences(topic, count))

    def letter(self, to: Person, sender: Person, topics: str, *own: str) -> str:
        """A mail body: greeting, paragraphs of our own, one for each topic, closing, signature."""
        first = to.name.split()[0]
        greeting = self._random.choice(GREETINGS).format(first=first)
        rest = [self.paragraph(topic, self._random.randint(2, 4)) for topic in topics.split()]
        closing = self._random.choice(CLOSINGS)
        return "\n\n".join([greeting, *own, *rest, f"{closing}\n{signature(sender)}"]) + "\n"


def signature(person: Person) -> str:
    """The lines under a mail."""
    return "\n".join(line for line in (person.name, person.title, person.company) if line)
