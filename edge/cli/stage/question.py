"""A question of ours, answered on a line of its own."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING

from prompt_toolkit.input import Input
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.output import Output

from edge.cli.stage.keys import unasked

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession


class Question:
    """Asked once, by the main thread, for another that waits for `answered`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.answered: Future[str] = Future()
        self._session: PromptSession[str] | None = None

    async def put(self, keyboard: Input, screen: Output) -> None:
        """Ask; nothing is the answer at Ctrl-C, at Ctrl-D, and when it is withdrawn.

        Keys that were pressed before the question could be read answer nothing.
        """
        from prompt_toolkit import PromptSession

        keyboard.read_keys()
        clear_typeahead(keyboard)
        self._session = PromptSession(input=keyboard, output=screen, key_bindings=unasked())
        said = ""
        with suppress(KeyboardInterrupt, EOFError):
            said = await self._session.prompt_async(
                self.text, set_exception_handler=False, handle_sigint=False
            )
        if not self.answered.done():
            self.answered.set_result(said)

    def withdraw(self) -> None:
        """Nobody waits for the answer any more."""
        if self._session is not None and self._session.app.is_running:
            self._session.app.exit(exception=EOFError())
        elif not self.answered.done():
            self.answered.set_result("")
