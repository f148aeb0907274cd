"""How a wheel is laid out, which pyproject.toml cannot say.

In the repository `models` and `checkpoints` stand at the top. Installed there, `models` would be
found by every program of the environment that means a module of its own by that name, and ours
would find the `models` of whoever has one in the current folder. So a wheel holds gan_apps/models
and gan_apps/checkpoints, and its modules import `gan_apps.models`: rewritten here, once, and not
redirected whenever a program starts.
"""

import ast
import pathlib
import re
import shutil

import setuptools
from setuptools.command.build_py import build_py

ROOT = pathlib.Path(__file__).resolve().parent


def inside(source):
    """The source of a module with its imports of `models` as imports of `gan_apps.models`.

    Raises:
      ValueError: it imports a module of `models` by a line that cannot be read so.
    """
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names, old, new = [node.module or ""], "from models", "from gan_apps.models"
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            old, new = "import models", "from gan_apps import models"
        else:
            continue
        if "models" not in [name.partition(".")[0] for name in names]:
            continue
        line = lines[node.lineno - 1]
        if line[node.col_offset :].startswith("import models.") or len(names) > 1:
            raise ValueError(f"{line.strip()!r}: write `import models` or `from models...`.")
        lines[node.lineno - 1] = line.replace(old, new, 1)
    return "".join(lines)


# Of a run what nothing is drawn by.
SHOWN = ("samples.png", "rounds.png", "rounds.gif")


def left_out(folder, names):
    """What a wheel does not hold of a folder: what is compiled, and of checkpoints all that is not
    shipped: numbered runs, which are one's own, hidden files and folders in runs, and the pictures
    that show what a run is like, a tenth of all, which are looked at in the repository.
    """
    folder = pathlib.Path(folder)
    if folder == ROOT / "checkpoints":
        return {name for name in names if re.search(r"^\.|_\d{3}$", name)}
    if folder.parent == ROOT / "checkpoints":
        return {
            name
            for name in names
            if name.startswith(".") or name in SHOWN or (folder / name).is_dir()
        }
    return {"__pycache__"}


def lay_out(package):
    """Writes all that an installation holds; a file that is added is in it without a list.

    Args:
      package: pathlib.Path of its folder gan_apps, which is not there yet.
    """
    shutil.copytree(ROOT / "gan_apps", package, ignore=left_out)
    for name in ("models", "checkpoints"):
        shutil.copytree(ROOT / name, package / name, ignore=left_out)
    for path in package.rglob("*.py"):
        path.write_text(inside(path.read_text(encoding="utf-8")), encoding="utf-8")


class Build(build_py):
    """Lays out a wheel; an editable installation is the repository."""

    def run(self):
        if self.editable_mode:
            return super().run()
        package = pathlib.Path(self.build_lib) / "gan_apps"
        # What an earlier build left would be installed with it.
        shutil.rmtree(package, ignore_errors=True)
        lay_out(package)


def programs():
    """The console scripts: `gan-apps`, and one for each command, of which there is no list."""
    commands = sorted(path.stem for path in (ROOT / "gan_apps").glob("[!_]*.py"))
    names = ["gan-apps", *(f"gan-apps-{command}" for command in commands)]
    return [f"{name} = gan_apps.__main__:main" for name in names]


if __name__ == "__main__":
    setuptools.setup(cmdclass={"build_py": Build}, entry_points={"console_scripts": programs()})
