"""The catalog: which models, cloud models and devices edge knows; read from models.toml."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from edge.core.errors import UnknownName, UsageError
from edge.core.say import say
from edge.core.spec import CloudSpec, ModelSpec, Quant
from edge.device.profile import DeviceProfile

if TYPE_CHECKING:
    from pydantic import ValidationError

    from edge.models.catalog_schema import CatalogTable, DeviceTable


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that is not here, from data sheets.

    `arm` tells what kind of CPU it has. `status` says of each figure whether it is
    verified, from a single source, derived or assumed. The bandwidth is a peak.
    """

    name: str
    title: str
    n_cores: int
    arm: bool
    memory_bytes: int
    bandwidth_bytes_per_s: int
    status: Mapping[str, str]

    def profile(self) -> DeviceProfile:
        """A profile to fit models to; half of the memory is assumed to be free."""
        return DeviceProfile(
            name=self.title,
            n_cores=self.n_cores,
            memory_bytes=self.memory_bytes,
            free_bytes=self.memory_bytes // 2,
            bandwidth_bytes_per_s=float(self.bandwidth_bytes_per_s),
        )


@dataclass(frozen=True, slots=True)
class Catalog:
    """What edge knows, by name, in the file's order."""

    models: Mapping[str, ModelSpec]
    clouds: Mapping[str, CloudSpec]
    devices: Mapping[str, KnownDevice]

    def find(self, name: str) -> tuple[ModelSpec, Quant]:
        """The model called "name" or "name:quant", in any case; without a quant its first.

        Raises UnknownName, with the nearest names as the hint.
        """
        model_name, colon, quant_name = name.strip().lower().partition(":")
        spec = self.models.get(model_name)
        if spec is None:
            hint = _near(model_name, self.models) or "edge models"
            raise UnknownName(say("no model is called {name!r}", name=name), hint=hint)
        if not colon:
            return spec, spec.quants[0]
        quants = {quant.name: quant for quant in spec.quants}
        if quant_name not in quants:
            hint = ", ".join(f"{spec.name}:{known}" for known in quants)
            raise UnknownName(
                say("{name!r} has no quant {quant_name!r}", name=spec.name, quant_name=quant_name),
                hint=hint,
            )
        return spec, quants[quant_name]

    def by_sha256(self, sha256: str) -> tuple[ModelSpec, Quant] | None:
        """The model whose file has this hash (hexadecimal, any case), or None."""
        for spec in self.models.values():
            for quant in spec.quants:
                if quant.sha256 == sha256.lower():
                    return spec, quant
        return None


def load_catalog(path: Path | None = None) -> Catalog:
    """Read and check a catalog; without a path the one edge came with.

    Raises UsageError naming the file and the line (bad TOML) or the key (bad value).
    """
    path = _shipped_file() if path is None else path
    # pydantic costs a tenth of a second: only those who read a catalog pay.
    from pydantic import ValidationError

    from edge.models.catalog_schema import CatalogTable

    document = _parse(path)
    try:
        return _as_values(CatalogTable.model_validate(document))
    except ValidationError as cause:
        raise _bad_value(path, cause) from cause


def with_own_clouds(catalog: Catalog, path: Path) -> Catalog:
    """The catalog with the cloud models of the user's own file over ours, where there is one.

    Raises UsageError naming the file and the line or the key.
    """
    if not path.is_file():
        return catalog
    from pydantic import ValidationError

    from edge.models.catalog_clouds import OwnClouds

    document = _parse(path)
    try:
        tables = OwnClouds.model_validate(document).clouds
        own = {name: table.value(name, catalog.clouds.get(name)) for name, table in tables.items()}
    except ValidationError as cause:
        raise _bad_value(path, cause) from cause
    except ValueError as cause:
        raise UsageError(f"{path}: {cause}", hint=say("mend {file}", file=path.name)) from cause
    return replace(catalog, clouds=MappingProxyType({**catalog.clouds, **own}))


def _shipped_file() -> Path:
    """The catalog beside this module (installed), else at the checkout's top."""
    here = Path(__file__).resolve()
    installed = here.with_name("models.toml")
    return installed if installed.is_file() else here.parents[2] / "models.toml"


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as cause:
        raise UsageError(
            say("{path}: cannot be read: {why}", path=path, why=cause.strerror)
        ) from cause
    except UnicodeDecodeError as cause:
        raise UsageError(
            say("{path}: is not UTF-8 text (byte {byte})", path=path, byte=cause.start)
        ) from cause
    try:
        # Decimal keeps a price of 0.1 exactly that.
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as cause:
        raise UsageError(say("{path}: is not TOML: {cause}", path=path, cause=cause)) from cause


def _bad_value(path: Path, cause: ValidationError) -> UsageError:
    problems = cause.errors(include_url=False)
    first = problems[0]
    # pydantic marks the key itself, not the value, with a trailing "[key]".
    key = ".".join(str(step) for step in first["loc"]) or say("the file")
    more = say(" (and {n} more)", n=len(problems) - 1) if len(problems) > 1 else ""
    return UsageError(
        f"{path}: {key}: {first['msg']}{more}",
        hint=say("mend {key} in {file}", key=key, file=path.name),
    )


def _as_values(table: CatalogTable) -> Catalog:
    return Catalog(
        models=MappingProxyType({n: model.value(n) for n, model in table.models.items()}),
        clouds=MappingProxyType({n: cloud.value(n) for n, cloud in table.clouds.items()}),
        devices=MappingProxyType({n: _device(n, d) for n, d in table.devices.items()}),
    )


def _device(name: str, table: DeviceTable) -> KnownDevice:
    figures = table.model_dump(exclude={"status"})
    return KnownDevice(name=name, status=MappingProxyType(table.status.model_dump()), **figures)


def _near(name: str, known: Mapping[str, ModelSpec]) -> str:
    return ", ".join(difflib.get_close_matches(name, known, n=3, cutoff=0.5))
