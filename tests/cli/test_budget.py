"""`edge budget`: the limits in force, where they come from, what is spent, and new ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import typer

from edge.cli.budget.command import app
from edge.core.errors import UsageError
from edge.settings.cloud import load_cloud
from edge.settings.folders import Folders
from edge.store.caps import effective_caps
from edge.store.database import Database, open_database
from edge.store.ledger import Ledger, Spending
from spending import money, reserve

# What the policy of the test says, whatever the built-in ones do.
POLICY = """
schema_version = 1
name = "mine"
default = "edge"
[budget.CNY]
day = 2
month = 20
"""


@pytest.fixture
def folders(edge_home: Path) -> Folders:
    edge_home.mkdir()
    (edge_home / "policy.toml").write_text(POLICY)
    return Folders.below(edge_home)


@pytest.fixture
def database(folders: Folders) -> Iterator[Database]:
    with closing(open_database(folders.store)) as database:
        yield database


def budget(*args: str) -> None:
    typer.main.get_command(app)(list(args), prog_name="edge budget", standalone_mode=False)


@pytest.fixture
def table(capsys: pytest.CaptureFixture[str]):
    """The rows of what `edge budget` prints into a pipe, without their heading."""

    def read(*args: str) -> list[list[str]]:
        capsys.readouterr()
        budget(*args)
        return [line.split("\t") for line in capsys.readouterr().out.splitlines()][1:]

    return read


def test_a_limit_is_shown_with_what_is_spent_what_is_left_and_who_set_it(folders, database, table):
    budget("set", "--day", "5 CNY", "--turn", "0.5 CNY")
    ledger = Ledger(database)
    ledger.settle(reserve(ledger, 3), money("1.25"))
    reserve(ledger, "0.5")
    assert table() == [
        ["turn", "0.5 CNY", "-", "0.5 CNY", "config.toml"],
        ["day", "5 CNY", "1.75 CNY", "3.25 CNY", "config.toml"],
        ["month", "20 CNY", "1.75 CNY", "18.25 CNY", "policy mine"],
    ]


def test_a_limit_that_was_set_is_the_one_in_force_until_it_is_taken_away(folders, table):
    budget("set", "--month", "7.50 CNY")
    assert [row[1] for row in table()] == ["2 CNY", "7.5 CNY"]
    budget("set", "--month", "none")
    assert [row[1] for row in table()] == ["2 CNY", "20 CNY"]
    assert load_cloud(folders).caps == ()


def test_what_is_shown_is_what_a_send_is_held_against(folders, database, table):
    budget("set", "--month", "0.3 CNY", "--turn", "1 usd")
    caps = effective_caps([], load_cloud(folders).caps)
    assert [str(cap.limit) for cap in caps] == ["0.3 CNY", "1 USD"]
    reserve(Ledger(database), "0.3", *caps)
    assert [row[3] for row in table()] == ["1.7 CNY", "0 CNY", "1 USD"]


def test_money_in_a_currency_without_a_limit_is_pointed_at(folders, database, capsys):
    reserve(Ledger(database), 1, currency="EUR")
    budget()
    assert capsys.readouterr().err == (
        'nothing limits what is spent in EUR; try: edge budget set --month "20 EUR"\n'
    )


@pytest.mark.parametrize("typed", ["20", "CNY", "-1 CNY", "1e3 CNY", "20 yuan", "", "nonne"])
def test_words_that_are_no_amount_change_nothing(folders, typed):
    with pytest.raises(UsageError) as caught:
        budget("set", "--day", "1 CNY", "--month", typed)
    assert caught.value.hint == 'edge budget set --month "20 CNY"'
    assert not folders.config_file.exists()


def test_an_amount_finer_than_the_ledger_counts_is_refused(folders):
    with pytest.raises(UsageError, match="9 decimals"):
        budget("set", "--day", "0.0000000001 CNY")
    assert not folders.config_file.exists()


def test_set_alone_says_what_to_type(folders):
    with pytest.raises(UsageError) as caught:
        budget("set")
    assert caught.value.hint == 'edge budget set --month "20 CNY"'


def test_what_the_user_wrote_into_the_file_stays(folders):
    folders.config_file.write_text('# mine\nmodel = "toy"\n\n[budget.CNY]\nday = 3 # enough\n')
    budget("set", "--month", "9 CNY")
    text = folders.config_file.read_text()
    assert text.startswith('# mine\nmodel = "toy"\n\n[budget.CNY]\nday = 3 # enough\n')
    assert [str(cap.limit) for cap in load_cloud(folders).caps] == ["3 CNY", "9 CNY"]


def test_taking_away_what_was_never_set_writes_nothing(folders, capsys):
    budget("set", "--turn", "none")
    assert capsys.readouterr().err == "there was no limit of yours for a turn\n"
    assert not folders.config_file.exists()


def test_totals_are_by_what_is_asked(folders, database, table):
    ledger = Ledger(database)
    for model, reason in [("qwen-plus", "rule"), ("qwen-long", "rule"), ("qwen-long", "asked")]:
        what = Spending("dashscope", model, reason)
        ledger.settle(reserve(ledger, 1, what=what), money("0.25"))
    reserve(ledger, 2, what=what)
    assert table("--by", "model") == [
        ["qwen-long", "3", "0.5 CNY", "2 CNY"],
        ["qwen-plus", "1", "0.25 CNY", "0 CNY"],
    ]
    assert table("--by", "reason") == [
        ["asked", "2", "0.25 CNY", "2 CNY"],
        ["rule", "2", "0.5 CNY", "0 CNY"],
    ]
    assert [row[1:] for row in table("--by", "day")] == [["4", "0.75 CNY", "2 CNY"]]
    with pytest.raises(UsageError, match="day, month, model, reason, provider"):
        budget("--by", "week")


def test_json_is_one_object_with_amounts_as_text(folders, database, capsys):
    ledger = Ledger(database)
    ledger.settle(reserve(ledger, 1), money("0.1"))
    reserve(ledger, "0.000000001")
    budget("--json", "--by", "provider")
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "schema_version": 1,
        "caps": [
            {
                "scope": scope, "currency": "CNY", "limit": limit, "spent": "0.100000001",
                "left": left, "from": "policy mine",
            }
            for scope, limit, left in [("day", "2", "1.899999999"), ("month", "20", "19.899999999")]
        ],
        "by": "provider",
        "totals": [
            {
                "name": "dashscope", "n_sends": 2, "currency": "CNY", "cost": "0.1",
                "reserved": "0.000000001",
            }
        ],
    }  # fmt: skip


def test_looking_at_the_budget_of_an_empty_home_makes_nothing(folders, capsys):
    before = sorted(folders.home.rglob("*"))
    budget()
    budget("--by", "day")
    assert "nothing has been spent" in capsys.readouterr().out
    assert sorted(folders.home.rglob("*")) == before


def test_without_any_limit_it_says_how_to_set_one(folders, capsys):
    (folders.home / "policy.toml").write_text(POLICY.partition("[budget")[0])
    budget()
    assert 'edge budget set --month "20 CNY"' in capsys.readouterr().out
