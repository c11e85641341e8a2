"""`edge ask --schema`, and errors as JSON: standard output is whole, or empty, or says why."""

from __future__ import annotations

import io
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.chat.answering import Answering
from edge.chat.session import Session
from edge.cli.ask.schema import hold
from edge.cli.main import run
from edge.core.errors import UsageError
from edge.core.spec import Thinking
from edge.engine.schema import Schema
from edge.engine.scripted import ScriptedEngine
from edge.models.catalog import load_catalog
from edge.store.conversations import Conversations
from edge.store.database import open_database
from shell import EDGE, Ran, edge
from tiny_home import furnish

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Z][a-z]{1,9}$"},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}
ERROR = {"code", "message", "hint", "kept", "exit_code"}


@pytest.fixture
def tiny(edge_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    furnish(edge_home, n_ctx=4096)
    monkeypatch.setenv("EDGE_THREADS", "1")
    return edge_home


@pytest.fixture
def person(tmp_path: Path) -> Path:
    return written(tmp_path, PERSON)


@pytest.fixture
def here(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """`edge` within this process: what fails before a model is loaded needs no other."""

    def ran(*args: str | Path) -> Ran:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
        code = run([*map(str, args)])
        return Ran(code, *capsys.readouterr())

    return ran


def written(folder: Path, schema: object) -> Path:
    path = folder / "schema.json"
    path.write_text(json.dumps(schema))
    return path


def test_a_model_that_writes_noise_answers_with_a_person(tiny, person):
    ran = edge("ask", "-m", "tiny", "--schema", person, "--seed", "3", "Who?")
    told = json.loads(ran.out)
    assert (ran.code, set(told), ran.out.count("\n")) == (0, {"name", "age"}, 1)
    assert told["name"].isalpha()
    assert 0 <= told["age"] <= 120


def test_with_json_the_text_of_the_object_is_that_json(tiny, person):
    ran = edge("ask", "-m", "tiny", "--json", "--schema", person, "--seed", "3", "Who?")
    assert set(json.loads(json.loads(ran.out)["text"])) == {"name", "age"}


def test_a_reply_that_is_cut_is_an_error_and_nothing_is_on_standard_output(tiny, person):
    ran = edge("ask", "-m", "tiny", "--schema", person, "--max-tokens", "4", "Who?")
    assert (ran.code, ran.out) == (25, "")
    assert "the JSON is not whole" in ran.err
    assert ran.err.count("the reply was cut") == 1


def test_a_reply_that_is_stopped_is_not_shown(tiny, tmp_path):
    endless = written(tmp_path, {"type": "string"})
    command = [*EDGE, "ask", "-m", "tiny", "--temperature", "0", "--schema", str(endless), "Go on"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ask:
        assert ask.stderr.readline()  # the turn has begun
        ask.send_signal(signal.SIGINT)
        out, said = ask.communicate()
    assert (ask.returncode, out) == (130, b"")
    assert b"not whole" in said


def test_what_only_the_end_shows_is_an_error_that_keeps_the_reply(tiny, tmp_path):
    never = written(tmp_path, {"type": "number", "minimum": 1e300, "maximum": 2e300})
    ran = edge("ask", "-m", "tiny", "--temperature", "0", "--schema", never, "How many?")
    assert (ran.code, ran.out) == (25, "")
    assert "but breaks 'minimum'" in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "schema.json: the schema is not JSON"),
        ('{"type": "object", "properties": {"a": {"not": {}}}}', "at #/properties/a/not: "),
    ],
)
def test_a_bad_schema_is_refused_before_a_model_is_looked_for(
    edge_home, here, tmp_path, text, said
):
    path = tmp_path / "schema.json"
    path.write_text(text)
    ran = here("ask", "--schema", path, "Who?")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_schema_is_not_for_the_cloud(tiny, here, person):
    ran = here("ask", "-m", "tiny", "--cloud", "--schema", person, "Who?")
    assert ran.code == 2
    assert "the cloud is not asked" in ran.err


@pytest.fixture
def open_session(tmp_path: Path) -> Iterator[Callable[[Thinking], Session]]:
    spec = load_catalog().find("qwen2.5-0.5b")[0]
    database = open_database(tmp_path / "edge.db")

    def make(thinking: Thinking) -> Session:
        engine = ScriptedEngine(['{"name":"Ann", "age":3}'])
        answering = Answering(engine, replace(spec, thinking=thinking), 4096)
        return Session(answering, Conversations(database))

    yield make
    database.close()


def test_a_model_that_always_thinks_is_not_held_to_a_schema(open_session):
    with pytest.raises(UsageError, match="always thinks first"):
        hold(open_session(Thinking.ALWAYS), Schema.read(json.dumps(PERSON)))


def test_a_model_that_thinks_unless_refused_is_asked_not_to(open_session):
    session, schema = open_session(Thinking.ON), Schema.read(json.dumps(PERSON))
    hold(session, schema)
    list(session.send("Who?"))
    (request,) = session.answering.engine.requests
    assert (request.thinking, request.schema) == (False, schema.text)


# Errors as JSON.


def error_of(ran: Ran) -> dict:
    told = json.loads(ran.out)
    assert ran.out.count("\n") == 1
    assert set(told) == {"error", "schema_version"}
    assert set(told["error"]) == ERROR
    assert told["error"]["exit_code"] == ran.code
    assert ran.err.rstrip("\n").endswith(told["error"]["hint"])
    return told["error"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["-m", "nobody", "hi"], "E-UNKNOWN-NAME", "nobody"),
        (["  "], "E-USAGE", "the prompt is empty"),
        (["-c", "--conversation", "x", "hi"], "E-USAGE", "-c goes on with the latest"),
        (["-m", "tiny", "--conversation", "x", "hi"], "E-UNKNOWN-NAME", "x"),
        (["--file", "/nowhere/at/all.txt", "hi"], "E-USAGE", "all.txt cannot be read"),
    ],
)
def test_an_error_is_one_object_with_its_exit_code(tiny, here, args, code, said):
    error = error_of(here("ask", "--json", *args))
    assert error["code"] == code
    assert said in error["message"]


def test_an_error_of_the_turn_says_what_is_kept(tiny, person):
    cut = ("--schema", person, "--max-tokens", "4")
    error = error_of(edge("ask", "--json", "-m", "tiny", *cut, "Who?"))
    assert (error["code"], error["exit_code"]) == ("E-REPLY-UNFIT", 25)
    assert "is kept in " in error["kept"]


def test_continuing_two_conversations_is_a_usage_error_in_chat_too(edge_home, here):
    ran = here("chat", "-c", "--conversation", "x")
    assert ran.code == 2
    assert "only one of -c and --conversation" in ran.err


def test_what_is_not_kept_has_no_name(tiny):
    ran = edge("ask", "-m", "tiny", "--no-save", "--json", "--max-tokens", "1", "hi")
    told = json.loads(ran.out)
    assert (told["conversation_id"], told["turn_id"]) == (None, None)
