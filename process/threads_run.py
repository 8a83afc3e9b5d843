"""Relates the mails of a case: people, threads, and what is inclusive in them."""

from dataclasses import dataclass

from process.people import PeopleSummary, relate_people
from process.threads import ThreadSummary, note_keys, relate_threads
from process.threads_judged import JudgedSummary, judge_threads
from records.case import Case
from records.engine import Engine


@dataclass(frozen=True, slots=True)
class MailRelations:
    """What a run found out, and how the case stands."""

    people: PeopleSummary
    threads: ThreadSummary
    judged: JudgedSummary


def relate_mail(case: Case, engine: Engine) -> MailRelations:
    """Bring all relations of the case's mails up to date, as far as new or changed mails reach.

    Within the case's lock. People come before threads: the mark that a mail is done is set with its
    thread. A run that is cut off is made good by the next one.
    """
    fresh = note_keys(case)
    people = relate_people(case, fresh)
    threads = relate_threads(case, fresh)
    return MailRelations(people, threads, judge_threads(case, engine))
