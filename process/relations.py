"""What documents have to do with each other: near-duplicates, languages, threads, people.

Exact duplicates are related in the transaction that writes their families (`process.relate`).
Everything here is derived from committed rows and texts, only as far as new ones have an effect; a
run that is cut off is made good by the next.
"""

from dataclasses import dataclass

from process.analyse import analyse
from process.near import relate_near
from process.threads_run import relate_mail
from records.case import Case
from records.engine import Engine


@dataclass(frozen=True, slots=True)
class Relations:
    """What a run did (`texts`, `mails`), and how the case stands: all else.

    `near_groups` hold `near_documents`, principals included. `threads` are those of several mails;
    of all mails `inclusive_mails` are to be read, `contained_mails` are wholly in another, and
    `spare_mails` are like another. `people` have `addresses`.
    """

    texts: int
    mails: int
    near_groups: int
    near_documents: int
    threads: int
    inclusive_mails: int
    contained_mails: int
    spare_mails: int
    people: int
    addresses: int


def relate_case(case: Case, engine: Engine) -> Relations:
    """Bring all relations up to date, within the case's lock."""
    texts = analyse(case, engine).texts
    near = relate_near(case)
    mail = relate_mail(case, engine)
    return Relations(
        texts=texts,
        mails=mail.threads.fresh,
        near_groups=near.groups,
        near_documents=near.documents,
        threads=mail.threads.of_several,
        inclusive_mails=mail.judged.inclusive,
        contained_mails=mail.judged.contained,
        spare_mails=mail.judged.spares,
        people=mail.people.people,
        addresses=mail.people.addresses,
    )
