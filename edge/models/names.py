"""What to call weights: the catalog's name for its own files, a plain word for all others.

Nothing here opens a model file, so names work for damaged ones too.
"""

from __future__ import annotations

import difflib
import re
from pathlib import PurePath

from edge.core.errors import UnknownName, UsageError
from edge.core.say import say
from edge.models.catalog import Catalog
from edge.models.library import Library, Model
from edge.models.shelf import Weights, check_name

_NOT_PLAIN = re.compile(r"[^a-z0-9_.+-]+")
_LONGEST = 80


def plain_name(file: str) -> str:
    """A name made from a file's, in letters anybody can type.

    >>> plain_name("My Model (v2).gguf"), plain_name("通义.gguf")
    ('my-model-v2', 'model')
    """
    stem = PurePath(file).name.lower().removesuffix(".gguf")
    return _NOT_PLAIN.sub("-", stem)[:_LONGEST].strip("-.+") or "model"


def names_here(library: Library) -> dict[str, Weights]:
    """All weights on the shelf by the name to type for each."""
    return {_name_of(weights, library.catalog): weights for weights in library.shelf.entries()}


def find_here(library: Library, name: str) -> Weights:
    """The weights on the shelf under a name; raises UnknownName, with near names as the hint."""
    here = names_here(library)
    wanted = _as_listed(name, library.catalog)
    if wanted not in here:
        near = difflib.get_close_matches(wanted, here, n=3, cutoff=0.5)
        hint = ", ".join(near or here) or "edge models"
        raise UnknownName(say("{name!r} is not on this machine", name=name[:120]), hint=hint)
    return here[wanted]


def name_for_import(library: Library, name: str, sha256: str) -> str:
    """The name itself; raises UsageError where it is no plain word, or means other weights."""
    check_name(name)
    taken = names_here(library).get(name)
    if name.lower() in library.catalog.models or (taken and taken.sha256 != sha256):
        raise UsageError(
            say("{name!r} already names another model", name=name), hint="edge import FILE --name …"
        )
    return name


def unused_name(library: Library, file: str, sha256: str) -> str:
    """The name weights have here, else one from their file's that means no other weights."""
    for name, weights in names_here(library).items():
        if weights.sha256 == sha256:
            return name
    name = plain_name(file)
    try:
        return name_for_import(library, name, sha256)
    except UsageError:
        return f"{name}-{sha256[:8]}"


def _name_of(weights: Weights, catalog: Catalog) -> str:
    known = catalog.by_sha256(weights.sha256)
    return Model(*known, weights).name if known else weights.name


def _as_listed(name: str, catalog: Catalog) -> str:
    """A catalog name as it is listed: in lower case, the first quant not named."""
    try:
        return Model(*catalog.find(name), None).name
    except UnknownName:
        return name
