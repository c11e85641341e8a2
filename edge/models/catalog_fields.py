"""The kinds of values a catalog holds, for every table of it (pydantic)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from edge.core.say import say

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\n]+$")]
# A name on disk and inside a URL: no folder, no option, no hidden file.
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.gguf$")]
Repo = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Positive = Annotated[int, Field(gt=0, strict=True)]
Bytes = Annotated[int, Field(gt=0, lt=2**50, strict=True)]
Cost = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Status = Literal["verified", "single source", "derived", "assumed"]
MEBIBYTE = 1024 * 1024


class Table(BaseModel):
    """A table of the file: a field nobody knows is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refuse_repeats(what: str, values: Iterator[str]) -> None:
    """Raise ValueError for the first value that is there twice."""
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ValueError(say("{what} {repeated!r} is given twice", what=what, repeated=repeated[0]))
