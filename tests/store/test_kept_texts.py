"""Small texts under a name: how an endpoint was, and every policy that decided."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from edge.store.database import open_database
from edge.store.health import Health
from edge.store.policies import Policies


def test_how_an_endpoint_was_is_known_to_the_next_process(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "edge.db")) as database:
        health = Health(database)
        assert health.get("dashscope") is None
        health.put("dashscope", '{"failures":1}')
        health.put("dashscope", '{"failures":2}')
        health.put("mine", "")
    with closing(open_database(tmp_path / "edge.db")) as database:
        assert Health(database).get("dashscope") == '{"failures":2}'
        assert Health(database).get("mine") == ""


def test_a_policy_is_kept_once_and_its_hash_never_means_another(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "edge.db")) as database:
        Policies(database).keep("aa", "balanced", "escalate = 'ask'")
        Policies(database).keep("aa", "forged", "escalate = 'never'")
        Policies(database).keep("bb", "balanced", "")
    with closing(open_database(tmp_path / "edge.db")) as database:
        policies = Policies(database)
        assert (policies.text("aa"), policies.text("bb")) == ("escalate = 'ask'", "")
        assert policies.text("cc") is None
