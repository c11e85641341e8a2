"""The wheel holds the package and its catalog, nothing else, and works away from the checkout."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
CODER = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"


def pip(*args: str | Path) -> None:
    """Run pip with neither an index nor an isolated build, so without a network."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *args]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", folder, CHECKOUT)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    pip("install", "--no-deps", "--no-index", "--no-compile", "--target", folder, wheel)
    return folder


def away(installed: Path, cwd: Path, code: str) -> list[str]:
    """What a new interpreter prints that finds edge in `installed` before anywhere else."""
    start = f"import sys\nsys.path.insert(0, {str(installed)!r})\n"
    # -I: neither the working folder nor PYTHONPATH lead back to the checkout.
    done = subprocess.run(
        [sys.executable, "-I", "-c", start + code],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_wheel_holds_the_package_its_catalog_and_its_policies_alone(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    about = {name for name in names if name.startswith("edge_qwen-")}
    found = [path for path in CHECKOUT.glob("edge/**/*") if path.is_file()]
    found = [path for path in found if "__pycache__" not in path.parts]
    sources = {path.relative_to(CHECKOUT).as_posix() for path in found}
    assert names - about == sources | {"edge/models/models.toml"}
    assert {name.split("/", 1)[1] for name in about} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
    }


def test_the_installed_catalog_knows_the_model_and_its_hash(installed, tmp_path):
    code = """
import edge.models.catalog as catalog
spec, quant = catalog.load_catalog().find("qwen2.5-coder-0.5b")
print(catalog.__file__, spec.name, quant.sha256, sep="\\n")
"""
    file, name, sha256 = away(installed, tmp_path, code)
    assert Path(file).is_relative_to(installed)
    assert (name, sha256) == ("qwen2.5-coder-0.5b", CODER)


def test_the_installed_command_says_the_version_of_the_project(installed, tmp_path):
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    code = "from edge.cli.main import run\nrun(['--version'])"
    assert away(installed, tmp_path, code) == [f"edge {project['version']}"]
