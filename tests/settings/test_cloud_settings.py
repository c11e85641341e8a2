"""What the user says of the cloud is read as meant, or refused with what it may be."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from edge.core.cloud import Cap, CloudMode, Dialect, Scope
from edge.core.errors import UsageError
from edge.core.message import Label
from edge.core.units import Money
from edge.settings.chosen import load_settings
from edge.settings.cloud import CloudSettings, load_cloud
from edge.settings.folders import Folders
from edge.settings.hosts import REGION_NAMES, checked_base_url

OWN = '[cloud.my-box]\nbase_url = "https://box.example/v1"\n'


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.below(tmp_path)


def load(folders: Folders, text: str, **environ: str) -> CloudSettings:
    folders.config_file.write_text(text, encoding="utf-8")
    folders.config_file.chmod(0o600)
    return load_cloud(folders, environ)


def refused(folders: Folders, text: str, **environ: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(folders, text, **environ)
    return caught.value


# Modes and labels.


def test_without_a_word_from_the_user_the_cloud_is_off_and_all_is_private(folders):
    settings = load_cloud(folders, {})
    assert (settings.mode, settings.mode_from) == (CloudMode.OFF, "default")
    assert (settings.new_label, settings.caps, settings.policy) == (Label.PRIVATE, (), None)


def test_every_value_of_the_file_is_taken(folders):
    settings = load(
        folders,
        'policy = "balanced"\n'
        '[cloud]\nmode = "auto"\nprovider = "my-box"\nmodel = "a"\nlong_model = "b"\n'
        f'{OWN}models = ["a", "b"]\nstrict_model = true\ndialect = "dashscope"\n'
        '[privacy]\nnew = "public"\nwords = ["Heron"]\npatterns = ["HN-[0-9]+"]\n'
        '[budget.CNY]\nmonth = 20\nturn = "0.050"\n',
    )
    assert (settings.mode, settings.policy) == (CloudMode.AUTO, "balanced")
    assert (settings.model, settings.long_model, settings.strict_model) == ("a", "b", True)
    assert settings.provider.base_url == "https://box.example/v1"
    assert (settings.provider.models, settings.provider.region) == (("a", "b"), "")
    assert settings.provider.dialect is Dialect.DASHSCOPE
    assert (settings.new_label, settings.words) == (Label.PUBLIC, ("Heron",))
    assert settings.patterns == ("HN-[0-9]+",)
    assert settings.caps == (
        Cap(Scope.TURN, Money(Decimal("0.05"), "CNY")),
        Cap(Scope.MONTH, Money(Decimal(20), "CNY")),
    )


def test_the_environment_beats_the_file(folders):
    text = 'policy = "balanced"\n[cloud]\nmode = "auto"\n'
    settings = load(folders, text, EDGE_CLOUD="OFF", EDGE_POLICY="mine.toml")
    assert (settings.mode, settings.mode_from) == (CloudMode.OFF, "EDGE_CLOUD")
    assert settings.policy == "mine.toml"


@pytest.mark.parametrize("environ", [{}, {"EDGE_CLOUD": "auto"}])
def test_offline_beats_everyone(folders, environ):
    settings = load(folders, 'offline = true\n[cloud]\nmode = "auto"\n', **environ)
    assert (settings.mode, settings.mode_from) == (CloudMode.OFF, "offline")


def test_with_the_cloud_off_new_conversations_are_private_whatever_was_chosen(folders):
    assert load(folders, '[privacy]\nnew = "public"\n').new_label is Label.PRIVATE


def test_addresses_of_the_environment_change_nothing(folders):
    names = ("OPENAI_BASE_URL", "DASHSCOPE_BASE_URL", "DASHSCOPE_HTTP_BASE_URL", "HTTPS_PROXY")
    settings = load(folders, "", **dict.fromkeys(names, "https://elsewhere.example/v1"))
    assert settings.provider.base_url == "https://dashscope.aliyuncs.com/compatible-mode/v1"


def test_flat_settings_are_read_beside_the_tables(folders):
    load(folders, f'n_ctx = 4096\npolicy = "offline"\n{OWN}[budget.CNY]\nday = 1\n')
    assert load_settings(environ={}, folders=folders).n_ctx == 4096


# Regions and addresses.


@pytest.mark.parametrize(
    ("table", "host", "prices"),
    [
        ("", "dashscope.aliyuncs.com", "mainland"),
        ('region = "intl"', "dashscope-intl.aliyuncs.com", "international"),
        ('region = "ap-southeast-1"', "dashscope-intl.aliyuncs.com", "international"),
        ('region = "us"', "dashscope-us.aliyuncs.com", "us"),
        ('region = "hong-kong"', "cn-hongkong.dashscope.aliyuncs.com", "hong-kong"),
        ('workspace = "ws-1"', "ws-1.cn-beijing.maas.aliyuncs.com", "mainland"),
        (
            'region = "eu-central-1"\nworkspace = "ws-1"',
            "ws-1.eu-central-1.maas.aliyuncs.com",
            "eu-central-1",
        ),
    ],
)
def test_a_region_has_its_host_and_its_prices(folders, table, host, prices):
    provider = load(folders, f"[cloud.dashscope]\n{table}\n").provider
    assert provider.base_url == f"https://{host}/compatible-mode/v1"
    assert (provider.host, provider.region) == (host, prices)
    assert provider.dialect is Dialect.DASHSCOPE


def test_a_region_with_hosts_for_workspaces_alone_wants_one(folders):
    error = refused(folders, '[cloud.dashscope]\nregion = "ap-northeast-1"\n')
    assert "workspace = " in error.hint


@pytest.mark.parametrize("name", REGION_NAMES)
def test_every_region_is_asked_over_https(folders, name):
    text = f'[cloud.dashscope]\nregion = "{name}"\nworkspace = "ws-1"\n'
    assert load(folders, text).provider.base_url.startswith("https://ws-1.")


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/v1/",
        "https://a.example:8443/v1",
        "http://127.0.0.1:8080/v1",
        "http://localhost/v1",
        "http://[::1]:80/v1",
        "https://[2001:db8::1]/v1",
    ],
)
def test_an_address_may_be_https_or_this_machine(url):
    assert checked_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/v1",
        "http://127.0.0.1.a.example/v1",
        "http://10.0.0.1/v1",
        "http://0.0.0.0/v1",
        "https:///v1",
        "https://me:pw@a.example/v1",
        "https://127.0.0.1@a.example/v1",
        "https://a.example/v1?key=1",
        "https://a.example/v1#x",
        "https://a.example/v1/chat/completions",
        "https://a.example:port/v1",
        "https://ａ.example/v1",
        "https://a example/v1",
        "https://[::1/v1",
        "ftp://a.example/v1",
        "a.example/v1",
    ],
)
def test_no_other_address_is_asked(url, folders):
    with pytest.raises(ValueError, match=r".+"):
        checked_base_url(url)
    error = refused(folders, f'[cloud.my-box]\nbase_url = "{url}"\n')
    assert "cloud.my-box.base_url" in error.message
    assert str(folders.config_file) in error.message


def test_certificates_are_found_beside_the_settings(folders):
    (folders.config / "ca.pem").write_text("x")
    text = f'[cloud]\nprovider = "my-box"\n{OWN}ca_file = "ca.pem"\n'
    assert load(folders, text).provider.ca_file == str(folders.config / "ca.pem")


# Prices of one's own.


def test_a_price_of_ones_own_is_exact_and_dated_by_the_file(folders):
    settings = load(
        folders,
        f'[cloud]\nprovider = "my-box"\n{OWN}n_ctx = 8192\nper_million_in = 0.1\n'
        'per_million_out = "0.30"\ncurrency = "EUR"\n',
    )
    price = settings.terms.price
    assert price is not None
    assert price.tiers[0].per_million_in == Money(Decimal("0.1"), "EUR")
    assert price.tiers[0].per_million_out_thinking == Money(Decimal("0.30"), "EUR")
    assert (settings.terms.n_ctx, price.region) == (8192, "")
    assert price.as_of.year >= 2026


# What is refused.

WRONG = {
    '[cloud]\nmode = "atuo"': ("cloud.mode", 'mode = "auto"'),
    "[cloud]\nmode = true": ("cloud.mode", "mode = "),
    "cloud = 'auto'": ("cloud is", "cloud = { }"),
    '[cloud]\nmdoe = "auto"': ("cloud.mdoe", "mode"),
    '[cloud]\nprovider = "dashscpe"': ("cloud.provider", "dashscope"),
    "[cloud]\nmodel = 3": ("cloud.model", 'model = "qwen-plus"'),
    "[cloud.model]\nx = 1": ("cloud.model", "model = "),
    f"{OWN}modles = []": ("cloud.my-box.modles", "models"),
    f'{OWN}models = "a"': ("cloud.my-box.models", "models = ["),
    f'{OWN}dialect = "anthropic"': ("cloud.my-box.dialect", "openai"),
    f'{OWN}workspace = "w"': ("cloud.my-box.workspace", "one of"),
    f'{OWN}ca_file = "none.pem"': ("cloud.my-box.ca_file", "ca_file = "),
    f"{OWN}per_million_in = 1": ("half a price", "currency"),
    f"{OWN}per_million_in = 1\nper_million_out = -1\ncurrency = 'CNY'": (
        "per_million_out",
        "per_million_out = 2",
    ),
    f"{OWN}per_million_in = 1\nper_million_out = 1\ncurrency = 'yuan'": ("currency", '"CNY"'),
    f"{OWN}n_ctx = 0": ("cloud.my-box.n_ctx", "n_ctx = 131072"),
    "[cloud.my-box]\nmodels = ['a']": ("[cloud.my-box]", "base_url = "),
    "[cloud.My_Box]\nbase_url = 'https://a.example'": ("[cloud.My_Box]", "hyphens"),
    '[cloud.dashscope]\nregion = "singapur"': ("cloud.dashscope.region", '"singapore"'),
    '[cloud.dashscope]\nworkspace = "a.evil"': ("cloud.dashscope.workspace", "ws-"),
    '[privacy]\nnew = "open"': ("privacy.new", 'new = "'),
    '[privacy]\nnwe = "public"': ("privacy.nwe", "new"),
    '[privacy]\nwords = ["a", " "]': ("privacy.words", "words = ["),
    "[privacy]\npatterns = ['(']": ("privacy.patterns", "regular expression"),
    "[privacy]\npatterns = ['a*']": ("privacy.patterns", "regular expression"),
    "[budget]\nday = 3": ("budget.day", "[budget.CNY]"),
    "[budget.CNY]\nweek = 3": ("budget.CNY.week", "month"),
    "[budget.CNY]\nday = -1": ("budget.CNY.day", "day = 5.00"),
    "[budget.CNY]\nday = inf": ("budget.CNY.day", "day = "),
    "[budget.CNY]\nday = nan": ("budget.CNY.day", "day = "),
    "[budget.CNY]\nday = true": ("budget.CNY.day", "day = "),
    '[budget.CNY]\nday = "5 yuan"': ("budget.CNY.day", "day = "),
    "[budget.CNY]\nday = 0.0000000001": ("budget.CNY.day", "9 decimals"),
    "policy = 3": ("policy is", 'policy = "edge-first"'),
}


@pytest.mark.parametrize("text", WRONG)
def test_a_bad_value_names_the_file_the_key_and_what_it_may_be(folders, text):
    named, wanted = WRONG[text]
    error = refused(folders, f"{text}\n")
    assert named in error.message
    assert str(folders.config_file) in error.message
    assert wanted in error.line()


def test_a_bad_variable_is_named_with_what_it_may_be(folders):
    error = refused(folders, "", EDGE_CLOUD="yes")
    assert "EDGE_CLOUD is 'yes' and must be one of off, ask, auto" in error.message
    assert error.hint == "export EDGE_CLOUD=ask"


def test_a_bad_value_is_an_error_though_the_environment_hides_it(folders):
    assert "cloud.mode" in refused(folders, "[cloud]\nmode = 1\n", EDGE_CLOUD="off").message


@pytest.mark.parametrize(
    "text",
    [
        '[cloud]\nmode = "sk-0123456789abcdef"',
        '[cloud]\nsk-0123456789abcdef = "x"',
        '[cloud]\nprovider = "sk-0123456789abcdef"',
        '[cloud.my-box]\nbase_url = "http://a.example/sk-0123456789abcdef"',
        'sk-0123456789abcdef = "x"',
    ],
)
def test_a_key_in_the_wrong_place_is_not_shown(folders, text):
    folders.config_file.write_text(f"{text}\n")
    with pytest.raises(UsageError) as caught:
        load_cloud(folders, {})
    assert "0123456789" not in caught.value.line()


def test_a_file_that_holds_a_key_must_be_the_users_alone(folders):
    load(folders, f'{OWN}key = "sk-0123456789abcdef"\n')
    folders.config_file.chmod(0o640)
    with pytest.raises(UsageError, match="others may read it") as caught:
        load_cloud(folders, {})
    assert caught.value.hint == f"chmod 600 {folders.config_file}"
