"""Errors that stop a command, each with the exit code that scripts may rely on.

Trouble with an *input* is never one of these: it is recorded with the document (see
`records.codes`) and the run goes on. The table in docs/exit-codes.md is compared with this
module by a test.
"""

import errno
import tempfile
from pathlib import Path


class RedwellError(Exception):
    """What happened, to what, and what to try; shown to the user without a traceback."""

    exit_code = 70


class CaseNotFoundError(RedwellError):
    """No case folder at the place named, or at none above it."""

    exit_code = 10


class CaseExistsError(RedwellError):
    """`init` was asked to make a case where there is something already, or inside a case."""

    exit_code = 11


class CaseBusyError(RedwellError):
    """Another process is writing to this case."""

    exit_code = 12


class SettingError(RedwellError):
    """A setting, in case.toml, the environment or a flag, that cannot be taken."""

    exit_code = 13


class RoleError(RedwellError):
    """Somebody whose role in the case does not allow the act, or a user who cannot be."""

    exit_code = 14


class SourceError(RedwellError):
    """A source of evidence, a password list or a list of known files that cannot be read at all."""

    exit_code = 20


class CustodianError(RedwellError):
    """A custodian that the case does not know, or knows already, or a blank name."""

    exit_code = 21


class SourceChangedError(RedwellError):
    """A source no longer holds all that was collected from it; the collection stands."""

    exit_code = 22


class CustodyError(RedwellError):
    """A collection that is not there or not complete, or a place where no bag of it can be made."""

    exit_code = 23


class SchedulerError(RedwellError):
    """The Dask scheduler does not answer, or cannot serve this case."""

    exit_code = 30


class ToolMissingError(RedwellError):
    """An outside program that the work cannot do without is not installed."""

    exit_code = 31


class DiskFullError(RedwellError):
    """No room left where the case writes."""

    exit_code = 32


class ReplacementError(RedwellError):
    """A document that no file can be put in the place of, or a file that cannot stand there."""

    exit_code = 33


class OutputError(RedwellError):
    """A file to be written that is there already, or a place where nothing can be written."""

    exit_code = 34


def raise_if_full(error: BaseException, where: Path | None = None) -> None:
    """Raise `DiskFullError` for an error that says so: trouble of ours, of no document.

    `where` was written to; without it or a name in the error it was the temporary folder.
    """
    if isinstance(error, DiskFullError):
        raise error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = error.filename or where or tempfile.gettempdir()
        way = "" if where else ", or point TMPDIR to a larger disk,"
        raise DiskFullError(
            f"No room left in {place}: {error.strerror}. Make room{way} and run the same command "
            "again"
        ) from error


class QueryError(RedwellError):
    """A query that cannot be read."""

    exit_code = 40


class TagError(RedwellError):
    """A tag, group, note or act that is not there, or a rule of tags that would be broken."""

    exit_code = 41


class SelectionError(RedwellError):
    """Ids, Bates numbers or a list of them that name no document."""

    exit_code = 42


class IndexStateError(RedwellError):
    """The index holds nothing yet, is damaged or cannot be opened."""

    exit_code = 43


class IndexCheckError(RedwellError):
    """`index check` found the index damaged, or other than the record says."""

    exit_code = 44


class CullError(RedwellError):
    """A culling rule that is not there, whose name is taken, or that says nothing."""

    exit_code = 45


class PeopleError(RedwellError):
    """An address that stands in no mail, or a person without a name."""

    exit_code = 46


class TermListError(RedwellError):
    """Terms of a list that cannot be read or answered; the report names them and has the rest."""

    exit_code = 47


class ReviewError(RedwellError):
    """A batch, a set or a sample that is not there, or in a state that does not allow the act."""

    exit_code = 48


class CounselError(RedwellError):
    """Counsel that cannot be put on record, is there already or is not there."""

    exit_code = 49


class SavedSearchError(RedwellError):
    """A saved search that is not there, whose name is taken, or that others rest on."""

    exit_code = 53


class SampleError(RedwellError):
    """A sample that is not there or cannot be drawn, or whose documents are not coded yet."""

    exit_code = 54


class LearningError(RedwellError):
    """Learning that is not there, or in a state that does not allow the act."""

    exit_code = 55


class ProductionError(RedwellError):
    """A production that is not there, or in a state that does not allow the act."""

    exit_code = 50


class SpecificationError(RedwellError):
    """A production specification that would not load at the other side."""

    exit_code = 51


class CheckFailedError(RedwellError):
    """A volume that does not hold what a receiving party checks."""

    exit_code = 52


class RedactionError(RedwellError):
    """A redaction, page or code that is not there, or one drawn on pages that are others now."""

    exit_code = 58


class ReceiptError(RedwellError):
    """A received volume that is not there, cannot be read as one, or is here already."""

    exit_code = 59


class AuditError(RedwellError):
    """The audit chain does not hold: the record was changed behind the program."""

    exit_code = 60


class StoreError(RedwellError):
    """The store lacks a blob, or holds one whose bytes are not those of its name."""

    exit_code = 61


class DamageError(RedwellError):
    """`verify store` found blobs or manifests missing, damaged or other than on record."""

    exit_code = 63


class DatabaseError(RedwellError):
    """The case database cannot be opened, or is of another version."""

    exit_code = 62
