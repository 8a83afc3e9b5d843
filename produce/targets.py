"""Folders that commands of production make where their user says."""

import os
from pathlib import Path

from ingest.plan import own_folders
from records.case import Case
from records.errors import ProductionError


def new_folder(case: Case, folder: Path, what: str) -> Path:
    """The place of a folder to be made for `what`, as "the delivery"; nothing is made yet.

    Raises `ProductionError` for one in the case's own folders, one that is there already, and one
    whose parent is not there.
    """
    target = folder.absolute()
    if any(ours in target.parents for ours in own_folders(case)):
        raise ProductionError(f"{target} lies in the case's own folder; name a folder elsewhere")
    if os.path.lexists(target):
        raise ProductionError(f"{target} is there already; name a folder that is not")
    if not target.parent.is_dir():
        raise ProductionError(f"There is no folder {target.parent} to write {what} in")
    return target
