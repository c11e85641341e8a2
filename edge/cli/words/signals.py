"""What the facts a decision is made of are called, and its reasons."""

from __future__ import annotations

from edge.core.decision import Reason
from edge.core.say import say


def reason(which: Reason) -> str:
    """A reason that needs no figures, as part of a sentence."""
    return (_guards() | _wishes())[which]


def _guards() -> dict[Reason, str]:
    return {
        Reason.CLOUD_OFF: say("the cloud is turned off"),
        Reason.OFFLINE: say("edge is set to stay offline"),
        Reason.PRIVATE: say("it is private"),
        Reason.DETECTORS_MISSING: say("the detectors of personal data are not installed"),
        Reason.NO_KEY: say("there is no key for the cloud"),
        Reason.UNREACHABLE: say("the network does not answer"),
        Reason.BREAKER_OPEN: say("the cloud failed again and again a moment ago"),
        Reason.CLOUD_FAILED: say("the cloud failed in this turn"),
        Reason.CLOUD_TOO_SMALL: say("it is too long for the cloud, too"),
        Reason.BUDGET: say("what it could cost exceeds the budget"),
    }


def _wishes() -> dict[Reason, str]:
    return {
        Reason.NOT_CONSENTED: say("you said no"),
        Reason.EDGE_CANNOT: say("the device cannot"),
        Reason.ASKED: say("you asked for it"),
        Reason.WEAK_ANSWER: say("the answer of the device looks weak"),
        Reason.DEFAULT: say("no rule or score says otherwise"),
    }


def signal(name: str) -> str:
    """What a signal is called."""
    return (_of_the_turn() | _of_the_device() | _of_the_cloud() | _of_both())[name]


def _of_the_turn() -> dict[str, str]:
    return {
        "turn_index": say("turns before this one"),
        "label": say("label"),
        "cloud_allowed": say("cloud turned on"),
        "prompt_tokens": say("whole prompt"),
        "new_tokens": say("new to the device"),
        "context_free_tokens": say("room left on the device"),
        "reply_tokens": say("longest reply"),
        "language": say("language"),
        "capability": say("kind of reply"),
        "difficulty": say("difficulty"),
        "wanted": say("asked for"),
        "previous": say("answered before"),
        "consented": say("agreed to send"),
    }


def _of_the_device() -> dict[str, str]:
    return {
        "edge_ready": say("model loaded"),
        "edge_wait_s": say("wait for the device"),
        "edge_tps": say("speed of the device"),
        "queue": say("waiting before it"),
        "on_battery": say("on battery"),
        "battery_percent": say("battery"),
        "hot": say("slowed by heat"),
        "load": say("cores others use"),
        "offline": say("set offline"),
        "edge_fault": say("fault of the device"),
        "edge_confidence": say("confidence of the answer"),
        "edge_margin": say("margin of its first word"),
        "edge_checks": say("checks not passed"),
        "edge_total_s": say("whole wait for the device"),
    }


def _of_the_cloud() -> dict[str, str]:
    return {
        "cloud_asks": say("asks each time"),
        "detectors_ready": say("detectors installed"),
        "cloud_key": say("key for the cloud"),
        "cloud_link": say("network"),
        "breaker": say("breaker"),
        "cloud_wait_s": say("wait for the cloud"),
        "cloud_tps": say("speed of the cloud"),
        "cloud_free_tokens": say("room left in the cloud"),
        "cloud_cost": say("most it could cost"),
        "budget_left": say("left to spend"),
        "cloud_fault": say("fault of the cloud"),
        "cloud_total_s": say("whole wait for the cloud"),
    }


def _of_both() -> dict[str, str]:
    return {
        "wait_gain_s": say("sooner from the cloud by"),
        "total_gain_s": say("sooner done in the cloud by"),
        "cost_share": say("its share of what is left to spend"),
    }
