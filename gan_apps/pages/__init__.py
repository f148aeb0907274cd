"""HTML pages that need nothing but themselves: Jinja2's templates, and pictures as data URIs."""

from gan_apps.pages.data_uris import data_uri
