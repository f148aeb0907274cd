"""HTML pages from one base template and one stylesheet, each page whole in itself.

templates/base.html holds what every page has, templates/style.css how they look, and
templates/cells.html the tables, figures and marks that they share.
"""

from gan_apps.pages.cells import Cell, Mark, Picture, data_uri
from gan_apps.pages.rendering import rendered
