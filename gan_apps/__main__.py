"""Lists the commands, with a line each, or runs one of them.

gan-apps                    the list
gan-apps cgan --digit=9     the same as gan-apps-cgan --digit=9, python -m gan_apps cgan --digit=9
                            and python -m gan_apps.cgan --digit=9
"""

import ast
import pathlib
import re
import runpy
import sys

from gan_apps import systems

HERE = pathlib.Path(__file__).parent
# The installed program; one of each command is called by this, a hyphen and the command (setup.py).
PROGRAM = "gan-apps"
HELP = ("--help", "-h")


def main():
    """Runs the command that the program's own name ends in, or else its first argument.

    It is run as `python -m` does: its module is what is called __main__.
    """
    _, _, name = pathlib.Path(sys.argv[0]).stem.partition(f"{PROGRAM}-")
    if not name:
        name = next(iter(sys.argv[1:]), HELP[0])
        del sys.argv[1:2]
    if name in HELP:
        print(listing())
        return
    if name not in commands():
        print(f"error: {name!r}: there is no such command; {PROGRAM} lists them.", file=sys.stderr)
        sys.exit(2)
    runpy.run_module(f"{__package__}.{name}", run_name="__main__", alter_sys=True)


def commands():
    """{name: the path of its module} of all commands, in alphabetical order."""
    return {path.stem: path for path in sorted(HERE.glob("[!_]*.py"))}


def listing():
    """The commands and what each is for, as text."""
    titles = {name: systems.find(name).title for name in systems.names()}
    others = {name: first_sentence(path) for name, path in commands().items() if name not in titles}
    width = max(map(len, (*titles, *others)))
    lines = ["Draw, and train (--mode=train):"]
    lines += [
        f"  {name:<{width}}  {title[0].upper()}{title[1:]}." for name, title in titles.items()
    ]
    lines += ["", "What else can be done with runs:"]
    lines += [f"  {name:<{width}}  {sentence}" for name, sentence in others.items()]
    return "\n".join([*lines, "", "python -m gan_apps.NAME --help tells more of each."])


def first_sentence(path):
    """The first sentence of a module's docstring, read without importing it."""
    page = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return re.match(r"(.*?\.)(\s|$)", " ".join(page.split()))[1]


if __name__ == "__main__":
    main()
