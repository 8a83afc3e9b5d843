"""What lies in the two custodians' folders."""

import datetime as dt
from dataclasses import dataclass, replace
from email.utils import format_datetime

from samples import routine, thread
from samples.archives import aes_zip_item, damaged, encrypted_office, zip_item
from samples.facts import AMARA, LEV, Person
from samples.loose import (
    BRIEFING,
    DELIVERY_LOG,
    EMBEDDED_BOOK,
    FAX,
    GAUGE,
    MINUTES,
    MIXED,
    PHOTO,
    PRICES,
    SCREEN,
    SIGNED,
    TERMS,
    agreement,
)
from samples.mail import Mail, Wire, eml, mbox
from samples.office import word, workbook
from samples.prose import Writer
from samples.scans import cut_short, text_pdf
from samples.tree import Item, plain, seeded

PASSWORDS = ("Varnhaven-1987", "quay&anchor", "шторм2024")
_UNLISTED_PASSWORD = "nobody wrote this down"  # noqa: S105 - a sample


@dataclass(frozen=True)
class Custodian:
    """A folder of the matter; the files are named by their path in it."""

    folder: str
    person: Person
    files: tuple[Item, ...]


def _at(folder: str, item: Item, name: str = "") -> Item:
    return replace(item, name=f"{folder}/{name or item.name}")


def _trace(address: str, number: int, mail: Mail) -> tuple[str, ...]:
    """Header lines a receiving server puts on top."""
    stamp = format_datetime(mail.sent + dt.timedelta(seconds=number))
    return (
        f"Return-Path: <bounce-{number}@relay.example>",
        f"Delivered-To: {address}",
        f"Received: from relay{number}.example (relay{number}.example [192.0.2.{number}])",
        f"\tby mx.kestrelpassage.example with ESMTPS id q{number:05}; {stamp}",
        f"X-Spam-Score: -{number % 7}.{number % 10}",
    )


def _received(address: str, number: int, mail: Mail) -> Wire:
    trace = _trace(address, number, mail)
    return Wire(body="base64", word="Q", width=64, trace=trace, salt=f"rx{number}")


def _mails(folder: str, named: list[tuple[str, Mail]], address: str) -> list[Item]:
    """The messages as EML files; every second one has transport headers of its own."""
    bodies = ("quoted-printable", "8bit", "base64")
    return [
        eml(
            f"{folder}/{name}.eml",
            mail,
            Wire(
                body=bodies[number % 3],
                trace=_trace(address, number + 10, mail) if number % 2 else (),
            ),
        )
        for number, (name, mail) in enumerate(named)
    ]


def _subject_names(mails: list[Mail]) -> list[tuple[str, Mail]]:
    return [
        (f"{mail.sent:%Y-%m-%d} {mail.subject.replace(': ', ' ').replace('/', '-')}", mail)
        for mail in mails
    ]


def _amara_mail() -> list[Item]:
    named = [
        *_subject_names([routine.DIGEST, routine.FORWARD, routine.SURVEY_PACK, routine.EVIDENCE]),
        ("2024-02-16 shortfall", thread.NOTICE),
        ("2024-03-25 Осмотр цепи", routine.RUSSIAN),
        ("2024-04-21 وصول السفينة", routine.ARABIC),
        ("2024-01-30 报价与交货期", routine.CHINESE),
        ("2024-03-06 copier 1", routine.COPIER_1),
        ("2024-03-06 copier 2", routine.COPIER_2),
        *_subject_names(routine.AMARA_MAIL),
    ]
    counsel = _subject_names([thread.P1, thread.P2, thread.P3, thread.P5, thread.P6, thread.P10])
    return _mails("mail", named, AMARA.address) + _mails("mail/counsel", counsel, AMARA.address)


def _lev_mail() -> list[Item]:
    copies = [routine.SURVEY_PACK, thread.P3, routine.RUSSIAN]
    notice = replace(
        _received(LEV.address, 77, thread.NOTICE), utc=True, shout=True, salt="third way"
    )
    return [
        *_mails("mail", _subject_names(routine.LEV_MAIL), LEV.address),
        *_mails(
            "mail",
            [("FW harbour dues", routine.NAMED_FORWARD), ("market note", routine.MARKET)],
            LEV.address,
        ),
        *_mails(
            "mail/counsel",
            _subject_names([thread.P4, thread.P7, thread.P8, thread.P9, thread.T13]),
            LEV.address,
        ),
        eml("mail/received/notice.eml", thread.NOTICE, notice),
        *(
            eml(f"mail/received/copy {n}.eml", mail, _received(LEV.address, 80 + n, mail))
            for n, mail in enumerate(copies, 1)
        ),
    ]


def _amara_box() -> Item:
    thread_mails = [
        thread.T1, thread.T2, thread.T3, thread.T4, thread.T5, thread.T6, thread.T7, thread.T8,
        thread.T9, thread.T10, thread.T11, thread.T12,
    ]  # fmt: skip
    mails = sorted([*thread_mails, *routine.BOX_ONLY, thread.NOTICE], key=lambda m: m.sent)
    return mbox("mail/inbox.mbox", [(mail, Wire(body="8bit", salt="box")) for mail in mails])


def _lev_box() -> Item:
    shared = [thread.T1, thread.T4, thread.T5, thread.T8, thread.T9, thread.T10]
    mails = sorted([*shared, *routine.LEV_BOX_ONLY], key=lambda m: m.sent)
    return mbox(
        "mail/archive.mbox",
        [(mail, _received(LEV.address, 30 + n, mail)) for n, mail in enumerate(mails)],
    )


def _project_archive() -> Item:
    inner = zip_item(
        "inner.zip",
        [
            plain("notes/crane.txt", "The gantry at Eastlock is out of order until further notice."
                  "\nUse the floating crane instead.\n"),
            word("notes/old draft.docx", "Old draft of the frame contract\n"
                 + Writer("old draft").paragraph("contract", 6)),
            workbook("costs.xlsx", {"Costs": [["Line", "EUR"], ["Lighterage", 4150],
                                              ["Stevedores", 2790]]}),
        ],
    )  # fmt: skip
    return zip_item(
        "archive/project archive.zip",
        [
            plain("readme.txt", "Papers of the project up to the end of 2023.\n"),
            inner,
            eml("mail/frame contract.eml", routine.OLD_MAIL),
            eml("mail/frame contract answer.eml", routine.OLD_MAIL_2, Wire(body="base64")),
            text_pdf("papers/tender.pdf", "Tender", [
                f"Tender, part {n}\n\n" + Writer(f"tender {n}").paragraph("price", 6)
                for n in (1, 2)
            ]),
            replace(DELIVERY_LOG, name="papers/delivery log copy.csv"),
        ],
    )  # fmt: skip


def _amara_files() -> list[Item]:
    drafts = [("1", "8", "1", "5", "250,000"), ("2", "8", "2", "5", "250,000"),
              ("3", "10", "2", "7", "250,000"), ("4", "10", "2", "7", "400,000"),
              ("5", "10", "3", "7", "400,000")]  # fmt: skip
    return [
        *(
            _at("contracts", agreement(f"supply agreement draft {draft[0]}.docx", *draft[1:]))
            for draft in drafts
        ),
        _at("contracts", SIGNED),
        _at("contracts", TERMS),
        _at("contracts", PRICES),
        word(
            "contracts/amendment 1.docx",
            "Amendment 1 to NC-2023-117\nThe parties amend the agreement as follows.\n"
            + Writer("amendment").paragraph("contract", 4)
            + "\nAll other terms stay in force.",
            revision=("within thirty days", "within twenty-one days"),
            comment="Ottoline should check this against the tariff.",
        ),
        damaged(word("contracts/side letter.docx", "Side letter\nThis text is lost.")),
        _at("deliveries", DELIVERY_LOG),
        _at("deliveries", FAX),
        _at("deliveries", PHOTO),
        _at("deliveries", SCREEN),
        word(
            "deliveries/lot report.docx",
            "Report on lot LH-8841\n" + Writer("lot").paragraph("quality", 5),
            image=GAUGE,
        ),
        plain(
            "deliveries/portal page.html",
            "<html><head><title>Portal</title></head><body><h1>Call-off 14</h1>"
            "<p>Closed by the supplier without <b>acknowledgement</b>.</p></body></html>\n",
        ),
        _at("board", BRIEFING),
        _at("board", MINUTES),
        encrypted_office(
            word("board/reserve memo.docx", "Reserve memo\nEUR 310,000 stay ringfenced for the "
                 "claim.\n" + Writer("reserve").paragraph("accounts", 4)),
            PASSWORDS[0], listed=True,
        ),
        aes_zip_item("board/settlement.zip", [
            plain("offer.txt", "Our last offer: EUR 120,000, held in escrow until signature.\n"),
            workbook("figures.xlsx", {"Figures": [["Scenario", "EUR"], ["Best", 210000],
                                                  ["Worst", 35000]]}),
        ], PASSWORDS[1]),
        plain("foreign/Письмо сюрвейера.txt",
              "Письмо сюрвейера\n\nСудно прибыло в порт. Цепь хранится под навесом.\n"
              "Прошу подтвердить дату осмотра. Ирина Соколова\n"),
        plain("foreign/رسالة ليلى حداد.txt",
              "رسالة من ليلى حداد\n\nنرجو تأكيد موعد الفحص قبل نهاية الأسبوع.\n"),
        plain("foreign/陈美玲 备忘录.txt",
              "备忘录\n\n锚链在十二月完成试验，陈美玲女士负责签发证书。\n", "utf-16", "\r\n"),
        plain("foreign/Rückfrage Häfen.txt",
              "Rückfrage wegen der Häfen\n\nBitte prüfen Sie die Liegegebühren – 1.250 € "
              "erscheinen uns zu hoch.\n", "cp1252", "\r\n"),
        _project_archive(),
        *_amara_mail(),
        _amara_box(),
    ]  # fmt: skip


def _lev_files() -> list[Item]:
    report = [f"Class report, part {n}\n\n" + Writer(f"class {n}").paragraph("quality", 6)
              for n in range(1, 9)]  # fmt: skip
    return [
        word(
            "technical/stock overview.docx",
            "Stock overview\nThe table behind the icon is current.\n"
            + Writer("stock").paragraph("planning", 3),
            author="Lev Brandt",
            book=EMBEDDED_BOOK,
            rows=[["Store", "Keeper"], ["Eastlock", "Bram Castell"], ["Port Oslin", "Ines Marrow"]],
        ),
        _at("technical", MIXED),
        cut_short("technical/class report.pdf", report),
        encrypted_office(
            word("technical/private notes.docx", "Private notes\nNobody can read this."),
            _UNLISTED_PASSWORD, listed=False,
        ),
        Item("technical/engine trace.dat", seeded("engine trace").randbytes(6000), "dat",
             exception="unsupported"),
        Item("technical/pressure log.txt", b"", "empty"),
        plain("technical/corrosion notes.txt",
              "Notes on corrosion\n\n" + Writer("corrosion").paragraph("quality", 5)
              + "\n\nThe corroded studs were cleaned with a wire brush.\n"),
        _at("technical", PHOTO, "chain photo.jpg"),
        _at("from amara", TERMS),
        _at("from amara", agreement("draft two.docx", "8", "2", "5", "250,000"), "draft two.docx"),
        _at("from amara", DELIVERY_LOG, "log.csv"),
        zip_item("survey.zip", [
            plain("Протокол.txt", "Протокол осмотра\n\nПодпись: Ирина Соколова\n"),
            word("survey/checklist.docx", "Checklist for the survey\n"
                 + Writer("checklist").paragraph("planning", 5), author="Lev Brandt"),
            replace(SCREEN, name="survey/screen.png"),
        ]),
        *_lev_mail(),
        _lev_box(),
    ]  # fmt: skip


def custodians() -> list[Custodian]:
    """The custodians in the order in which they are processed, files in byte order."""
    found = []
    for folder, person, files in (
        ("amara-okafor", AMARA, _amara_files()),
        ("lev-brandt", LEV, _lev_files()),
    ):
        ordered = sorted(files, key=lambda item: [part.encode() for part in item.name.split("/")])
        found.append(Custodian(folder, person, tuple(ordered)))
    return found
