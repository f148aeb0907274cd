"""A page from its template."""

import jinja2

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("gan_apps.pages"),
    # Names of runs, labels and settings are a user's: no template has to remember to escape them.
    autoescape=True,
    # A value that a template asks for and is not given is a fault, not an empty place.
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters["thousands"] = "{:,}".format


def rendered(template, **values):
    """The HTML of `template`, a file of templates/ by its name, with the values that it asks for.

    Raises:
      jinja2.UndefinedError: the template asks for a value that is not given.
    """
    return _ENVIRONMENT.get_template(template).render(values)
