"""The device's side of a talk: which messages its engine is told, and what it says."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from edge.chat.answering import Answering
from edge.chat.asked import Asked
from edge.chat.window import Counted, Talk, Window, fit_window, most_tokens, notice
from edge.core.event import Usage
from edge.core.message import Message
from edge.engine.protocol import Answered, Cancel, EngineEvent, Request


@dataclass(eq=False)
class OnDevice:
    """Tells a talk to the engine here, again and again; what was left out once stays out."""

    answering: Answering
    _left_out: int = 0
    _counted: Counted | None = None

    def stream(
        self, asked: Asked, cancel: Cancel, reply_so_far: str = ""
    ) -> Generator[EngineEvent, None, None]:
        """Answer, or go on behind `reply_so_far`; first a Notice when turns were left out.

        Raises ContextFull when the newest prompt alone does not fit.
        """
        window = self._window(asked)
        if window.left_out_turns > self._left_out and (left_out := notice(window)):
            yield left_out
        self._left_out = window.left_out_turns
        request = Request(
            timeline_id=asked.conversation_id,
            messages=window.messages,
            sampling=self.answering.sampling,
            thinking=self.answering.thinks and not reply_so_far,
            cancel=cancel,
            reply_so_far=reply_so_far,
        )
        with closing(self.answering.engine.stream(request)) as events:
            for event in events:
                if isinstance(event, Answered):
                    self._remember_count(window, event.usage)
                yield event

    def _remember_count(self, window: Window, usage: Usage) -> None:
        if usage.prompt_tokens:  # else it was stopped before anybody counted
            n_tokens = usage.prompt_tokens + usage.completion_tokens
            self._counted = Counted(window.messages, n_tokens)

    def _window(self, asked: Asked) -> Window:
        past = [(turn.prompt, turn.reply) for turn in asked.told]
        talk = Talk(asked.system, past, asked.prompt, self._left_out)
        whole = talk.messages(self._left_out)
        budget_tokens = self.answering.budget_tokens
        # Most prompts need no round trip to be known to fit.
        if most_tokens(whole, self._counted) <= budget_tokens:
            return Window(whole, self._left_out)
        return fit_window(talk, count=self._count, budget_tokens=budget_tokens)

    def _count(self, messages: Sequence[Message]) -> int:
        return self.answering.engine.count_tokens(messages, thinking=self.answering.thinks)
