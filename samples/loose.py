"""Documents that more than one place of the matter uses."""

from samples.office import open_text, slides, word, workbook
from samples.prose import Writer
from samples.scans import photo, picture, scanned_pdf, screenshot, text_pdf, tiff
from samples.tree import Item, plain

LOGO = picture("kestrel-logo.png", "KESTREL PASSAGE\nShipping since 1987")
LABEL = picture("lot-label.png", "LANHAI CHAIN\nLOT LH-8841", size=(480, 160))
GAUGE = picture("gauge.png", "PRESSURE GAUGE\n1480 kilonewton", size=(520, 160))
PHOTO = photo("photo 0412.jpg", "varnhaven")


def agreement(name: str, weeks: str, percent: str, notice: str, cap: str) -> Item:
    """A draft of the supply agreement; the drafts differ in a few words only."""
    clauses = Writer("agreement").sentences("contract", 8)
    more = Writer("agreement more").sentences("contract", 8)
    lines = [
        "Supply Agreement NC-2023-117",
        "between Northmoor Chandlery Ltd (the Supplier) and Kestrel Passage Shipping AG "
        "(the Buyer), for the supply of stores and mooring equipment to the Buyer's fleet.",
        *(f"{number}. {clause}" for number, clause in enumerate(clauses, 1)),
        f"9. The Buyer shall give notice of any shortfall within {notice} days of landing.",
        f"10. Late delivery entitles the Buyer to a deduction of {percent} per cent for each week.",
        f"11. The lead time for stud-link chain is {weeks} weeks from call-off.",
        f"12. The Supplier's liability for consequential loss is limited to EUR {cap}.",
        *(f"{number}. {clause}" for number, clause in enumerate(more, 13)),
        "21. Disputes are referred to arbitration under the rules agreed by the parties.",
    ]
    return word(name, "\n".join(lines))


NOTICE_LETTER = word(
    "notice letter.docx",
    "Formal letter to Northmoor Chandlery\nWe give notice of shortfall for call-off 14. "
    "The goods were counted on the quay by the chief officer and a tally clerk.\n"
    + Writer("notice letter").paragraph("contract", 4)
    + "\n"
    + Writer("notice letter 2").paragraph("delivery", 3),
)
COUNT_SHEET = workbook(
    "count sheet.xlsx",
    {
        "Count": [
            ["Article", "Ordered", "Landed", "Missing"],
            ["Kenter link", 24, 18, "=B2-C2"],
            ["Swivel piece", 12, 11, "=B3-C3"],
            ["Stud-link chain, shots", 2, 2, "=B4-C4"],
        ],
        "Tally": [["Clerk", "Time"], ["Ottoline Reyes", "07:30"], ["Bram Castell", "08:10"]],
    },
)
MEMO_LIABILITY = word(
    "memorandum liability.docx",
    "Memorandum on liability\nPrivileged and confidential: prepared for Kestrel Passage.\n"
    + Writer("memo 1").paragraph("contract", 5)
    + "\n"
    + Writer("memo 2").paragraph("contract", 4)
    + "\nOn balance the Buyer may reject the lot as a whole.",
    author="Rosalind Thorne",
)
MEMO_LIMIT = text_pdf(
    "memorandum limitation.pdf",
    "Limitation of liability",
    [
        "Limitation of liability\n\nPrivileged and confidential.\n\n"
        + Writer("limit 1").paragraph("contract", 6),
        "Conclusion\n\nThe cap in clause 12 does not cover wilful misconduct.\n\n"
        + Writer("limit 2").paragraph("contract", 4),
    ],
)
WITNESS = word(
    "statement brandt draft.docx",
    "Witness statement of Lev Brandt (draft)\nI am the fleet superintendent of the Buyer.\n"
    + Writer("witness 1").paragraph("quality", 6)
    + "\n"
    + Writer("witness 2").paragraph("delivery", 4),
    author="Idris Abara",
)
CERTIFICATE = text_pdf(
    "certificate LH-8841.pdf",
    "Test certificate",
    [
        "Test certificate LH-8841\n\nLanhai Chain Works\n\nStud-link chain, 46 mm, grade U3\n"
        "Breaking test passed. The proof met the full load of 1480 kN.\n"
        "Heat numbers 7731, 7732 and 7740.",
    ],
)
TERMS = text_pdf(
    "general terms.pdf",
    "General terms of supply",
    [
        f"General terms of supply, part {part}\n\n"
        + "\n\n".join(
            f"{part}.{n} {Writer(f'terms {part} {n}').paragraph('contract', 3)}"
            for n in range(1, 7)
        )
        for part in range(1, 5)
    ],
)
SIGNED = scanned_pdf(
    "supply agreement signed.pdf",
    [
        "Supply Agreement NC-2023-117\n\nSigned copy received at Kestrel Passage.\n"
        + "\n".join(Writer("signed 1").sentences("contract", 8)),
        "Schedule of equipment\n\nOne roller fairlead for each mooring station.\n"
        + "\n".join(Writer("signed 2").sentences("contract", 6))
        + "\n\nSigned for the Supplier: Gareth Pellow\nSigned for the Buyer: Amara Okafor",
    ],
)
MIXED = scanned_pdf(
    "inspection report.pdf",
    [
        "Handwritten annex, typed out\n\nThe brake lining of the mooring winch is worn.\n"
        + "\n".join(Writer("annex").sentences("quality", 5)),
    ],
    first=text_pdf(
        "cover.pdf",
        "Inspection",
        [
            "Inspection report, Slate Heron\n\n"
            + Writer("inspection").paragraph("quality", 6)
            + "\n\nThe links inspected were corrosive to the touch, with flakes at the stud.",
        ],
    ),
)
FAX = tiff(
    "fax from master.tif",
    [
        "Fax from the Master, Amber Petrel\n\nPage one of three.\n"
        + "\n".join(Writer("fax 1").sentences("delivery", 5)),
        "Letter of protest\n\nThe starboard capstan could not be used for want of parts.\n"
        + "\n".join(Writer("fax 2").sentences("quality", 5)),
        "Receipt\n\nReceived on behalf of the agent at Varnhaven, without prejudice.\n"
        + "\n".join(Writer("fax 3").sentences("planning", 3)),
    ],
)
SCREEN = screenshot(
    "tracking screenshot.png",
    "Bluegate Feeders - shipment tracking",
    [
        "Reference 5514-K     Status: delayed",
        "Pallet 3     Windlass parts     held at customs",
        "Pallet 4     Rope tails     released",
        "Next update expected on Thursday",
    ],
)
DELIVERY_LOG = plain(
    "delivery log 2024.csv",
    "date,port,vessel,article,pieces,remark\n"
    "2024-01-11,Varnhaven,MV Grey Dunlin,wire rope,4,complete\n"
    "2024-02-07,Varnhaven,MV Amber Petrel,kenter link,18,six missing\n"
    "2024-02-07,Varnhaven,MV Amber Petrel,swivel piece,11,one missing\n"
    "2024-03-19,Port Oslin,MV Slate Heron,hawser,2,complete\n"
    "2024-04-22,Sankt Brode,MV Russet Tern,pilot ladder,3,wet crate\n",
    eol="\r\n",
)
PRICES = workbook(
    "price schedule.xlsx",
    {
        "Prices": [["Article", "Unit", "EUR"], ["Kenter link", "each", 212.5],
                   ["Swivel piece", "each", 388], ["Hawser, 220 m", "coil", 2940]],
        "Freight": [["Port", "EUR"], ["Varnhaven", 340], ["Marsa Noor", 1275]],
        "Internal": [["Item", "Note"], ["Rebate clawback", "not yet shown to the supplier"]],
    },
    hidden="Internal",
)  # fmt: skip
EMBEDDED_BOOK = workbook(
    "stock.xlsx",
    {"Stock": [["Article", "Store", "Pieces"], ["Galvanised thimble", "Eastlock", 60],
               ["Turnbuckle", "Port Oslin", 14]]},
)  # fmt: skip
BRIEFING = slides(
    "claim briefing.pptx",
    "Claim briefing",
    [
        ("Northmoor: where we stand", ["Six links missing", "Four links rejected"],
         "Keep this to two minutes."),
        ("Next steps", ["Survey at Varnhaven", "Letter before action"],
         "If asked, say that a mediator has been proposed and we are open to it."),
        ("Lot label", ["Photographed on board by the bosun"], "Show the label, then stop."),
    ],
    image=LABEL,
)  # fmt: skip
MINUTES = open_text(
    "minutes 2024-03-05.odt",
    "Minutes of the supply meeting, 5 March 2024\nPresent: Okafor, Brandt, Aldane.\n"
    + Writer("minutes 1").paragraph("planning", 5)
    + "\nIt was decided to hire a second hawser from the pool at Eastlock.\n"
    + Writer("minutes 2").paragraph("accounts", 4),
)
