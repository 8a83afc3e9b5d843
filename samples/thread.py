"""The quarrel itself: the Varnhaven thread, the notice and the mail with counsel."""

from samples.facts import (
    ABARA,
    AMARA,
    CEST,
    CHEN,
    CST,
    EST,
    GMT,
    LEV,
    MASTER,
    PELLOW,
    QUILL,
    SUNNIVA,
    THORNE,
    at,
)
from samples.loose import COUNT_SHEET, MEMO_LIABILITY, MEMO_LIMIT, NOTICE_LETTER, WITNESS
from samples.mail import Mail, Part, to_html
from samples.prose import Writer, signature
from samples.tree import plain

_RE = "Re: Varnhaven call-off 14"

T1 = Mail(
    PELLOW, (AMARA,), "Varnhaven call-off 14", at("2024-02-05 08:41", GMT),
    Writer("t1").letter(
        AMARA, PELLOW, "delivery",
        "Call-off 14 under NC-2023-117 is on its way: 24 kenter links, 12 swivel pieces and "
        "two shots of stud-link chain for MV Amber Petrel.",
    ),
    cc=(QUILL, LEV),
)  # fmt: skip
T2 = Mail(
    AMARA, (PELLOW,), _RE, at("2024-02-07 10:15"),
    "Gareth,\n\nThe lorry was unloaded at 07:30. We count 18 kenter links where your list says 24, "
    "and one swivel fewer than ordered.\n\n>From the packing list: 24 + 12 + 2 shots\n"
    "From the quay: 18 + 11 + 2 shots\n\nPlease tell me where the rest is. The charterer has "
    f"already mentioned demurrage.\n\n{signature(AMARA)}\n",
    cc=(QUILL, LEV), answers=T1,
)  # fmt: skip
T3 = Mail(
    QUILL, (AMARA,), _RE, at("2024-02-07 11:02", GMT),
    Writer("t3").letter(AMARA, QUILL, "delivery", "Our gate record shows a full load leaving."),
    cc=(PELLOW,), answers=T2,
)  # fmt: skip
T4 = Mail(
    LEV, (PELLOW,), _RE, at("2024-02-07 16:48"),
    "Gareth,\n\nLeaving the count aside: four links show deep corrosion at the stud. Metal this "
    "new does not look like that. Which lot is it, and did it pass the proof load test?\n\n"
    f"{signature(LEV)}\n",
    cc=(AMARA,), answers=T2,
)  # fmt: skip
T5 = Mail(
    PELLOW, (LEV,), _RE, at("2024-02-08 09:20", GMT),
    "Lev,\n\nThe lot is LH-8841. The mill tells us that the load of the proof test was 1,480 kN "
    "and that all pieces passed. I have asked them for the certificate.\n\n"
    f"{signature(PELLOW)}\n\n> Which lot is it\n",
    cc=(AMARA, CHEN), answers=T4,
)  # fmt: skip
T6 = Mail(
    AMARA, (QUILL,), _RE, at("2024-02-08 12:31"),
    Writer("t6").letter(QUILL, AMARA, "delivery", "A gate record is no proof of what arrived."),
    answers=T3,
)  # fmt: skip
T7 = Mail(
    QUILL, (AMARA,), _RE, at("2024-02-09 15:05", GMT),
    Writer("t7").letter(AMARA, QUILL, "planning", "Attached is our own count, pallet by pallet."),
    parts=(Part(plain("gate count.csv", "pallet,article,pieces\nP1,kenter link,12\n"
                      "P2,kenter link,6\nP3,swivel piece,11\nP4,spare gasket,40\n")),),
    answers=T6,
)  # fmt: skip
T8 = Mail(
    LEV, (AMARA,), "Re: Varnhaven call-off 14 (internal)", at("2024-02-08 17:55"),
    Writer("t8").letter(AMARA, LEV, "quality", "Between us: I would not anchor on this chain."),
    answers=T5,
)  # fmt: skip
T9 = Mail(
    AMARA, (LEV,), "Re: Varnhaven call-off 14 (internal)", at("2024-02-09 08:10"),
    Writer("t9").letter(LEV, AMARA, "planning", "Agreed. Keep every corroded link under seal."),
    cc=(SUNNIVA,), answers=T8,
)  # fmt: skip
T10 = Mail(
    CHEN, (PELLOW, LEV), _RE, at("2024-02-09 16:30", CST),
    "Dear all,\n\nLot LH-8841 was tested at our works on 12 December. 证书由陈美玲签发。\n"
    "I will send the scan of the certificate on Monday.\n\n" + signature(CHEN) + "\n",
    cc=(AMARA,), answers=T5,
)  # fmt: skip
T11 = Mail(
    AMARA, (SUNNIVA,), "Re: Varnhaven call-off 14 (cost)", at("2024-02-12 09:00"),
    Writer("t11").letter(
        SUNNIVA, AMARA, "accounts", "Please reserve EUR 48,000 for demurrage and idle time."
    ),
    answers=T7,
)  # fmt: skip
T12 = Mail(
    SUNNIVA, (AMARA,), "Re: Varnhaven call-off 14 (cost)", at("2024-02-12 17:22", EST),
    Writer("t12").letter(AMARA, SUNNIVA, "accounts"), answers=T11,
)  # fmt: skip
T13 = Mail(
    LEV, (THORNE,), "Re: Varnhaven call-off 14 (internal)", at("2024-02-13 07:45"),
    Writer("t13").letter(THORNE, LEV, "quality", "Privileged. You asked what I saw on board."),
    cc=(AMARA,), answers=T9,
)  # fmt: skip

_NOTICE_BODY = (
    "Dear Mr Pellow,\n\nThis is our notice of shortfall under clause 9 of NC-2023-117: six kenter "
    "links and one swivel piece of call-off 14 are missing, and four links of lot LH-8841 are "
    "rejected.\n\nThe count sheet and our formal letter are attached. Please reply within seven "
    f"days.\n\nYours sincerely,\n{signature(AMARA)}\n"
)
NOTICE = Mail(
    AMARA, (PELLOW, QUILL), "Notice of shortfall – Varnhaven", at("2024-02-16 14:05"),
    _NOTICE_BODY, cc=(LEV,), html=to_html(_NOTICE_BODY),
    parts=(Part(NOTICE_LETTER), Part(COUNT_SHEET)),
)  # fmt: skip

P1 = Mail(
    AMARA, (THORNE,), "Northmoor: request for advice", at("2024-02-14 18:20"),
    Writer("p1").letter(
        THORNE, AMARA, "contract",
        "I ask for legal advice on whether a notice of shortfall must be served by courier.",
    ),
    cc=(LEV,),
)  # fmt: skip
P2 = Mail(
    THORNE, (AMARA,), "Re: Northmoor: request for advice", at("2024-02-15 09:31", GMT),
    Writer("p2").letter(
        AMARA, THORNE, "contract",
        "Privileged and confidential. Mail is enough, but send a courier copy as well. Our short "
        "memorandum on liability is attached.",
    ),
    cc=(ABARA,), parts=(Part(MEMO_LIABILITY),), answers=P1,
)  # fmt: skip
P3 = Mail(
    ABARA, (AMARA, LEV), "Arbitration venue", at("2024-03-11 13:12", GMT),
    Writer("p3").letter(
        AMARA, ABARA, "contract",
        "Attorney-client communication. The arbitration clause is silent on the venue; Port Oslin "
        "and Eastlock are both arguable.",
    ),
    cc=(THORNE,),
)  # fmt: skip
P4 = Mail(
    LEV, (ABARA,), "Re: Arbitration venue", at("2024-03-12 08:03"),
    Writer("p4").letter(ABARA, LEV, "planning", "Eastlock suits the witnesses better."),
    cc=(AMARA,), answers=P3,
)  # fmt: skip
P5 = Mail(
    THORNE, (AMARA, SUNNIVA), "Limitation of the supplier's liability",
    at("2024-04-09 17:40", CEST),
    Writer("p5").letter(
        SUNNIVA, THORNE, "contract",
        "Privileged. Clause 12 caps consequential loss, and demurrage may well fall under it.",
    ),
    parts=(Part(MEMO_LIMIT),),
)  # fmt: skip
P6 = Mail(
    SUNNIVA, (THORNE,), "Re: Limitation of the supplier's liability", at("2024-04-10 07:15", CEST),
    Writer("p6").letter(THORNE, SUNNIVA, "accounts", "Then what should the accounts show?"),
    cc=(AMARA,), answers=P5,
)  # fmt: skip
P7 = Mail(
    ABARA, (LEV,), "Draft witness statement", at("2024-05-06 10:50", CEST),
    Writer("p7").letter(
        LEV, ABARA, "quality",
        "Prepared for the purpose of the proceedings. Please correct the draft freely; nothing in "
        "it is final.",
    ),
    parts=(Part(WITNESS),),
)  # fmt: skip
P8 = Mail(
    LEV, (ABARA,), "Re: Draft witness statement", at("2024-05-08 21:33", CEST),
    Writer("p8").letter(ABARA, LEV, "quality", "Two dates were wrong; the rest I can stand by."),
    answers=P7,
)  # fmt: skip
P9 = Mail(
    THORNE, (AMARA, LEV), "Litigation hold", at("2024-03-01 12:00", GMT),
    Writer("p9").letter(
        AMARA, THORNE, "contract",
        "Privileged. Keep all mail, logs and photographs about NC-2023-117; delete nothing.",
    ),
    cc=(SUNNIVA, MASTER),
)  # fmt: skip
P10 = Mail(
    AMARA, (ABARA,), "Re: Arbitration venue", at("2024-03-12 09:44"),
    Writer("p10").letter(ABARA, AMARA, "planning", "I side with Lev on this."),
    cc=(LEV,), answers=P4,
)  # fmt: skip
