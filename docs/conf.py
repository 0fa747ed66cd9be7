"""How the documentation is built: `make docs`."""

from keepwell.version import __version__

project = "Keepwell"
author = "The Keepwell developers"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"Keepwell {release}"
exclude_patterns = ["_build"]
autodoc_typehints = "description"
suppress_warnings = ["myst.xref_missing"]
