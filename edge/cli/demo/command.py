"""`edge demo`: the device, a stand-in for a cloud, and what decides between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edge.cli.chat import ModelArgument

if TYPE_CHECKING:
    from edge.cli.talk.opening import Desk
    from edge.models.library import Model

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def demo(
    model: ModelArgument = None,
    *,
    fast: bool = typer.Option(False, "--fast", help="Without pauses to read in."),
    yes: bool = typer.Option(
        False, "--yes", "-y", help="Fetch a model that is missing without asking."
    ),
) -> None:
    """Show in a minute who answers when, and why; no account, and nothing leaves this machine."""
    from edge.cli.talk.opening import Desk
    from edge.cli.talk.wanted import Wanted

    _insist_on_detectors()
    desk = Desk.of(Wanted({"model": model}, yes=yes))
    _show(desk, desk.model(desk.settings), fast=fast)


def _insist_on_detectors() -> None:
    """Without them no cloud may be asked, so half of the demo would not come."""
    from edge.cli.words import cloud as words_cloud
    from edge.core.errors import UsageError
    from edge.routing.detect.all import detectors_ready

    if not detectors_ready():
        raise UsageError(words_cloud.detectors_missing(), hint=words_cloud.how_to_install())


def _show(desk: Desk, model: Model, *, fast: bool) -> None:
    """Perform it all in a home of its own, on one stream so that the order is kept."""
    import sys
    from contextlib import redirect_stderr
    from dataclasses import replace

    from edge.cli.demo.scenes import ANSWERS, MOST_TOKENS, Stage, play
    from edge.cli.words import demo as words
    from edge.demo.home import passing_home, remember_what_is_faster, settings_for_show
    from edge.demo.stand_in import StandIn
    from edge.demo.watch import Watch

    watch = Watch()
    watch.begin()
    with (
        redirect_stderr(sys.stdout),
        StandIn(ANSWERS, model="written-beforehand", word_s=0.0 if fast else 0.03) as cloud,
        passing_home(cloud.base_url, cloud.model, words.POLICY) as folders,
    ):
        remember_what_is_faster(model, desk.folders, folders)
        settings = settings_for_show(desk.settings, MOST_TOKENS)
        stage = Stage(replace(desk, folders=folders, settings=settings), model, fast=fast)
        play(stage, cloud.host)
    typer.echo(words.ends(watch.here, watch.elsewhere, isolated=stage.isolated))
