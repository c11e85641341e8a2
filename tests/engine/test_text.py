from hypothesis import example, given
from hypothesis import strategies as st

from edge.engine.text import TextStream, tail_that_may_begin


def pieces_of(data, cuts):
    """`data` cut at the given places (taken modulo its length)."""
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def streamed(pieces, stop=()):
    stream = TextStream(stop)
    shown = [stream.feed(piece) for piece in pieces]
    return "".join([*shown, stream.close()]), stream.stopped


def cut_at_first_stop(text, stop):
    """The plain reading: grow the text a character at a time until it ends in a stop string."""
    for end in range(1, len(text) + 1):
        met = [len(mark) for mark in stop if text[:end].endswith(mark)]
        if met:
            return text[: end - max(met)], True
    return text, False


cuts = st.lists(st.integers(min_value=0), max_size=12)
stops = st.lists(st.text("abc\n你", min_size=1, max_size=4), max_size=4)


@given(st.binary(max_size=40), cuts)
@example("汉🙂".encode(), [1, 2, 3, 4, 5, 6])
@example(b"\xf0\x9f\xed\xa0\x80ok\xff", [1, 2, 3])
def test_bytes_cut_anywhere_decode_as_if_whole(data, cuts):
    assert streamed(pieces_of(data, cuts)) == (data.decode("utf-8", "replace"), False)


@given(st.text("abc\n你", max_size=20), stops, cuts)
@example("abcd", ["abcd", "bc"], [])
@example("abcd", ["abcd", "bc"], [1, 2, 3])
@example("aab", ["aab"], [1, 2])
def test_the_first_stop_string_to_be_complete_cuts_the_text_however_it_arrives(text, stop, cuts):
    assert streamed(pieces_of(text.encode(), cuts), stop) == cut_at_first_stop(text, stop)


@given(st.text("ab", max_size=20), st.lists(st.text("ab", min_size=1, max_size=4), min_size=1))
def test_only_a_tail_that_may_begin_a_stop_string_is_held_back(text, stop):
    stream = TextStream(stop)
    shown = "".join(stream.feed(char.encode()) for char in text)
    if not stream.stopped:
        held = text[len(shown) :]
        assert held == "" or any(mark.startswith(held) and mark != held for mark in stop)


def test_half_a_character_is_never_shown():
    stream = TextStream()
    assert [stream.feed(bytes([byte])) for byte in "é🙂".encode()] == ["", "é", "", "", "", "🙂"]


def test_a_character_cut_by_the_end_of_the_reply_becomes_a_replacement():
    stream = TextStream()
    assert (stream.feed("ok🙂".encode()[:-1]), stream.close()) == ("ok", "\ufffd")


def test_nothing_is_said_after_a_stop_string():
    stream = TextStream(["END"])
    assert (stream.feed(b"doneENDmore"), stream.stopped) == ("done", True)
    assert (stream.feed(b"again"), stream.close()) == ("", "")


def test_an_empty_stop_string_stops_nothing():
    assert streamed([b"text"], [""]) == ("text", False)


def test_a_stop_string_that_was_only_begun_is_shown_at_the_end():
    stream = TextStream(["</s>"])
    assert (stream.feed(b"a </"), stream.close(), stream.stopped) == ("a ", "</", False)


def test_a_whole_mark_is_no_tail_that_may_begin_it():
    assert tail_that_may_begin("xab", ["ab", "long"]) == 0
    assert tail_that_may_begin("xaab", ["aba"]) == 2
