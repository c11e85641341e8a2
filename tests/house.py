"""The rules of the house, as pure functions from a module's text to what is wrong with it.

Each rule says where it was broken and how; an empty list means it holds. The
tables at the head are the plan: to add a room or a package, add a line there.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

# Low to high. Rooms on one floor are siblings and do not import each other.
# The door (edge/__init__.py) is what embedders see, so only the rooms above it may use it.
FLOORS = (
    {"core"},
    {"device", "settings"},
    {"models", "engine", "routing", "store"},
    {"chat", "lab"},
    {"loading"},
    {"runtime"},
    {"the door"},
    {"bench", "demo", "desktop", "serve"},
    {"cli"},  # starts the rooms below
    {"__main__"},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


@dataclass(frozen=True, slots=True)
class Home:
    """The files a package may be imported in, and how many of them may do so at once."""

    files: tuple[str, ...]
    at_most: int | None = None


# Where the words of a command line become calls: the rooms of the commands.
COMMANDS = tuple(
    f"edge/cli/{room}*.py"
    for room in (
        *("", "ask/", "bench/", "budget/", "cloud/", "completion/", "demo/", "doctor/"),
        *("help/", "log/", "models/", "policy/", "prompt/", "why/"),
    )
)

HOMES = {
    "llama_cpp": Home(("edge/engine/edge/capi/binding.py",)),
    "numpy": Home(("edge/engine/edge/*.py", "edge/engine/edge/capi/*.py")),
    "huggingface_hub": Home(("edge/models/*.py",), at_most=2),
    "httpx2": Home(("edge/models/*.py", "edge/engine/cloud.py"), at_most=2),
    "filelock": Home(("edge/models/*.py", "edge/store/owner.py")),
    "pydantic": Home(("edge/models/catalog*.py",)),
    "typer": Home((*COMMANDS, "edge/cli/talk/flags.py")),
    "rich": Home((*COMMANDS, "edge/cli/page/*.py")),
    "markdown_it": Home(("edge/cli/export/*.py",)),
    "pygments": Home(("edge/cli/page/*.py",)),
    "wcwidth": Home(("edge/cli/page/*.py", "edge/cli/stage/*.py")),
    "fastjsonschema": Home(("edge/engine/schema.py",)),
    "matplotlib": Home(("edge/bench/plot.py", "edge/lab/report.py")),
    "prompt_toolkit": Home(("edge/cli/stage/*.py",)),
    "platformdirs": Home(("edge/settings/folders.py",)),
    "tomlkit": Home(("edge/settings/edit.py",)),
    "keyring": Home(("edge/settings/keys.py",)),
    "phonenumbers": Home(("edge/routing/detect/*.py",)),
    "stdnum": Home(("edge/routing/detect/*.py",)),
    # Parts of the standard library that have a home too: there is one store,
    # and HTTP is spoken by httpx2 alone.
    "sqlite3": Home(("edge/store/*.py",)),
    "urllib.request": Home(()),
    "http.client": Home(()),
}

EMPTY_NAMES = {"utils", "helpers", "common", "manager", "data"}
MODULE_LINES = 300
FUNCTION_LINES = 40  # from `def` to the last line, docstring included, decorators not
PARAMETERS = 5  # self and cls not counted
BUILT_ONCE = ("Cleared", "Permit")


@dataclass(frozen=True)
class Module:
    """One file of the package: its path from the checkout ("edge/core/units.py") and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def is_package(self) -> bool:
        return self.path.endswith("/__init__.py")

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def fault(self, node: ast.AST, what: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


@dataclass(frozen=True, slots=True)
class Import:
    """One import: where it stands, and the dotted names it may bind, longest first."""

    node: ast.stmt
    names: tuple[str, ...]

    def module(self, known: Iterable[str]) -> str:
        """The module imported: `from a import b` is a.b where that is a module, else a."""
        return next((name for name in self.names if name in known), self.names[-1])


def read_house(checkout: Path) -> tuple[Module, ...]:
    """Every module of the package, as they are on disk."""
    return tuple(
        Module(path.relative_to(checkout).as_posix(), path.read_text("utf-8"))
        for path in sorted((checkout / "edge").rglob("*.py"))
    )


def imports(module: Module) -> Iterator[Import]:
    """All imports at any depth: at the top, inside functions and under TYPE_CHECKING alike."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (Import(node, (alias.name,)) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node)
            yield from (Import(node, (f"{base}.{alias.name}", base)) for alias in node.names)


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """The module a `from … import` names, its leading dots resolved."""
    if not node.level:
        return node.module or ""
    climb = node.level - 1 if module.is_package else node.level
    parts = module.name.split(".")
    return ".".join([*parts[: len(parts) - climb], *filter(None, [node.module])])


def room(name: str) -> str:
    """The room a module of ours lives in: "edge.engine.edge.capi" is in "engine"."""
    return name.split(".")[1] if "." in name else "the door"


def own_imports(module: Module, known: Iterable[str]) -> Iterator[tuple[Import, str]]:
    """The imports of our own modules, each with the module it means."""
    for found in imports(module):
        name = found.module(known)
        if name.split(".")[0] == "edge":
            yield found, name


def layers(house: tuple[Module, ...]) -> list[str]:
    """Imports go down: never up, never to a sibling; the door alone names every room."""
    known = {module.name for module in house}
    return [
        module.fault(found.node, f"{room(module.name)} may not import {name}")
        for module in house
        if room(module.name) != "the door"
        for found, name in own_imports(module, known)
        if room(name) != room(module.name) and not below(room(name), room(module.name))
    ]


def below(low: str, high: str) -> bool:
    """Whether one room lies on a lower floor; a room that is not in the plan lies nowhere."""
    return low in FLOOR_OF and high in FLOOR_OF and FLOOR_OF[low] < FLOOR_OF[high]


def cycles(house: tuple[Module, ...]) -> list[str]:
    """No module reaches itself through its imports, also within one room."""
    known = {module.name for module in house}
    wanted = {
        module.name: {name for _, name in own_imports(module, known)} - {module.name}
        for module in house
        if module.name != "edge"
    }
    try:
        TopologicalSorter(wanted).prepare()
    except CycleError as found:
        return [" -> ".join(found.args[1])]
    return []


def homes(house: tuple[Module, ...]) -> list[str]:
    """Each third-party package is imported at home, and by no more files than its home allows."""
    faults, users = [], dict[str, set[str]]()
    for module in house:
        for found in imports(module):
            package = foreign(found)
            if package is None:
                continue
            users.setdefault(package, set()).add(module.path)
            if package not in HOMES:
                faults.append(module.fault(found.node, f"{package} has no home in this house"))
            elif not at_home(module.path, HOMES[package].files):
                faults.append(module.fault(found.node, f"{package} is not at home here"))
    return faults + [
        f"{package} is imported in {len(users[package])} files: {', '.join(sorted(users[package]))}"
        for package, home in HOMES.items()
        if home.at_most is not None and len(users.get(package, ())) > home.at_most
    ]


def foreign(found: Import) -> str | None:
    """The package an import needs a home for; None for ours and the standard library's."""
    if listed := next((name for name in found.names if name in HOMES), None):
        return listed
    top = found.names[-1].split(".")[0]
    if top in HOMES:
        return top
    return None if top == "edge" or top in sys.stdlib_module_names else top


def at_home(path: str, files: tuple[str, ...]) -> bool:
    """Whether a path is one of the files; a star stays within its folder."""
    parent = PurePosixPath(path).parent
    return any(fnmatchcase(path, f) and PurePosixPath(f).parent == parent for f in files)


def bare_packages(module: Module) -> list[str]:
    """A folder's `__init__.py` is a docstring and no code; the door resolves names lazily."""
    if not module.is_package or module.name == "edge":
        return []
    faults = [] if ast.get_docstring(module.tree) else [f"{module.path}: has no docstring"]
    extra = module.tree.body[1:] if not faults else module.tree.body
    return faults + [module.fault(node, "holds code") for node in extra]


def sizes(module: Module) -> list[str]:
    """Modules, functions and parameter lists stay small; a Typer command's flags are its own."""
    lines = len(module.text.splitlines())
    faults = [f"{module.path}: {lines} lines"] if lines > MODULE_LINES else []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            faults += function_sizes(module, node)
    return faults


def function_sizes(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """What is too long about one function."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    count = len([arg for arg in every if arg.arg not in ("self", "cls")])
    faults = []
    if lines > FUNCTION_LINES:
        faults.append(module.fault(node, f"{node.name} has {lines} lines"))
    if count > PARAMETERS and not is_command(module, node):
        faults.append(module.fault(node, f"{node.name} takes {count} parameters"))
    return faults


def is_command(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether Typer reads this function's parameters as flags."""
    called = [d.func for d in node.decorator_list if isinstance(d, ast.Call)]
    names = {f.attr for f in called if isinstance(f, ast.Attribute)}
    return module.path.startswith("edge/cli/") and bool(names & {"command", "callback"})


def telling_names(module: Module) -> list[str]:
    """No file or folder is named after nothing in particular."""
    words = {word for part in module.name.split(".") for word in part.split("_")}
    return [f"{module.path}: {word!r} says nothing" for word in sorted(words & EMPTY_NAMES)]


def quiet(module: Module) -> list[str]:
    """Only the rooms that talk to a terminal print."""
    if module.path.startswith("edge/cli/"):
        return []
    return [module.fault(call, "prints") for call in calls(module, "print")]


def stays(module: Module) -> list[str]:
    """Only the command line ends the process; a worker may end its own."""
    if module.path.startswith("edge/cli/"):
        return []
    ends = ["sys.exit", "exit", "quit", "SystemExit"]
    if module.path != "edge/engine/edge/worker.py":
        ends.append("os._exit")
    return [module.fault(call, "ends the process") for call in calls(module, *ends)]


def built_once(house: tuple[Module, ...]) -> list[str]:
    """What lets text leave the machine is built in one place each."""
    faults = []
    for name in BUILT_ONCE:
        places = [m.fault(call, f"builds a {name}") for m in house for call in builds(m, name)]
        faults += places if len(places) > 1 else []
    return faults


def builds(module: Module, name: str) -> list[ast.Call]:
    """Every call of a class, by its own name or through its module."""
    every = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    return [call for call in every if ast.unparse(call.func).split(".")[-1] == name]


def calls(module: Module, *names: str) -> list[ast.Call]:
    """Every call of these names, as they are spelt: "print" is not "console.print"."""
    return [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names
    ]
