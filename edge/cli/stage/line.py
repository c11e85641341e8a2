"""The prompt line: an editor that is opened below the talk, and closed without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.output import Output
from prompt_toolkit.styles import Style

from edge.cli.page.escape import safe
from edge.cli.stage.completing import Candidate, Names, offered
from edge.cli.stage.folding import Folds
from edge.cli.stage.history import Prompts
from edge.cli.stage.keys import Acts, Patient, bindings
from edge.cli.stage.layout import Around, layout_of
from edge.cli.stage.reflow import Reflowing, wraps_anew

_STYLE = Style.from_dict(
    {
        "mark": "bold",
        "waiting": "dim",
        "bottom": "dim",
        "folded": "reverse",
        "completion-menu": "noreverse",
        "completion-menu.completion.current": "reverse",
    }
)


class Line:
    """What is typed, and the editor it is typed in.

    What was typed outlives the editor: opened again, it stands there as it was.
    """

    def __init__(self, terminal: tuple[Input, Output], around: Around, acts: Acts) -> None:
        self.folds = Folds()
        self.prompts = Prompts(self.folds)
        self.names = Names()
        self.changed: Callable[[], None] = lambda: None
        self._buffer = Buffer(
            multiline=True,
            history=self.prompts,
            completer=_Completer(self),
            on_text_changed=lambda _: self.changed(),
        )
        self._sought = Buffer()
        keyboard, screen = terminal
        self._editor: Application[None] = Application(
            layout=layout_of(self._buffer, self._sought, self.folds, around),
            style=_STYLE,
            erase_when_done=True,
            input=keyboard,
            output=screen,
        )
        if wraps_anew():
            self._editor.renderer = Reflowing(self._editor.renderer.style, screen)
        self._editor.key_processor = Patient(bindings(self._buffer, acts), acts.failed)

    @property
    def typed(self) -> str:
        """What stands in the line, as it stands there."""
        return self._buffer.text

    @property
    def text(self) -> str:
        """What stands in the line, whole."""
        return self.folds.unfold(self._buffer.text)

    @property
    def aside(self) -> str:
        """What was typed before Up brought something else, whole; Down goes back to it."""
        lines = self._buffer._working_lines  # no other way leads there without going there
        newest = self._buffer.working_index == len(lines) - 1
        return "" if newest else self.folds.unfold(lines[-1])

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen."""
        return self._editor.is_running and not self._editor.is_done

    def in_short(self, text: str) -> str:
        """A text as it would stand in the line."""
        return self.folds.in_short(self.folds.fold_huge(text))

    async def edit(self, keys: Sequence[KeyPress] = ()) -> None:
        """Show the line until it is closed. `keys` were pressed before it was there."""

        def feed() -> None:
            self._editor.key_processor.feed_multiple(list(keys))

        self._end_search()
        await self._editor.run_async(pre_run=feed, set_exception_handler=False, handle_sigint=False)

    def close(self) -> None:
        """Take it from the screen; what is typed stays typed."""
        if self.is_open:
            self._editor.exit()

    def redraw(self) -> None:
        """Something around it has changed."""
        self._editor.invalidate()

    def step_aside(self) -> None:
        """Take it from the screen for a moment: the cursor stands where its first row was."""
        self._editor.renderer.erase()

    def recall(self, kept: Iterable[str]) -> None:
        """Prompts of earlier sessions, newest first, for Up and Ctrl-R."""
        self.prompts.recall(kept)
        self._buffer.reset(self._buffer.document)

    def put(self, text: str) -> None:
        """Let this stand in the line, in place of what does; Up brings that back."""
        self.prompts.remember(self.folds.fold_huge(self.aside))
        if self._buffer.text != text:
            self.prompts.remember(self._buffer.text)
        folded = self.folds.fold_huge(text)
        self._buffer.reset(Document(folded, len(folded)))
        self.changed()

    def give_back(self, texts: Iterable[str]) -> bool:
        """Let Up bring back these, but the last stand in the line where nothing does.

        Returns whether it stands there.
        """
        whole = list(texts)
        for text in whole:
            self.prompts.forget(text)
        lines = [self.folds.fold_huge(text) for text in whole]
        self.prompts.remember(self.folds.fold_huge(self.aside))
        stands = bool(lines) and not self._buffer.text
        document = Document(lines.pop()) if stands else self._buffer.document
        for line in lines:
            self.prompts.remember(line)
        self._buffer.reset(document)
        return stands

    def clear(self) -> None:
        """Nothing stands in the line any more."""
        self.prompts.remember(self.folds.fold_huge(self.aside))
        self._buffer.reset()

    def insert(self, text: str) -> None:
        """Insert at the cursor what came in one piece."""
        self._buffer.insert_text(self.folds.fold(text))

    def _end_search(self) -> None:
        """Closing the line has ended a search, but left the keys to its field."""
        self._editor.layout.focus(self._buffer)
        self._sought.reset()


class _Completer(Completer):
    """Offers what `offered` finds, in a thread: a store or a disk may be slow, keys are not."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """What Tab offers here."""
        return map(_completion, offered(document.text_before_cursor, self._line.names))

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """The same; whoever asked may go away at any time."""
        typed = document.text_before_cursor
        for each in await asyncio.to_thread(offered, typed, self._line.names):
            yield _completion(each)


def _completion(offer: Candidate) -> Completion:
    """The text as it is, shown as a terminal may show it."""
    shown, about = safe(offer.text), safe(offer.about)
    return Completion(offer.text, -offer.replaces, display=shown, display_meta=about)
