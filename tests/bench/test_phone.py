"""A model lives in a device's memory or is refused; where no limit can be set, that is said."""

from __future__ import annotations

import pytest

from edge.bench.fence import fence
from edge.bench.phone import N_CTX, Phone, as_on, emulate
from edge.bench.run import phone_of
from edge.core.errors import DoesNotFit, UnknownName, UsageError
from edge.core.units import GIB, MIB
from edge.device.profile import DeviceProfile

TOY = DeviceProfile("a toy", 1, GIB, GIB // 2, bandwidth_bytes_per_s=1e9)


def limits_can_be_set() -> bool:
    try:
        with fence(64 * MIB):
            return True
    except UsageError:
        return False


def test_a_talk_that_overflows_its_context_fits_a_small_memory(make_subject):
    phone = Phone("toy", TOY, 256 * MIB)
    subject = as_on(phone, make_subject())
    if not limits_can_be_set():
        with pytest.raises(UsageError, match="cannot set a memory limit of 256 MiB"):
            emulate(subject, phone)
        return
    rows = {row.name.removeprefix("toy: "): row for row in emulate(subject, phone).rows}
    assert rows["processes killed for want of memory"].edge == 0
    assert 0 < rows["peak memory"].edge < 256
    assert rows["peak memory"].raw == 256
    assert rows["turns that left older ones out"].edge > 0
    assert rows["first token of a turn, median"].unit == "ms, this machine's"
    weights = subject.model.quant.read_bytes
    assert rows["decode on the device"].edge == pytest.approx(1e9 / weights)
    assert "predicted" in rows["decode on the device"].unit


def test_the_report_says_how_the_device_would_run_it(make_subject):
    subject = as_on(Phone("toy", TOY, 256 * MIB), make_subject(n_ctx=4096))
    assert (subject.settings.memory, subject.settings.n_ctx) == ("low", N_CTX)
    assert subject.settings.n_threads == 1


def test_a_model_that_a_device_would_refuse_is_refused(make_subject):
    phone = Phone("toy", TOY, 32 * MIB)
    expected = DoesNotFit if limits_can_be_set() else UsageError
    with pytest.raises(expected):
        emulate(as_on(phone, make_subject()), phone)


def test_without_a_limit_a_device_has_what_the_catalog_assumes_to_be_free():
    assert phone_of("dimensity-9300", None).limit_bytes == 12_884_901_888 // 2
    assert phone_of("Dimensity-9300", 5).limit_bytes == 5
    with pytest.raises(UnknownName, match="no device is called"):
        phone_of("dimensity", None)
