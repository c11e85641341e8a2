"""How the prompt line looks: the live line, what waits, the line itself, the bottom line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, AnyFormattedText, StyleAndTextTuples
from prompt_toolkit.layout import (
    BufferControl,
    CompletionsMenu,
    ConditionalContainer,
    Container,
    Dimension,
    Float,
    FloatContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    Window,
)
from prompt_toolkit.layout.processors import (
    HighlightIncrementalSearchProcessor,
    Processor,
    Transformation,
    TransformationInput,
)
from prompt_toolkit.layout.utils import explode_text_fragments
from prompt_toolkit.widgets import SearchToolbar

from edge.cli.page.escape import Escaper
from edge.cli.stage.folding import Folds

MARK = "> "
_MENU_ROWS = 8


@dataclass(frozen=True, slots=True)
class Around:
    """What is shown around the line, asked for at each drawing; "" shows nothing."""

    live: Callable[[], str]
    waiting: Callable[[], str]
    bottom: Callable[[], str]


class Unfolded(Processor):
    """Shows a folded text as a few words, and visibly what a terminal would obey or hide."""

    def __init__(self, folds: Folds) -> None:
        self._folds = folds

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """The line as it is shown, and where each of its characters stands there."""
        shown: StyleAndTextTuples = []
        starts, column, escaper = [], 0, Escaper()
        for style, char, *_ in explode_text_fragments(transformation_input.fragments):
            text = escaper.feed(self._folds.shown(char))
            starts.append(column)
            column += len(text)
            shown.append((style if text == char else "class:folded", text))
        ends = [*starts, column]

        def to_shown(at: int) -> int:
            return ends[at] if at < len(ends) else column + at - len(starts)

        def to_source(at: int) -> int:
            before = [n for n, start in enumerate(ends) if start <= at]
            return before[-1] if before else 0

        return Transformation(shown, to_shown, to_source)


def layout_of(buffer: Buffer, sought: Buffer, folds: Folds, around: Around) -> Layout:
    """All of it, the cursor in the line; `sought` is what Ctrl-R looks for."""
    search, unfolded = SearchToolbar(sought), Unfolded(folds)
    search.control.input_processors = [*(search.control.input_processors or ()), unfolded]
    control = BufferControl(
        buffer,
        input_processors=[HighlightIncrementalSearchProcessor(), unfolded],
        search_buffer_control=search.control,
        preview_search=True,
    )
    completing = Condition(lambda: buffer.complete_state is not None)

    def height() -> Dimension:
        return Dimension(min=_MENU_ROWS) if completing() else Dimension()

    line = Window(
        control,
        height=height,
        wrap_lines=True,
        dont_extend_height=True,
        get_line_prefix=_line_prefix,
    )
    menu = Float(CompletionsMenu(_MENU_ROWS, scroll_offset=1), xcursor=True, ycursor=True)
    rows: list[Container] = [
        _text(lambda: ANSI(around.live()), Condition(lambda: bool(around.live()))),
        _text(around.waiting, Condition(lambda: bool(around.waiting())), "class:waiting"),
        FloatContainer(line, [menu]),
        search.__pt_container__(),
        _text(around.bottom, Condition(lambda: bool(around.bottom())), "class:bottom"),
    ]
    return Layout(HSplit(rows), line)


def _text(
    told: Callable[[], AnyFormattedText], wanted: Condition, style: str = ""
) -> ConditionalContainer:
    window = Window(FormattedTextControl(told), style=style, dont_extend_height=True)
    return ConditionalContainer(window, wanted)


def _line_prefix(line: int, wrapped: int) -> AnyFormattedText:
    first = line == 0 and wrapped == 0
    return [("class:mark", MARK if first else " " * len(MARK))]
