"""The interface speaks its user's language, and no text of it was forgotten."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from gettext import GNUTranslations
from pathlib import Path

import pytest

import texts
from edge.cli.help.wrong_words import told
from edge.cli.main import COMMANDS, run
from edge.cli.page.cell import cells_of, columns
from edge.cli.page.wrap import in_lines
from edge.core.errors import Busy, UsageError
from edge.core.say import ENGLISH, say, say_n, speak, spoken
from edge.engine.edge.frames import Count, Failed
from edge.engine.edge.link import ProcessLink
from edge.routing.policy_file import load_policy
from edge.settings.catalogs import Later, catalog
from edge.settings.chosen import load_settings
from edge.settings.folders import Folders
from edge.settings.language import (
    KNOWN,
    choose_language,
    language_of,
    speak_chosen,
    without_lang,
)

CHECKOUT = Path(__file__).parents[1]
CHINESE = "zh_CN"
TRANSLATED = [language for language in KNOWN if language != "en"]


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """What is spoken is a fact of the process; the next test wants English."""
    yield
    speak(ENGLISH)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.below(tmp_path)


def write(folders: Folders, text: str) -> None:
    folders.config_file.parent.mkdir(parents=True, exist_ok=True)
    folders.config_file.write_text(text, encoding="utf-8")


# Which language.


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh_CN", "zh_CN"),
        ("zh-Hans-CN", "zh_CN"),
        ("zh", "zh_CN"),
        ("ZH_cn@pinyin", "zh_CN"),
        ("en_GB.UTF-8", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("fr_FR.UTF-8", None),
        ("", None),
    ],
)
def test_a_locales_name_means_a_language_or_none_of_ours(name, language):
    assert language_of(name) == language


PLACES = {
    "flag": "zh_CN",
    "variable": "zh",
    "file": 'lang = "zh_CN"\n',
    "LC_ALL": "zh_CN.UTF-8",
    "LC_MESSAGES": "zh_CN.UTF-8",
    "LANG": "zh_CN.UTF-8",
}


@pytest.mark.parametrize("place", PLACES)
def test_the_strongest_place_that_names_a_language_decides(folders, place):
    """Every stronger place is silent, and every weaker one says English."""
    weaker = list(PLACES)[list(PLACES).index(place) + 1 :]
    said = PLACES["flag"] if place == "flag" else None
    environ = {name: "en_US.UTF-8" for name in weaker if name in ("LC_ALL", "LC_MESSAGES", "LANG")}
    if place == "variable" or "variable" in weaker:
        environ["EDGE_LANG"] = PLACES["variable"] if place == "variable" else "en"
    if place == "file" or "file" in weaker:
        write(folders, PLACES["file"] if place == "file" else 'lang = "en"\n')
    if place.startswith("L"):
        environ[place] = PLACES[place]
    assert choose_language(said, environ, folders) == CHINESE


def test_english_is_spoken_where_nobody_says_otherwise(folders):
    assert choose_language(None, {}, folders) == "en"
    assert choose_language(None, {"LANG": "fr_FR.UTF-8"}, folders) == "en"


def test_a_locale_that_says_no_language_hides_the_weaker_ones(folders):
    assert choose_language(None, {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, folders) == "en"


def test_a_flag_that_names_no_language_of_ours_is_refused(folders):
    with pytest.raises(UsageError, match="--lang is 'fr' and must be one of en, zh_CN"):
        choose_language("fr", {"LANG": "zh_CN.UTF-8"}, folders)


@pytest.mark.parametrize("content", ["lang = 3\n", 'lang = "tlh"\n', "not toml", "\ufffd"])
def test_a_file_that_cannot_be_used_is_the_settings_to_refuse(folders, content):
    write(folders, content)
    assert choose_language(None, {"LANG": "zh_CN.UTF-8"}, folders) == CHINESE
    with pytest.raises(UsageError):
        load_settings(environ={}, folders=folders)


def test_the_setting_takes_what_the_variable_takes(folders):
    for spelled in ("en", "zh_CN", "zh-CN", "zh"):
        assert load_settings(environ={"EDGE_LANG": spelled}, folders=folders).lang == spelled
        assert language_of(spelled) in KNOWN


@pytest.mark.parametrize(
    ("words", "kept", "said"),
    [
        (["ask", "hi"], ["ask", "hi"], None),
        (["--lang", "zh", "ask", "hi"], ["ask", "hi"], "zh"),
        (["ask", "--lang=zh", "hi"], ["ask", "hi"], "zh"),
        (["ask", "hi", "--lang", "en", "--lang", "zh"], ["ask", "hi"], "zh"),
        (["ask", "--", "--lang", "zh"], ["ask", "--", "--lang", "zh"], None),
        (["ask", "--language", "zh"], ["ask", "--language", "zh"], None),
    ],
)
def test_the_flag_is_taken_out_wherever_it_stands(words, kept, said):
    assert without_lang(words) == (kept, said)


@pytest.mark.parametrize("words", [["ask", "--lang"], ["--lang=", "ask"]])
def test_a_flag_without_a_language_is_refused(words):
    with pytest.raises(UsageError, match="--lang is followed by a language"):
        without_lang(words)


def test_a_process_that_is_started_from_here_speaks_the_same():
    environ = {"EDGE_LANG": "en"}
    assert speak_chosen(["why", "--lang", "zh"], environ) == ["why"]
    assert environ == {"EDGE_LANG": CHINESE}


def wide(text: str) -> int:
    """The columns a text takes in a terminal."""
    return columns(cells_of(text))


# The whole way.


def edge(*words: str, **environ: str) -> tuple[int, str, str]:
    """One command in a process of its own, with nothing said of languages but this."""
    silent = {name: value for name, value in os.environ.items() if name not in ("EDGE_LANG",)}
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        silent.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "edge", *words],
        env=silent | {"PYTHONUTF8": "1", "PYTHONPATH": str(CHECKOUT)} | environ,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        (["--lang", "zh_CN", "why"], {}),
        (["why", "--lang=zh-CN"], {"LANG": "en_US.UTF-8"}),
        (["why"], {"EDGE_LANG": "zh"}),
        (["why"], {"LANG": "zh_CN.UTF-8"}),
    ],
    ids=["before", "after", "variable", "locale"],
)
def test_an_error_is_said_in_the_language_asked_for(words, environ):
    code, out, err = edge(*words, **environ)
    assert (code, out) == (2, "")
    assert err == "edge: 还没有保存任何一轮；建议：edge chat\n"


def test_english_stays_as_it_was():
    assert edge("why") == (2, "", "edge: no turn has been kept yet; try: edge chat\n")


def test_a_language_nobody_knows_here_is_a_usage_error():
    assert edge("why", "--lang", "fr")[::2] == (
        2,
        "edge: --lang is 'fr' and must be one of en, zh_CN; try: --lang zh_CN\n",
    )


def test_the_words_of_a_prompt_are_its_own():
    """What follows "--" is text, also where it looks like the flag."""
    code, _, err = edge("ask", "-m", "nothing-of-that-name", "--", "--lang", "fr")
    assert code == 2
    assert "nothing-of-that-name" in err


def test_every_commands_help_is_chinese_and_fits_eighty_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for name in COMMANDS:
        assert run([name, "--lang", "zh_CN", "--help"]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"用法：edge {name} ")
        assert "\n选项：\n" in out
        assert [line for line in out.splitlines() if wide(line) > 80] == []


def test_the_help_speaks_each_time_what_is_asked_for(capsys):
    assert run(["rm", "--help", "--lang", "zh"]) == 0
    assert "对话保留" in capsys.readouterr().out
    assert run(["rm", "--help", "--lang", "en"]) == 0
    assert "conversations stay" in capsys.readouterr().out


@pytest.mark.parametrize("width", [2, 7, 20, 40])
def test_a_wrapped_text_keeps_every_sign_and_its_width(width):
    text = "下载模型；中断前已下载的部分会保留。Use edge pull NAME，然后 edge chat。"
    lines = in_lines(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(wide(line) <= width for line in lines)


@pytest.mark.parametrize(
    "message",
    [
        "No such option: --nope",
        "No such option: --modl (Possible options: --model)",
        "Missing argument 'name'",
        "Option '--seed' requires an argument",
        "Got unexpected extra argument(s) (b c)",
        "Invalid value for '--seed': Value 'x' is not a valid int",
        "Something nobody thought of",
    ],
)
def test_what_typer_says_is_the_same_in_english(message):
    assert told(message) == message


@pytest.mark.parametrize(
    ("message", "chinese"),
    [
        ("'a' is not one of 'b', 'c'", "'a' 不是以下之一：'b', 'c'"),
        ("Input should be greater than or equal to 1", "不能小于 1"),
        ("Input should be less than or equal to 9", "不能大于 9"),
        ("Input should be a valid integer, unable to parse string as an integer", "应为整数"),
        ("Input should be a valid number, unable to parse string as a number", "应为数字"),
    ],
)
def test_what_typer_says_of_a_value_is_said_in_chinese(message, chinese):
    speak(catalog(CHINESE))
    assert told(f"Invalid value for '--x': {message}") == f"'--x' 的值无效：{chinese}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["log", "list", "--limit", "0"], "不能小于 1"),
        (["log", "list", "--limit", "9999999"], "不能大于 1000000"),
        (["log", "list", "--limit", "x"], "应为整数"),
        (["chat", "--temperature", "x"], "应为数字"),
        (["log", "show", "\udcff"], "第 0 个字符处不是 UTF-8 文本：名字"),
        (["why", "\udcff"], "第 0 个字符处不是 UTF-8 文本：id"),
        (["ask", "\udcff"], "第 0 个字符处不是 UTF-8 文本：提示词"),
    ],
)
def test_no_english_stands_in_what_is_wrong_with_a_word(capsys, words, said):
    assert run(["--lang", "zh", *words]) == 2
    assert said in capsys.readouterr().err


def test_values_and_numbers_find_their_place_in_another_language():
    speak(catalog(CHINESE))
    assert say("conversation {id} goes on", id="{odd}") == "对话 {odd} 继续"
    assert say_n("{n} turn", "{n} turns", 1) == "1 轮"
    assert Busy(say("cancelled"), hint="edge chat").line() == "已取消；建议：edge chat"


def test_a_worker_speaks_as_its_parent_does():
    speak(catalog(CHINESE))
    link = ProcessLink()
    link.send(Count(7, ()))
    assert link.receive(60) == Failed(7, "UsageError", "没有加载模型", "")
    link.close()


def test_a_catalog_may_wait_for_the_first_text():
    speak(Later(CHINESE))
    assert (say("cancelled"), spoken()) == ("已取消", CHINESE)
    speak(Later("en"))
    assert (say_n("{n} turn", "{n} turns", 2), spoken()) == ("2 turns", "en")


def test_what_is_wrong_with_a_file_is_said_with_the_same_correction():
    """What to type is the same in every language."""
    speak(catalog(CHINESE))
    with pytest.raises(UsageError) as refused:
        load_policy('schema_version = 1\nname = "a"\ndefault = "edge"\n[budget.cnx]', "a.toml")
    assert refused.value.line() == "a.toml:4: 'cnx' 不是币种代码；建议：[budget.CNY]"


# Nothing was forgotten.


@pytest.fixture(scope="module")
def package() -> dict[str, ast.Module]:
    """Every module of edge by its path, read once."""
    return texts.modules()


@pytest.fixture(scope="module")
def every(package) -> dict[str, texts.Text]:
    """Every text they say."""
    return texts.every_text(package)


@pytest.fixture(scope="module")
def errors(package) -> set[str]:
    return texts.error_names(package.values())


def wrong(package: Mapping[str, ast.Module], rule: Callable[[ast.Module], Iterable[ast.AST]]):
    """What a rule finds, by module; empty where it holds in all of them."""
    found = {path: [ast.unparse(node) for node in rule(tree)] for path, tree in package.items()}
    return {path: nodes for path, nodes in found.items() if nodes}


@pytest.fixture(params=TRANSLATED, scope="module")
def translated(request: pytest.FixtureRequest):
    return request.param, texts.read_catalog(request.param)


def test_every_text_is_translated(translated, every):
    _, found = translated
    there = {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in found
        if message.id
    }
    assert [text.one for text in every.values() if text.one not in there] == []
    assert [
        one for one, message in there.items() if not all(texts.told(message)) or message.fuzzy
    ] == []


def test_a_catalog_holds_no_text_that_nobody_says(translated, every):
    _, found = translated
    said = {text.key for text in every.values()}
    assert [message.id for message in found if message.id and message.id not in said] == []


def test_a_translation_puts_in_the_values_of_its_text(translated):
    _, found = translated
    wrong = []
    for message in found:
        if message.id:
            wanted = texts.fields_of(message.id if isinstance(message.id, str) else message.id[-1])
            told_ = texts.told(message)
            wrong += [text for text in told_ if text and texts.fields_of(text) != wanted]
    assert wrong == []


def test_the_binary_catalog_is_made_of_the_one_a_person_reads(translated):
    language, found = translated
    built = texts.po_file(language).with_suffix(".mo").read_bytes()
    assert built == texts.binary(found)
    assert GNUTranslations(io.BytesIO(built)).gettext("cancelled") == catalog(language).gettext(
        "cancelled"
    )


def test_one_text_has_one_plural(package):
    """A text with two plurals, or with one and without, would have two translations."""
    plurals: dict[str, set[str]] = {}
    for path, tree in package.items():
        for text in texts.texts_of(tree, path):
            plurals.setdefault(text.one, set()).add(text.many)
    assert [one for one, many in plurals.items() if len(many) > 1] == []


def test_what_is_said_is_a_literal(package):
    assert wrong(package, texts.not_literal) == {}


def test_nothing_is_said_before_a_language_is_chosen(package):
    assert wrong(package, texts.too_early) == {}


@pytest.mark.parametrize("said", ['A = say("good day")', 'def f(a=say_n("a", "b", 2)): ...'])
def test_a_text_that_is_said_too_early_is_seen(said):
    assert len(texts.too_early(ast.parse(said))) == 1
    assert texts.too_early(ast.parse('A = noted("good day")\nB = lambda: say("good day")')) == []


def test_what_an_error_tells_is_said(package, errors):
    """Its message and what is kept; a hint may be a plain command."""
    assert wrong(package, lambda tree: texts.unsaid(tree, errors)) == {}


@pytest.mark.parametrize(
    ("code", "n_unsaid"),
    [
        ('raise Busy(say("good day"), hint="edge pull NAME")', 0),
        ('raise Busy(say("good day"), hint=f"mv {path} {path}.old")', 0),
        ('raise Busy(say("good day"), hint=f"{key} = {example}")', 0),
        ('raise Busy(f"{path}: {why}", kept=say("it stays"))', 0),
        ('raise Busy("good day")', 1),
        ('raise Busy("cancelled")', 1),
        ('raise Busy(f"good day, {name}")', 1),
        ('raise Busy(say("a") if warm else "good day")', 1),
        ('raise Busy(say("good day"), kept="it stays")', 1),
        ('raise Busy(say("good day"), hint="try harder")', 1),
        ('raise Busy(say("good day"), hint="edge pull, or wait")', 1),
        ('class Cut(Busy): ...\nraise Cut("good day")', 1),
        ('yield Notice(NoticeCode.OFFER, "good day")', 1),
    ],
)
def test_an_error_that_was_not_said_is_seen(code, n_unsaid, errors):
    tree = ast.parse(code)
    assert len(texts.unsaid(tree, texts.error_names([tree]) | errors)) == n_unsaid


def test_words_are_said(package):
    words = {path: tree for path, tree in package.items() if path.startswith("edge/cli/words/")}
    assert words
    assert wrong(words, texts.bare) == {}


@pytest.mark.parametrize(
    ("code", "n_bare"),
    [
        ('def f():\n    "Doc of it."\n    return say("good day")', 0),
        ('def f():\n    return "good day"', 1),
        ('def f(n):\n    return f"good day {n}"', 1),
        ('def f():\n    return "edge pull"', 0),
        ('def f():\n    return say_n("one day", "{n} days more", 2)', 0),
    ],
)
def test_a_bare_text_is_seen(code, n_bare):
    assert len(texts.bare(ast.parse(code))) == n_bare


@pytest.mark.parametrize("said", ['say(f"a {b}")', "say(text)", 'say_n("a", many, 2)'])
def test_a_text_no_catalog_can_hold_is_seen(said):
    assert len(texts.not_literal(ast.parse(said))) == 1
    assert texts.not_literal(ast.parse("progress.say(text)")) == []
