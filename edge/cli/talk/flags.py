"""The flags `ask` and `chat` share: written once, as Typer reads them and as opening takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_type_hints

from typer import Option

from edge.cli.talk.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Flags:
    """What was said. None where a flag was not given: then the settings decide."""

    resume: Annotated[
        bool, Option("-c", "--continue", help="Go on with the latest conversation.")
    ] = False
    conversation: Annotated[
        str | None,
        Option("--conversation", metavar="ID|NAME", help="Go on with this conversation."),
    ] = None
    private: Annotated[
        bool, Option("--private", help="Nothing of the talk ever leaves this machine.")
    ] = False
    save: Annotated[
        bool | None,
        Option(
            "--save/--no-save",
            help="Whether anything of the talk is written to the disk.",
            show_default=False,
        ),
    ] = None
    snapshots: Annotated[
        bool | None,
        Option(
            "--snapshots/--no-snapshots",
            help="Whether what the model read is kept, so that a later run goes on at once.",
            show_default=False,
        ),
    ] = None
    system: Annotated[str | None, Option("--system", metavar="TEXT", help="The system prompt.")] = (
        None
    )
    thinking: Annotated[
        bool | None,
        Option(
            "--think/--no-think",
            help="Whether to think first, where the model can.",
            show_default=False,
        ),
    ] = None
    max_tokens: Annotated[
        int | None, Option("--max-tokens", metavar="N", help="The longest reply.")
    ] = None
    temperature: Annotated[
        float | None,
        Option("--temperature", metavar="T", help="0 takes the likeliest word each time."),
    ] = None
    seed: Annotated[int | None, Option("--seed", metavar="N", help="The same reply each time.")] = (
        None
    )
    n_ctx: Annotated[int | None, Option("--ctx", metavar="N", help="Tokens the context holds.")] = (
        None
    )
    when_full: Annotated[
        str | None,
        Option(
            "--when-full",
            metavar="slide|summarise|stop",
            help="What becomes of the oldest turns once the context is full.",
        ),
    ] = None
    n_threads: Annotated[
        int | None, Option("--threads", metavar="N", help="How many threads to use.")
    ] = None
    memory: Annotated[
        str | None,
        Option("--memory", metavar="low|auto|fast", help="Whether to spare memory or time."),
    ] = None
    cpu_only: Annotated[bool | None, Option("--cpu", help="Leave a graphics processor alone.")] = (
        None
    )
    yes: Annotated[
        bool, Option("--yes", "-y", help="Fetch a model that is missing without asking.")
    ] = False

    def wanted(self, model: str | None) -> Wanted:
        """What opening takes: the settings given, and what is no setting."""
        from edge.cli.words.files import two_conversations

        if self.resume and self.conversation is not None:
            raise two_conversations()
        settings = asdict(self) | {"model": model}
        others = {name: settings.pop(name) for name in ("conversation", "resume", "private", "yes")}
        return Wanted(settings, **others)


def with_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command every flag of `Flags`, beside its own; it takes them as `flags`."""
    hints = get_type_hints(Flags, include_extras=True)
    shared = [
        Parameter(
            each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=hints[each.name]
        )
        for each in fields(Flags)
    ]
    own = signature(command, eval_str=True).parameters
    others = [parameter for name, parameter in own.items() if name != "flags"]

    def run(**given: Any) -> None:
        flags = Flags(**{each.name: given.pop(each.name) for each in shared})
        command(**given, flags=flags)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = Signature([*others, *shared])  # type: ignore[attr-defined]
    return run
