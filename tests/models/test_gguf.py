"""The header preflight: sound files give their shape, all others one of our errors, soon."""

from __future__ import annotations

import ctypes
import hashlib
import io
import os
import random
import tracemalloc
from pathlib import Path

import gguf
import pytest
from gguf_bytes import F32, I32, U8, U32, Draft, fields_of, number, numbers, tensor, words

from edge.core.errors import BadModelFile, UnsupportedModel, UsageError
from edge.core.units import MIB
from edge.models import gguf_reader, gguf_tensors
from edge.models.catalog import load_catalog
from edge.models.gguf import preflight
from edge.models.gguf_reader import MAX_HEADER_BYTES, Cursor
from tiny_gguf import TEMPLATE, TinyShape, make_tiny

ARCHITECTURES = ("qwen2", "qwen3", "qwen35")


@pytest.fixture
def write(tmp_path):
    def write(raw: bytes, name: str = "model.gguf") -> Path:
        path = tmp_path / name
        path.write_bytes(raw)
        return path

    return write


# Sound files.


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_sound_file_gives_its_shape(tmp_path, arch):
    header = preflight(make_tiny(tmp_path / "tiny.gguf", arch, n_ctx=2048))
    assert (header.arch, header.name, header.quant) == (arch, f"tiny {arch}", "f32")
    assert (header.n_layers, header.n_heads, header.n_kv_heads) == (4, 2, 1)
    assert (header.key_length, header.value_length, header.head_dim) == (32, 32, 32)
    assert (header.hidden, header.feed_forward) == (64, 128)
    assert (header.n_ctx_train, header.n_vocab) == (2048, 261)
    assert (header.tokenizer_model, header.tokenizer_pre) == ("gpt2", "qwen2")
    assert header.size_bytes == (tmp_path / "tiny.gguf").stat().st_size


def test_the_template_is_known_by_its_hash_only(tmp_path):
    header = preflight(make_tiny(tmp_path / "tiny.gguf"))
    assert header.template_sha256 == hashlib.sha256(TEMPLATE.encode()).hexdigest()
    assert preflight(make_tiny(tmp_path / "bare.gguf", template=None)).template_sha256 is None


def test_an_input_embedding_stored_apart_is_not_read_for_every_token(tmp_path):
    apart = preflight(make_tiny(tmp_path / "apart.gguf"))
    tied = preflight(make_tiny(tmp_path / "tied.gguf", tied=True))
    assert apart.tensor_bytes - apart.read_bytes == 261 * 64 * 4
    assert tied.read_bytes == tied.tensor_bytes == apart.read_bytes


def test_every_fourth_layer_of_a_recurrent_model_keeps_kv(tmp_path):
    header = preflight(make_tiny(tmp_path / "t.gguf", "qwen35", shape=TinyShape(n_layers=8)))
    assert (header.n_layers, header.n_kv_layers) == (8, 2)
    # Six layers; state 32 x inner 128, and 3 rows of 128 + 2 x 2 groups x 32; four bytes each.
    assert header.recurrent_state_bytes == 6 * (32 * 128 + 3 * (128 + 128)) * 4


def test_attending_models_have_no_recurrent_state(tmp_path):
    header = preflight(make_tiny(tmp_path / "t.gguf", "qwen3"))
    assert (header.n_kv_layers, header.recurrent_state_bytes) == (4, 0)


def test_a_file_written_by_hand_passes(write):
    header = preflight(write(Draft().bytes()))
    # 8 + 4 + 4 values of four bytes; heads of 4 // 2 values.
    assert (header.tensor_bytes, header.head_dim, header.quant) == (64, 2, "unknown")


def test_the_older_version_two_passes(write):
    assert preflight(write(Draft(version=2).bytes())).arch == "qwen2"


def test_a_name_cannot_steer_the_terminal(write):
    raw = Draft().set("general.name", words("a\x1b[2Jb\n")).bytes()
    assert preflight(write(raw)).name == "a[2Jb"


def test_layers_that_only_guess_ahead_are_not_counted(write):
    draft = Draft().set("qwen2.block_count", number(U32, 2))
    raw = draft.set("qwen2.nextn_predict_layers", number(U32, 1)).bytes()
    assert preflight(write(raw)).n_layers == 1


def test_block_sizes_are_those_of_the_format():
    known = {int(kind): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()}
    assert dict(gguf_tensors._BLOCKS) == {kind: known[kind] for kind in gguf_tensors._BLOCKS}


def test_a_reordered_copy_leaves_the_input_embedding_out(write):
    draft = Draft(n_data=400).set("qwen2.embedding_length", number(U32, 32))
    draft.tensors = [
        tensor("token_embd.weight", (32, 2), 0, kind=8),  # Q8_0: 34 bytes for 32 values
        tensor("output_norm.weight", (32,), 96),
        tensor("blk.0.attn_norm.weight", (32,), 224),
        tensor("blk.0.attn_q.weight", (32, 1), 352, kind=8),
    ]
    assert preflight(write(draft.bytes())).repackable_bytes == 34


@pytest.mark.weights
def test_the_catalog_describes_the_real_file(weights_path):
    header = preflight(weights_path)
    spec, quant = load_catalog().by_sha256(hash_of(weights_path))
    assert (header.arch, header.quant, header.size_bytes) == (
        spec.arch,
        quant.name,
        quant.size_bytes,
    )
    assert (header.n_layers, header.n_kv_layers) == (spec.n_layers, spec.n_kv_layers)
    assert (header.n_kv_heads, header.head_dim) == (spec.n_kv_heads, spec.head_dim)
    assert (header.hidden, header.n_vocab) == (spec.hidden, spec.n_vocab)
    assert header.n_ctx_train == spec.n_ctx_train
    # The catalog's figure is the file less the input embedding, so it has the head in it.
    assert quant.read_bytes - header.read_bytes == header.size_bytes - header.tensor_bytes


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# The engine agrees.


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_engine_loads_and_decodes_a_tiny_model(tmp_path, arch, capfd):
    llama = pytest.importorskip("llama_cpp")
    path = make_tiny(tmp_path / "tiny.gguf", arch)
    llama.llama_backend_init()
    model_params = llama.llama_model_default_params()
    model_params.n_gpu_layers = 0
    model = llama.llama_model_load_from_file(os.fsencode(path), model_params)
    assert model
    params = llama.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = 256, 64, 64
    params.n_threads = params.n_threads_batch = params.n_outputs_max = 1
    context = llama.llama_init_from_model(model, params)
    assert llama.llama_vocab_eos(llama.llama_model_get_vocab(model)) == 258
    for prompt in ([257, *b"user\nhello", 258], [10], [97]):
        tokens = (llama.llama_token * len(prompt))(*prompt)
        assert llama.llama_decode(context, llama.llama_batch_get_one(tokens, len(prompt))) == 0
    logits = llama.llama_get_logits_ith(context, -1)
    assert len(set(ctypes.cast(logits, ctypes.POINTER(ctypes.c_float * 261)).contents)) > 200
    state_bytes = llama.llama_state_seq_get_size_ext(context, 0, 1)
    llama.llama_free(context)
    llama.llama_model_free(model)
    if arch == "qwen35":  # the state it would save, with some hundred bytes of framing
        assert 0 <= state_bytes - preflight(path).recurrent_state_bytes < 512


# Sound, but not ours.


def test_another_architecture_is_unsupported_not_bad(tmp_path):
    with pytest.raises(UnsupportedModel, match="'llama'"):
        preflight(make_tiny(tmp_path / "llama.gguf", "llama"))


@pytest.mark.parametrize(
    ("key", "value"),
    [("tokenizer.ggml.model", "llama"), ("tokenizer.ggml.pre", "llama-bpe")],
)
def test_another_tokenizer_is_unsupported(write, key, value):
    with pytest.raises(UnsupportedModel, match=repr(value)):
        preflight(write(Draft().set(key, words(value)).bytes()))


def test_a_file_without_a_splitting_rule_is_unsupported(write):
    with pytest.raises(UnsupportedModel, match="'none'"):
        preflight(write(Draft().drop("tokenizer.ggml.pre").bytes()))


# No file at all.


def test_a_missing_file_is_the_users_slip(tmp_path):
    with pytest.raises(UsageError, match="No such file") as caught:
        preflight(tmp_path / "nowhere.gguf")
    assert caught.value.hint == f"ls -l {tmp_path}"


def test_a_name_with_a_null_is_the_users_slip(tmp_path):
    with pytest.raises(UsageError, match="not a file name"):
        preflight(Path("a\0b"))


def test_pipes_devices_and_folders_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link-to-pipe").symlink_to(tmp_path / "pipe")
    (tmp_path / "link-to-zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "link-to-pipe", "link-to-zero", "folder"):
        with pytest.raises(BadModelFile, match="not a regular file"):
            preflight(tmp_path / name)


def test_a_link_to_a_model_is_followed(tmp_path):
    make_tiny(tmp_path / "tiny.gguf")
    (tmp_path / "link.gguf").symlink_to(tmp_path / "tiny.gguf")
    assert preflight(tmp_path / "link.gguf").arch == "qwen2"


# Bad files, each naming what is wrong.


HUGE = 2**64 - 1
BAD = {
    "it is empty": b"",
    "the magic number runs past": b"GG",
    "it is a web page": b"<!DOCTYPE html><title>log in</title>" + bytes(100),
    "begins with b'FUGG'": Draft(magic=b"FUGG").bytes(),
    "version is 1": Draft(version=1).bytes(),
    "version is 50331648": Draft(version=3 << 24).bytes(),  # the other byte order
    f"key count is {HUGE}": Draft(n_keys=HUGE).bytes(),
    f"tensor count is {HUGE}": Draft(n_tensors=HUGE).bytes(),
    "tensor count is 0": Draft(n_tensors=0).bytes(),
    "general.architecture is missing": Draft().drop("general.architecture").bytes(),
    "qwen2.block_count is missing": Draft().drop("qwen2.block_count").bytes(),
    "qwen2.block_count is 0": Draft().set("qwen2.block_count", number(U32, 0)).bytes(),
    "block_count is missing or no whole": Draft().set("qwen2.block_count", number(F32, 1)).bytes(),
    "context_length is 0": Draft().set("qwen2.context_length", number(U32, 0)).bytes(),
    "head_count_kv is 3": Draft().set("qwen2.attention.head_count_kv", number(U32, 3)).bytes(),
    "4 attention heads share 3": Draft()
    .set("qwen2.attention.head_count", number(U32, 4))
    .set("qwen2.attention.head_count_kv", number(U32, 3))
    .bytes(),
    "tokens is missing": Draft().drop("tokenizer.ggml.tokens").bytes(),
    "tokens is missing or no array of TEXT": Draft()
    .set("tokenizer.ggml.tokens", numbers(I32, 1, 1))
    .bytes(),
    "merges is missing": Draft().drop("tokenizer.ggml.merges").bytes(),
    "token_type has 1 items for 2": Draft()
    .set("tokenizer.ggml.token_type", numbers(I32, 1))
    .bytes(),
    "no array of I32": Draft().set("tokenizer.ggml.token_type", numbers(U8, 1, 1)).bytes(),
    "eos_token_id is 2": Draft().set("tokenizer.ggml.eos_token_id", number(U32, 2)).bytes(),
    "general.alignment is 48": Draft().set("general.alignment", number(U32, 48)).bytes(),
    "general.alignment is 0": Draft().set("general.alignment", number(U32, 0)).bytes(),
    "odd has the unknown type 13": Draft().set("odd", b"\x0d\0\0\0").bytes(),
    "odd is an array of arrays": Draft()
    .set("odd", b"\x09\0\0\0\x09\0\0\0" + (1).to_bytes(8, "little"))
    .bytes(),
    f"odd claims {HUGE} items": Draft()
    .set("odd", b"\x09\0\0\0\0\0\0\0" + HUGE.to_bytes(8, "little"))
    .bytes(),
    f"odd claims to be {HUGE} bytes": Draft()
    .set("odd", b"\x08\0\0\0" + HUGE.to_bytes(8, "little"))
    .bytes(),
    "key 0 of 1 is b'caf": Draft(n_keys=1).bytes().replace(b"general.arch", "cafégen.arc".encode()),
    "dimensions (8, 1), not (4, 2)": Draft()
    .bytes()
    .replace(tensor("token_embd.weight", (4, 2), 0), tensor("token_embd.weight", (8, 1), 0)),
}


@pytest.mark.parametrize("complaint", BAD)
def test_a_bad_file_is_refused_for_its_first_bad_field(write, complaint):
    with pytest.raises(BadModelFile) as caught:
        preflight(write(BAD[complaint]))
    assert complaint in caught.value.message


def with_tensors(*tensors: bytes, n_data: int = 4096) -> bytes:
    draft = Draft(n_data=n_data)
    draft.tensors = list(tensors)
    return draft.bytes()


EMBEDDING, NORM = tensor("token_embd.weight", (4, 2), 0), tensor("output_norm.weight", (4,), 32)
BAD_TENSORS = {
    "'output_norm.weight' is missing": (EMBEDDING,),
    "'blk.0.attn_norm.weight' is missing": (EMBEDDING, NORM),
    "'token_embd.weight' is there twice": (EMBEDDING, tensor("token_embd.weight", (4, 2), 32)),
    "begins at 0, not at 32": (EMBEDDING, tensor("output_norm.weight", (4,), 0)),
    "begins at 33, not at 32": (EMBEDDING, tensor("output_norm.weight", (4,), 33)),
    "has the unknown type 4": (tensor("token_embd.weight", (4, 2), 0, kind=4),),
    "rows of 4 values, no multiple of 256": (tensor("token_embd.weight", (4, 2), 0, kind=12),),
    "has 5 dimensions": (tensor("token_embd.weight", (1, 1, 1, 1, 1), 0),),
    "has 0 dimensions": (tensor("token_embd.weight", (), 0),),
    "has the dimensions (0, 2)": (tensor("token_embd.weight", (0, 2), 0),),
    "has the dimensions (4294967296, 4294967296)": (tensor("x", (2**32, 2**32), 0),),
    "name of tensor 0 of 1 claims to be 64 bytes": (tensor("x" * 64, (4,), 0),),
}


@pytest.mark.parametrize("complaint", BAD_TENSORS)
def test_a_bad_tensor_is_refused(write, complaint):
    with pytest.raises(BadModelFile) as caught:
        preflight(write(with_tensors(*BAD_TENSORS[complaint])))
    assert complaint in caught.value.message


def test_recurrent_heads_that_do_not_divide_are_refused(tmp_path):
    shape = TinyShape(groups=3, value_heads=4)
    with pytest.raises(BadModelFile, match="time_step_rank is 4 for 128 and 3 groups"):
        preflight(make_tiny(tmp_path / "odd.gguf", "qwen35", shape=shape))


def test_a_key_given_twice_is_refused(write):
    draft = Draft()
    draft.keys.append(draft.keys[1])
    with pytest.raises(BadModelFile, match="block_count is there twice"):
        preflight(write(draft.bytes()))


def test_weights_cut_short_by_one_byte_are_refused(write):
    with pytest.raises(BadModelFile, match="weight' ends at"):
        preflight(write(Draft(n_data=64 + 15).bytes()))
    assert preflight(write(Draft(n_data=64 + 16).bytes())).n_layers == 1


# Whatever is in a file, the answer is ours and comes soon.


class Counted(io.RawIOBase):
    """A stream without end that counts what is read from it."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.n_read = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self.head[self.n_read : self.n_read + size].ljust(size, b"\0")
        self.n_read += size
        return chunk


@pytest.mark.parametrize("kind", [0, 8, 12])
def test_a_count_of_ten_to_the_eighteen_reads_little(kind):
    endless = Counted(kind.to_bytes(4, "little") + (10**18).to_bytes(8, "little"))
    cursor = Cursor(endless, "endless.gguf", size_bytes=10**20)
    with pytest.raises(BadModelFile, match="odd"):
        cursor.value(9, "odd")
    assert endless.n_read <= MAX_HEADER_BYTES


@pytest.mark.parametrize("count", [1, 15])
def test_megabytes_of_text_take_no_more_memory_than_the_header_has(write, count):
    draft = Draft().set("general.name", words(b"\xff" * 4 * MIB))
    draft.keys += [(f"odd.{n}", words(b"\xff" * 4 * MIB)) for n in range(1, count)]
    path = write(draft.bytes())
    tracemalloc.start()
    try:
        header = preflight(path)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert header.name == "\N{REPLACEMENT CHARACTER}" * 200
    # What was read is held once, with the eighth more a growing bytearray reserves.
    assert peak_bytes < 1.2 * (4 * count + 1) * MIB + 4 * MIB


LONG = b"\x1b" * 4 * MIB
LOUD = {
    "an architecture": Draft().set("general.architecture", words(LONG)),
    "a tokenizer": Draft().set("tokenizer.ggml.model", words(LONG)),
    "a splitting rule": Draft().set("tokenizer.ggml.pre", words(LONG)),
    "a key without a value": Draft().set("\x1b" * 60_000, b"\x0d\0\0\0"),
    "a key that is no text": Draft().set("\x1bé" * 20_000, b"\x0d\0\0\0"),
}
LOUD["a key given twice"] = Draft()
LOUD["a key given twice"].keys += [("\x1b" * 60_000, number(U8, 1))] * 2


@pytest.mark.parametrize("what", LOUD)
def test_an_error_quotes_little_of_a_file_and_nothing_that_steers_a_terminal(write, what):
    with pytest.raises((BadModelFile, UnsupportedModel)) as caught:
        preflight(write(LOUD[what].bytes()))
    assert len(caught.value.line()) < 2000
    assert caught.value.line().isprintable()


def test_arrays_of_empty_strings_cannot_add_up():
    one = b"\x08\0\0\0" + (1_500_000).to_bytes(8, "little")
    endless = Counted(one + bytes(12_000_000) + one)
    cursor = Cursor(endless, "endless.gguf", size_bytes=10**20)
    assert cursor.value(9, "first") == gguf_reader.Items(gguf_reader.Kind.TEXT, 1_500_000)
    with pytest.raises(BadModelFile, match="second brings the strings to more than"):
        cursor.value(9, "second")


def test_one_token_cannot_be_megabytes_long():
    head = b"\x08\0\0\0" + (1).to_bytes(8, "little") + (5_000_000).to_bytes(8, "little")
    cursor = Cursor(Counted(head), "endless.gguf", size_bytes=10**20)
    with pytest.raises(BadModelFile, match=r"tokens\[0\] claims to be 5000000 bytes long"):
        cursor.value(9, "tokens")


def test_a_header_without_end_is_given_up(write):
    raw = Draft().set("odd", b"\x09\0\0\0\0\0\0\0" + (2**36).to_bytes(8, "little")).head()
    path = write(raw)
    os.truncate(path, 2**37)  # sparse: a hundred GiB that take no room
    with pytest.raises(BadModelFile, match="odd makes the header longer than 64 MiB"):
        preflight(path)


def outcome(path: Path) -> str:
    try:
        return preflight(path).arch
    except (BadModelFile, UnsupportedModel) as refused:
        return type(refused).__name__


VALUES = (0, 1, 2**31 - 1, 2**63, 2**64 - 1)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_no_mutated_header_gets_past_our_errors(tmp_path, arch):
    raw = make_tiny(tmp_path / "sound.gguf", arch).read_bytes()
    places: dict[str, list[tuple[int, int]]] = {}
    for kind, at, width in fields_of(raw):
        places.setdefault(kind, []).append((at, width))
    assert len(places) == 15
    chance = random.Random(20261121)
    mutated = [(kind, value) for kind in places for value in VALUES]
    mutated += [(chance.choice(list(places)), chance.choice(VALUES)) for _ in range(25)]
    seen = set()
    for kind, value in mutated:
        at, width = chance.choice(places[kind])
        changed = bytearray(raw)
        changed[at : at + width] = (value % 2 ** (8 * width)).to_bytes(width, "little")
        (tmp_path / "mutated.gguf").write_bytes(changed)
        seen.add(outcome(tmp_path / "mutated.gguf"))
    assert "BadModelFile" in seen
    assert seen <= {"BadModelFile", "UnsupportedModel", arch}


def test_no_truncated_file_passes(tmp_path):
    raw = make_tiny(tmp_path / "sound.gguf", "qwen35").read_bytes()
    chance = random.Random(20261121)
    n_head = max(at for _, at, _ in fields_of(raw)) + 8
    cuts = [chance.randrange(n_head) for _ in range(70)]
    cuts += [chance.randrange(n_head, len(raw) - 32) for _ in range(30)]
    for cut in cuts:
        (tmp_path / "cut.gguf").write_bytes(raw[:cut])
        assert outcome(tmp_path / "cut.gguf") == "BadModelFile"


def test_no_flipped_byte_of_a_small_header_gets_past_our_errors(write):
    raw = Draft().bytes()
    chance = random.Random(20261121)
    for at in range(len(Draft().head())):
        changed = bytearray(raw)
        changed[at] ^= 1 << chance.randrange(8)
        assert outcome(write(bytes(changed))) in ("BadModelFile", "UnsupportedModel", "qwen2")
