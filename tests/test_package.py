"""What the package asks of those who install it, and what its parts import."""

import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import numpy
import pytest

import attn_course

SITE = Path(numpy.__file__).parents[1]
NUMPY_ONLY = ("functional", "conformance", "grading")


def test_a_bare_install_brings_numpy_and_the_notation_of_shapes():
    needed = [line for line in requires("attn-course") if "extra ==" not in line]
    assert sorted(line.split(">")[0] for line in needed) == ["jaxtyping", "numpy"]


@pytest.fixture
def bare(tmp_path):
    """Run code where only NumPy, jaxtyping and the package are installed."""
    for name in ("numpy", "jaxtyping", "wadler_lindig"):
        for found in (
            SITE / name,
            *SITE.glob(f"{name}[.-]*"),
        ):  # and their data
            (tmp_path / found.name).symlink_to(found)
    (tmp_path / "attn_course").symlink_to(Path(attn_course.__file__).parent)

    def run(code: str) -> subprocess.CompletedProcess:
        code = f"import sys; sys.path.append({str(tmp_path)!r})\n{code}"
        command = [sys.executable, "-I", "-S", "-c", code]
        return subprocess.run(command, capture_output=True, text=True)

    return run


WHERE_GRADED = {"agent", "packing", "unpacking", "wire"}  # these need msgpack


@pytest.mark.parametrize("part", NUMPY_ONLY)
def test_the_numpy_parts_work_where_nothing_else_is_installed(part, bare):
    done = bare(f"""
import importlib, pkgutil
package = importlib.import_module("attn_course.{part}")
for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if found.name.rpartition(".")[2] not in {sorted(WHERE_GRADED)}:
        importlib.import_module(found.name)
""")
    assert done.returncode == 0, done.stderr


def test_the_command_says_what_it_lacks_where_nothing_else_is_installed(bare):
    done = bare("import attn_course.cli")
    assert done.returncode == 1
    assert done.stderr == "attn-course needs typer: pip install 'attn-course[author]'\n"
