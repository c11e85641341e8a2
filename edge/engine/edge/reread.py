"""After a reply: read it once more in the form later prompts will tell it, while the user reads.

Templates that think leave the thinking out of the past, and so a later prompt
says something else than what stands on the tape. Reading that form at once
leaves only the new words to the next turn. Where both say the same, nothing is
read.
"""

from __future__ import annotations

from edge.engine.edge.capi.model import Model
from edge.engine.edge.prompt import common_prefix, prompt_tokens
from edge.engine.edge.template import Segment
from edge.engine.edge.timeline import Aborted, Timeline


def reread(model: Model, timeline: Timeline, told: tuple[Segment, ...]) -> int:
    """Bring the tape to `told`, the whole conversation as past; returns the tokens read.

    An abort ends it anywhere; the tape is true all the same.
    """
    tokens = prompt_tokens(told, timeline.remembered, model)
    shared = common_prefix(timeline.tape, tokens)
    if shared == len(timeline.tape) or len(tokens) >= timeline.n_ctx:
        return 0
    timeline.rewind(shared)
    begin = len(timeline.tape)
    try:
        timeline.read(tokens[begin:])
        timeline.mark()
    except Aborted:
        pass
    return max(0, len(timeline.tape) - begin)
