"""What --help prints: the page of a command, then its flags, made of the settings."""

import textwrap

from gan_apps.settings.setting import allowed, fields, spelled

WIDTH = 100
_KINDS = {int: "INTEGER", float: "NUMBER", str: "TEXT"}


def text(page, sections):
    """The help of a command.

    Args:
      page: str. Its module's docstring.
      sections: {title: settings classes}. A flag stands in the first section that has its field.
    """
    parts = [page.strip()]
    seen = set()
    for title, kinds in sections.items():
        own = [field for field in fields(*kinds) if field.name not in seen]
        seen |= {field.name for field in own}
        parts.append("\n".join([f"{title}:", *(_flag(field) for field in own)]))
    return "\n\n".join(parts)


def _flag(field):
    words = f"{field.metadata['help']} {_choices(field)} {_default(field)}"
    described = textwrap.fill(" ".join(words.split()), WIDTH - 6)
    return f"  {_spelled(field)}\n{textwrap.indent(described, ' ' * 6)}"


def _spelled(field):
    name = spelled(field.name)
    if field.type is bool:
        return f"--[no]{name}"
    several = ",..." if field.type is tuple else ""
    kind = _KINDS.get(field.type, "INTEGER")
    if field.metadata["is_path"]:
        kind = "PATH"
    elif allowed(field):
        kind = "NAME"
    return f"--{name}={kind}{several}"


def _choices(field):
    choices = allowed(field)
    return f"One of: {', '.join(choices)}." if choices else ""


def _default(field):
    if field.metadata["required"]:
        return "Required."
    if "Default: " in field.metadata["help"]:
        return ""
    if field.type is bool:
        return f"Default: {'on' if field.default else 'off'}."
    if field.default in (None, "", ()):
        return "Default: none."
    if field.type is tuple:
        return f"Default: {','.join(map(str, field.default))}."
    return f"Default: {field.default}."
