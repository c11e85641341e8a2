"""The forms a conversation can be exported in."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from edge.core.conversation import Conversation, Turn


class Format(StrEnum):
    """What `--format` may be; the names are those of the files."""

    MD = "md"
    JSON = "json"
    HTML = "html"


def exported(conversation: Conversation, form: Format, turns: Sequence[Turn] = ()) -> str:
    """The text of a file. `turns` are all of the talk's tree, parents first.

    JSON tells all of them; Markdown and HTML tell the branch the talk is at.
    """
    match form:
        case Format.JSON:
            from edge.cli.export.record import as_json

            return as_json(conversation, turns)
        case Format.MD:
            from edge.cli.export.markdown import as_markdown

            return as_markdown(conversation)
        case Format.HTML:
            from edge.cli.export.html import as_html

            return as_html(conversation)
