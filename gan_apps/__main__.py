"""Lists the commands, with a line each.

python -m gan_apps
"""

import ast
import pathlib
import re
import sys

from gan_apps import systems

HERE = pathlib.Path(__file__).parent


def listing():
    """The commands and what each is for, as text."""
    titles = {name: systems.find(name).title for name in systems.names()}
    others = {
        path.stem: first_sentence(path)
        for path in sorted(HERE.glob("*.py"))
        if not path.stem.startswith("_") and path.stem not in titles
    }
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
    if sys.argv[1:] and sys.argv[1] not in ("--help", "-h"):
        print(
            f"error: {sys.argv[1]!r}: name a command as python -m gan_apps.NAME.", file=sys.stderr
        )
        sys.exit(2)
    print(listing())
