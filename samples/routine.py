"""The everyday mail around the quarrel."""

import datetime as dt

from samples.archives import zip_item
from samples.facts import (
    AMARA,
    CEST,
    CET,
    CHEN,
    COPIER,
    CST,
    EST,
    GMT,
    GST,
    IRINA,
    IST,
    LAYLA,
    LEV,
    MASTER,
    MSK,
    NEWS,
    PELLOW,
    QUILL,
    SUNNIVA,
    Person,
    at,
)
from samples.loose import CERTIFICATE, GAUGE, LOGO, MIXED, SCREEN
from samples.mail import Mail, Nested, Part, to_html
from samples.office import word, workbook
from samples.prose import Writer, signature
from samples.scans import scanned_pdf, text_pdf
from samples.tree import plain


def simple(
    sender: Person, to: Person, subject: str, sent: str, topics: str, *own: str,
    parts: tuple[Part | Nested, ...] = (), zone: dt.timezone = CET, cc: tuple[Person, ...] = (),
) -> Mail:  # fmt: skip
    """A mail with a body from the sentence patterns."""
    body = Writer(f"{subject} {sent}").letter(to, sender, topics, *own)
    return Mail(sender, (to,), subject, at(sent, zone), body, cc=cc, parts=parts)


def report(name: str, topics: str) -> Part:
    """A one-page Word report as an attachment."""
    lines = [Writer(f"{name} {topic}").paragraph(topic, 4) for topic in topics.split()]
    return Part(word(name, "\n".join([name.removesuffix(".docx").capitalize(), *lines])))


AMARA_MAIL = [
    simple(QUILL, AMARA, "Stores for January", "2024-01-08 09:12", "delivery planning", zone=GMT),
    simple(AMARA, PELLOW, "Price list 2024", "2024-01-15 16:20", "price",
           parts=(report("price comment.docx", "price price"),)),
    simple(PELLOW, AMARA, "Re: Price list 2024", "2024-01-17 10:02", "price accounts", zone=GMT),
    simple(SUNNIVA, AMARA, "Open invoice items", "2024-03-20 08:30", "accounts",
           "Two invoice items are still open, one of them for a hawser we sent back.",
           parts=(Part(workbook("open items.xlsx", {"Items": [
               ["Invoice", "Vessel", "EUR"], ["NM-4471", "MV Slate Heron", 2940],
               ["NM-4480", "MV Amber Petrel", 5100]]})),)),
    simple(MASTER, AMARA, "Bunker and stores", "2024-04-18 05:55", "planning delivery",
           "We drop anchor at noon; the anchor swivel was greased this morning.", zone=GST),
    simple(AMARA, MASTER, "Re: Bunker and stores", "2024-04-18 11:40", "planning", zone=CEST),
    simple(QUILL, AMARA, "Return of the second coil", "2024-05-14 15:31", "delivery",
           "The hawser goes back to Port Oslin at our cost.", zone=GMT,
           parts=(Part(text_pdf("return note.pdf", "Return note", ["Return note 118\n\n"
                  "One coil returned unused.\n" + Writer("return").paragraph("delivery", 3)])),)),
    simple(PELLOW, AMARA, "Without prejudice: credit note", "2024-06-03 12:00", "accounts price",
           zone=GMT),
]  # fmt: skip

LEV_MAIL = [
    simple(LEV, MASTER, "Winch inspection", "2024-01-22 07:50", "quality planning",
           cc=(AMARA,)),
    simple(MASTER, LEV, "Re: Winch inspection", "2024-01-23 04:18", "quality",
           "The report with my remarks is attached.", parts=(Part(MIXED),), zone=IST),
    simple(LEV, QUILL, "Spare swivel for the Heron", "2024-02-27 13:05", "delivery",
           "Please add one swivel and a spare anchor shackle to the next load."),
    simple(QUILL, LEV, "Re: Spare swivel for the Heron", "2024-02-28 09:09", "delivery planning",
           "You ask for proof of dispatch first, which I understand after a winter in which so "
           "much went astray and nobody could say where; it will come before the load does.",
           zone=GMT),
    simple(LEV, SUNNIVA, "Dry dock budget", "2024-03-14 18:44", "accounts price",
           parts=(Part(workbook("dry dock budget.xlsx", {
               "Budget": [["Line", "EUR"], ["Steel renewal", 88000], ["Chain survey", 6500]],
               "Remarks": [["Line", "Remark"], ["Chain survey", "after Varnhaven"]]},
               author="Lev Brandt")),)),
    simple(SUNNIVA, LEV, "Re: Dry dock budget", "2024-03-15 10:10", "accounts"),
    simple(LEV, PELLOW, "Rejected links", "2024-04-03 09:27", "quality",
           "Corroded pieces stay with us until the surveyor has seen them.",
           parts=(Part(GAUGE), Part(plain("readings.txt", "Link 3: 1480\nLink 7: 1210\n"
                  "Link 9: below the scale\n", eol="\r\n"))), zone=CEST),
    simple(PELLOW, LEV, "Re: Rejected links", "2024-04-04 08:15", "quality contract", zone=GMT),
    simple(LEV, MASTER, "Joining at Marsa Noor", "2024-05-21 06:30", "planning", zone=CEST),
    simple(LEV, AMARA, "Handover before leave", "2024-07-01 17:17", "planning quality",
           parts=(report("handover notes.docx", "planning quality delivery"),), zone=CEST),
]  # fmt: skip

# Sent by one machine in one second: only the attachments tell these two apart.
COPIER_1, COPIER_2 = (
    Mail(COPIER, (AMARA,), "Scan from copier", at("2024-03-06 11:20"), "Please see attached.\n",
         parts=(Part(scan),))
    for scan in (
        scanned_pdf("scan0001.pdf", ["Delivery receipt\n\nTen drums of grease, signed at a gate.\n"
                                     "Clerk on duty: Ottoline Reyes"]),
        scanned_pdf("scan0002.pdf", ["Customs release\n\nConsignment cleared, no duty payable.\n"
                                     "Officer: Bram Castell"]),
    )
)  # fmt: skip

_DIGEST = (
    "Harbour Digest, week 13\n\nCongestion at Eastlock eases.\n\nNew pilotage tariff from April: "
    "tankers pay more, coasters pay less.\n\nYou receive this letter because you signed up.\n"
)
DIGEST = Mail(
    NEWS, (AMARA,), "Harbour Digest 13/2024", at("2024-03-28 06:00", GMT), _DIGEST,
    html=to_html(
        _DIGEST,
        '<img src="cid:logo.1@harbourdigest.example" width="230" alt="">',
        '<img src="http://tracker.example/open.gif?reader=4711" width="1" height="1" alt="">',
    ),
    parts=(Part(LOGO, cid="logo.1@harbourdigest.example"),),
)  # fmt: skip
_MARKET = "Freight market note\n\nTime charter rates fell for the third week in a row.\n"
MARKET = Mail(
    NEWS, (LEV,), "Freight market note", at("2024-05-03 06:00", EST), _MARKET,
    html=to_html(_MARKET), html_only=True,
)  # fmt: skip

_FROM_WORKS = Mail(
    CHEN, (PELLOW,), "Certificate LH-8841 证书", at("2024-02-19 10:05", CST),
    "Dear Gareth,\n\nattached the certificate. 请查收附件，如有问题请联系陈美玲。\n\n"
    + signature(CHEN) + "\n",
    parts=(Part(CERTIFICATE),),
)  # fmt: skip
_FROM_SELLER = Mail(
    PELLOW, (LEV,), "FW: Certificate LH-8841", at("2024-02-19 08:40", GMT),
    "Lev,\n\nas promised, straight from the works.\n\n" + signature(PELLOW) + "\n",
    parts=(Nested(_FROM_WORKS),),
)  # fmt: skip
FORWARD = Mail(
    LEV, (AMARA,), "FW: FW: Certificate LH-8841", at("2024-02-20 08:05"),
    "Amara,\n\nplease file the chain below. The heat numbers do not match the links.\n\n"
    + signature(LEV) + "\n",
    parts=(Nested(_FROM_SELLER),
           Part(plain("heat.txt", "Heat numbers on the links: 7712, 7713, 7719\n"), naming="none")),
)  # fmt: skip
NAMED_FORWARD = Mail(
    AMARA, (LEV,), "FW: harbour dues", at("2024-04-25 09:30", CEST),
    "For information; the tariff is in the attached message.\n\n" + signature(AMARA) + "\n",
    parts=(Nested(simple(LAYLA, AMARA, "Harbour dues Marsa Noor", "2024-04-24 14:00",
                         "accounts", "The dues rise by four per cent in May.", zone=GST),
                  "harbour dues.eml"),),
)  # fmt: skip

RUSSIAN = Mail(
    IRINA, (AMARA,), "Осмотр якорной цепи в порту", at("2024-03-25 15:40", MSK),
    "Уважаемая Амара!\n\nОсмотр показал, что сварка распорок выполнена плохо. Четыре звена "
    "покрыты ржавчиной. Отчёт и таблица замеров приложены.\n\nС уважением,\nИрина Соколова\n",
    cc=(LEV,),
    parts=(
        Part(word("Отчёт об осмотре.docx",
                  "Отчёт об осмотре цепи\nСудно: Amber Petrel. Порт: Varnhaven.\n"
                  "Звенья с номерами 3, 7, 9 и 12 не соответствуют требованиям.",
                  author="Ирина Соколова"), naming="rfc2231"),
        Part(plain("замеры.csv", "звено,диаметр\n3,44\n7,43\n9,41\n12,44\n"),
             naming="rfc2047"),
    ),
)  # fmt: skip
ARABIC = Mail(
    LAYLA, (AMARA,), "وصول السفينة إلى الميناء", at("2024-04-21 10:10", GST),
    "السيدة أمارا،\n\nوصلت السفينة صباح اليوم. تم تخزين السلاسل في المستودع رقم ٥.\n\n"
    "مع التحية،\nليلى حداد\n",
    parts=(Part(plain("إيصال المستودع.txt", "إيصال المستودع\nعدد القطع: أربع\n"),
                naming="rfc2231"),),
)  # fmt: skip
CHINESE = Mail(
    CHEN, (AMARA,), "报价与交货期", at("2024-01-30 17:25", CST),
    "您好，\n\n附件是新的报价单。交货期为六周。\n\n陈美玲\n蓝海锚链厂\n",
    parts=(Part(workbook("报价单.xlsx", {"报价": [["品名", "单价"], ["锚链", 1880], ["卸扣", 96]]},
                         author="陈美玲"), naming="rfc2047"),),
)  # fmt: skip
SURVEY_PACK = Mail(
    LEV, (AMARA, SUNNIVA), "Survey pack, zipped", at("2024-04-29 19:02", CEST),
    Writer("pack").letter(AMARA, LEV, "quality", "All survey papers so far, in one archive."),
    parts=(Part(zip_item("survey pack.zip", [
        word("survey/summary.docx", "Survey summary\nLinks 3, 7, 9 and 12 are to be replaced.\n"
             + Writer("summary").paragraph("quality", 5), author="Lev Brandt"),
        plain("survey/points.txt", "Measured points: stud, crown, shoulder.\n"),
    ])),),
)  # fmt: skip
EVIDENCE = Mail(
    LEV, (AMARA,), "Tracking, table and page", at("2024-03-07 08:21"),
    Writer("evidence").letter(AMARA, LEV, "delivery", "Three exhibits for the file."),
    parts=(
        Part(SCREEN),
        Part(plain("pallets.csv", "pallet;weight\n3;410\n4;388\n"), coding="quoted-printable"),
        Part(plain("status page.html", "<html><head><title>Status</title></head><body><h1>Shipment "
                   "5514-K</h1><p>Held for inspection by the veterinary office.</p></body></html>\n"
                   )),
    ),
)  # fmt: skip
OLD_MAIL = simple(
    PELLOW, AMARA, "Frame contract, autumn", "2023-10-04 10:00", "contract price", zone=GMT
)
OLD_MAIL_2 = simple(AMARA, PELLOW, "Re: Frame contract, autumn", "2023-10-06 14:45", "contract")
BOX_ONLY = [
    simple(LAYLA, AMARA, "Agency fees", "2024-01-19 12:12", "accounts", zone=GST),
    simple(AMARA, LEV, "Holiday cover", "2024-02-21 09:09", "planning"),
    simple(QUILL, AMARA, "Packing photos", "2024-02-22 16:16", "delivery", zone=GMT,
           parts=(report("packing remarks.docx", "delivery"),)),
]  # fmt: skip
LEV_BOX_ONLY = [
    simple(IRINA, LEV, "Survey dates", "2024-03-18 11:11", "planning quality", zone=MSK),
    simple(LEV, MASTER, "Spare parts for the mooring winch", "2024-03-27 20:20", "delivery"),
    simple(MASTER, LEV, "Damage list", "2024-05-27 03:03", "quality", zone=EST,
           parts=(Part(plain("damage list.txt", "1. dented bulwark\n2. torn awning\n"
                             "3. cracked sidelight\n")),)),
]  # fmt: skip
