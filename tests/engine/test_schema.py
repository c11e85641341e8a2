"""What a grammar made of a schema allows is valid; what it cannot be made of is refused."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemas import ENDLESS, OWN, SCHEMAS, WRONG

from edge.core.errors import ReplyUnfit, UsageError
from edge.engine.edge.capi.gbnf import gbnf_of
from edge.engine.edge.capi.grammar import Candidates, Grammar
from edge.engine.edge.capi.model import Model
from edge.engine.schema import Schema
from tiny_gguf import IM_END

TRIES = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(TRIES, max_examples=3000)
ENDING = [ord(mark) for mark in '"}]']
LONG = 5000  # tokens, and a token is a byte


@pytest.fixture(scope="module")
def vocabulary(tiny_qwen2: Path) -> Iterator[Model]:
    model = Model(str(tiny_qwen2), vocab_only=True)
    yield model
    model.close()


def allowed_by(grammar: Grammar, model: Model) -> list[int]:
    every = Candidates(np.zeros(model.n_vocab, np.float32))
    grammar.silence(every)
    return every.heard


def reply_of(schema: str, model: Model, seed: int) -> str | None:
    """A reply drawn blindly from what the grammar allows; None for one that does not end."""
    grammar, dice, written = Grammar(model, schema), random.Random(seed), bytearray()
    try:
        while len(written) < LONG:
            allowed = allowed_by(grammar, model)
            assert allowed, f"nothing may follow {bytes(written)!r}"
            if IM_END in allowed:
                return written.decode()
            # The library lets bytes pass that are no UTF-8, as one character together.
            plain = [token for token in allowed if token < 128] or allowed
            ending = [token for token in ENDING if token in allowed]
            token = dice.choice(ending if ending and dice.random() < 0.5 else plain)
            grammar.accept(token)
            written += model.piece(token)
    finally:
        grammar.close()
    return None


def see_that_replies_are_valid(schema: dict[str, Any], model: Model, seed: int) -> None:
    schema = {**schema, "$defs": OWN}
    read = Schema.read(json.dumps(schema))
    if (reply := reply_of(read.text, model, seed)) is not None:
        read.valid(reply)


@TRIES
@given(SCHEMAS, st.integers(0, 99))
def test_whatever_the_grammar_allows_is_valid(
    vocabulary: Model, schema: dict[str, Any], seed: int
) -> None:
    see_that_replies_are_valid(schema, vocabulary, seed)


@pytest.mark.campaign
@MANY
@given(SCHEMAS, st.integers(0, 99))
def test_whatever_the_grammar_allows_is_valid_in_thousands_of_schemas(
    vocabulary: Model, schema: dict[str, Any], seed: int
) -> None:
    see_that_replies_are_valid(schema, vocabulary, seed)


@pytest.mark.parametrize(
    ("schema", "reply"),
    [
        ({}, '{"any": ["thing", 1.5e3, null]}'),
        ({"type": "object", "additionalProperties": {"type": "number"}}, '{"a":1, "b":2.5}'),
        ({"type": "object", "properties": {'a "b\\\n': {}}}, '{"a \\"b\\\\\\n":true}'),
        ({"enum": ["\u4f60\u597d", "\U0001f600", "a\tb"]}, '"\u4f60\u597d"'),
        ({"enum": ["\u4f60\u597d", "\U0001f600", "a\tb"]}, '"\U0001f600"'),
        ({"enum": ["\u4f60\u597d", "\U0001f600", "a\tb"]}, '"a\\tb"'),
        ({"type": ["integer", "null"], "minimum": 2, "maximum": 4, "multipleOf": 2}, "4"),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "0.5"),
        ({"type": "string", "pattern": r"^[A-Z]{2}-\d+$"}, '"AB-12"'),
        ({"type": "object", "required": ["name"]}, '{"name":"Ann"}'),
        ({"type": "string", "format": "date"}, '"2026-02-28"'),
        ({"type": "string", "format": "date-time"}, '"2026-02-28T12:00:00Z"'),
        ({"type": "array", "items": [{"type": "null"}, True]}, '[null, "x"]'),
        ({"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"const": 7}}}, "7"),
    ],
)
def test_a_valid_reply_is_allowed(vocabulary: Model, schema: object, reply: str) -> None:
    read = Schema.read(json.dumps(schema))
    grammar = Grammar(vocabulary, read.text)
    for byte in reply.encode():
        assert grammar.allows(byte), (reply, chr(byte))
        grammar.accept(byte)
    assert grammar.allows(IM_END)
    grammar.close()
    assert json.loads(read.valid(reply)) == json.loads(reply)


def test_values_that_begin_alike_are_allowed_each_and_nothing_between(vocabulary: Model) -> None:
    values = [1, 10, 100, "a", "ab", 'a"b', "a\\", "\u4f60\u597d", "\u4f60", None, [1], [1, 2]]
    read = Schema.read(json.dumps({"enum": values}))
    spelt = {json.dumps(value, ensure_ascii=False).encode() for value in values}
    for text in spelt:
        grammar = Grammar(vocabulary, read.text)
        for n, byte in enumerate(text):
            assert (IM_END in allowed_by(grammar, vocabulary)) == (text[:n] in spelt)
            assert {each[n] for each in spelt if each[:n] == text[:n] and each[n:]} == {
                token for token in allowed_by(grammar, vocabulary) if token < 256
            }
            grammar.accept(byte)
        assert grammar.allows(IM_END)
        grammar.close()


def test_a_raw_line_break_in_a_string_is_not_allowed(vocabulary: Model) -> None:
    grammar = Grammar(vocabulary, '{"type": "string"}')
    grammar.accept(ord('"'))
    assert grammar.allows(ord("a"))
    assert not grammar.allows(ord("\n"))
    assert not grammar.allows(IM_END)
    grammar.close()


@pytest.mark.parametrize(("schema", "place"), WRONG)
def test_what_replies_cannot_be_held_to_is_refused_with_its_place(
    schema: object, place: str
) -> None:
    with pytest.raises(UsageError) as refused:
        Schema.read(json.dumps(schema))
    assert f" at {place}: " in refused.value.message


@pytest.mark.parametrize(("schema", "place"), ENDLESS)
def test_what_no_reply_ever_ends_is_refused_with_its_place(schema: object, place: str) -> None:
    with pytest.raises(UsageError, match="goes on without end") as refused:
        Schema.read(json.dumps(schema))
    assert f" at {place}: " in refused.value.message


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"n": {"$ref": "#"}}},
        {"type": "array", "items": {"$ref": "#"}},
        {"properties": {"n": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}, "required": ["n"]},
    ],
)
def test_a_recursion_that_can_end_is_taken(schema: object) -> None:
    assert Schema.read(json.dumps(schema))


@pytest.mark.parametrize("text", ["", "{", "[1,", '{"const": NaN}', "[" * 100_000])
def test_what_is_no_json_is_no_schema(text: str) -> None:
    with pytest.raises(UsageError, match="not JSON"):
        Schema.read(text)


def test_a_schema_that_is_nested_too_deeply_is_refused() -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(60):
        schema = {"type": "array", "items": schema}
    with pytest.raises(UsageError, match="nested too deeply"):
        Schema.read(json.dumps(schema))


STRING = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "place", "figures"),
    [
        ({"properties": {f"p{n}": STRING for n in range(129)}}, "#/properties", "129.*128"),
        ({"items": {"enum": [*range(2001)]}}, "#/items/enum", "2001.*2000"),
        ({"anyOf": [{"enum": [*range(999)]}] * 3}, "#/anyOf/2/enum", "2997.*2000"),
    ],
)
def test_what_would_be_a_grammar_too_large_is_refused_with_figures(
    schema: object, place: str, figures: str
) -> None:
    with pytest.raises(UsageError, match=f" at {place}: .*{figures}"):
        Schema.read(json.dumps(schema))


@pytest.mark.parametrize(
    "schema",
    [
        {"items": [{"properties": {f"p{n}": STRING for n in range(128)}}] * 2},
        {
            "properties": {f"p{n}": STRING for n in range(500)},
            "required": [f"p{n}" for n in range(500)],
        },
        {"items": [{"type": "integer", "minimum": 0, "maximum": 255}] * 40},
        {"enum": [*range(2000)]},
        {"enum": ["x" * n for n in range(500)]},
    ],
)
def test_what_is_large_and_no_larger_becomes_a_grammar(
    vocabulary: Model, schema: dict[str, Any]
) -> None:
    Grammar(vocabulary, Schema.read(json.dumps(schema)).text).close()


def test_names_that_are_required_and_not_described_count_as_places() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(3):
        schema = {"additionalProperties": schema, "required": [f"p{n}" for n in range(20)]}
    with pytest.raises(UsageError, match="too large"):
        Schema.read(json.dumps(schema))


def test_a_schema_that_is_too_deep_for_the_converter_is_refused_and_harms_nobody() -> None:
    nested = "(" * 900 + "a" + ")" * 900
    with pytest.raises(UsageError, match="nested too deeply"):
        gbnf_of(json.dumps({"type": "string", "pattern": f"^{nested}$"}))


def test_a_value_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(UsageError, match="nested too deeply"):
        Schema.read(f'{{"const":{"[" * 500}{"]" * 500}}}')


@pytest.mark.parametrize(
    ("schema", "reply"),
    [
        ({"type": "integer", "minimum": 0}, "-3"),
        ({"type": "array", "prefixItems": [{"type": "integer", "minimum": 0}]}, "[-3]"),
        ({"type": "array", "uniqueItems": True}, "[1, 1]"),
        ({"type": "string", "format": "email"}, '"nobody"'),
        ({"type": "string", "maxLength": 1000}, f'"{"x" * 1001}"'),
        ({"type": "string", "format": "date"}, '"2026-02-30"'),
        ({"type": "object"}, '{"a":'),
        ({"type": "number"}, "NaN"),
        ({"type": "object"}, ""),
    ],
)
def test_what_only_the_end_shows_is_found_at_the_end(schema: Any, reply: str) -> None:
    with pytest.raises(ReplyUnfit) as unfit:
        Schema.read(json.dumps(schema)).valid(reply)
    is_whole = schema.keys() > {"type"}
    assert ("is whole JSON but breaks" in unfit.value.message) == is_whole


@pytest.mark.parametrize(
    ("schema", "reply"),
    [
        ({"type": "array"}, "[" * 1500 + "]" * 1500),
        ({"items": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "[" * 800 + "]" * 800),
        ({"type": "number", "multipleOf": 0.01}, "1e309"),
        ({"type": "number", "multipleOf": 0.5}, "1" + "0" * 400),
    ],
)
def test_what_is_too_much_for_the_check_is_unfit(schema: object, reply: str) -> None:
    with pytest.raises(ReplyUnfit, match="to be checked"):
        Schema.read(json.dumps(schema)).valid(reply)


ITS_OWN = "https://example.invalid/b.json"


@pytest.mark.parametrize(
    "a",
    [
        {"$id": ITS_OWN, "$ref": "#/$defs/b"},
        {"$id": ITS_OWN, "items": {"$ref": "#/$defs/b"}},
        {"examples": {"$id": ITS_OWN, "a": {"$ref": "c"}}, "items": {"$ref": "#/$defs/b"}},
        {"items": {"$ref": "#/$defs/a%25b"}},
        {"items": {"$ref": "#/%24defs/a%25b"}},
    ],
)
def test_a_reference_means_what_stands_in_the_file(a: dict[str, Any]) -> None:
    numbers = {"type": "integer", "minimum": 0}
    definitions = {"b": numbers, "a%b": {"$id": "b.json", **numbers}}
    read = Schema.read(json.dumps({"properties": {"a": a}, "$defs": definitions}))
    good, bad = ('{"a":[3]}', '{"a":[-3]}') if "items" in a else ('{"a":3}', '{"a":-3}')
    assert read.valid(good) == good
    with pytest.raises(ReplyUnfit, match="'minimum'"):
        read.valid(bad)


@pytest.mark.parametrize(("one", "other"), [("Item", "item"), ("人", "书"), ("a b", "a_b")])
def test_definitions_of_like_names_are_two(one: str, other: str) -> None:
    places = {"x": {"$ref": f"#/$defs/{one}"}, "y": {"$ref": f"#/$defs/{other}"}}
    definitions = {one: {"type": "string"}, other: {"type": "integer"}}
    read = Schema.read(json.dumps({"properties": places, "$defs": definitions}))
    assert read.valid('{"x":"a", "y":1}')
    with pytest.raises(ReplyUnfit):
        read.valid('{"x":"a", "y":"b"}')


@pytest.mark.parametrize("word", ["items", "additionalProperties"])
def test_thirty_places_within_each_other_are_checked(word: str) -> None:
    schema: dict[str, Any] = {"type": "integer", "minimum": 0}
    for _ in range(30):
        schema = {word: schema}
    opening, closing = ("[", "]") if word == "items" else ('{"a":', "}")
    read = Schema.read(json.dumps(schema))
    assert read.valid(opening * 30 + "3" + closing * 30)
    with pytest.raises(ReplyUnfit, match="'minimum'"):
        read.valid(opening * 30 + "-3" + closing * 30)


def test_a_tenth_is_a_tenth() -> None:
    tenths = {"type": "integer", "minimum": 1, "maximum": 3, "multipleOf": 0.1}
    assert Schema.read(json.dumps(tenths)).valid("3") == "3"


def test_an_error_never_tells_what_the_reply_says() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
    with pytest.raises(ReplyUnfit) as unfit:
        Schema.read(json.dumps(schema)).valid('{"secret": -5}')
    assert "secret" not in unfit.value.line()
    assert "'minimum'" in unfit.value.message


def test_a_valid_reply_holds_nothing_a_terminal_obeys_and_means_the_same() -> None:
    reply = '"\x9b31m\u202e \u4f60\u597d\U0001f600"'
    shown = Schema.read('{"type": "string"}').valid(f" {reply}\n")
    assert json.loads(shown) == json.loads(reply)
    assert shown.isprintable()
    assert "\u4f60\u597d\U0001f600" in shown


def test_the_prompt_tells_the_schema() -> None:
    assert Schema.read('{\n "type":\n "null"}').asked("Well?").endswith('{"type":"null"}')
