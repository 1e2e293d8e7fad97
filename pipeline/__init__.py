"""Fair Witness: open satellite tiles over declared sites, compared with each site's own history.

>>> import pipeline
>>> sorted(pipeline.__all__)
['compare', 'open_run']

Importing this package loads neither xarray nor dask; the names below load on first use.
"""

from __future__ import annotations

from typing import Any

__all__ = ["compare", "open_run"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from pipeline import api  # noqa: PLC0415 - keeps `--help` and `verify` light

        return getattr(api, name)
    if name == "__version__":
        return _version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - a mail parser

    try:
        return version("fairwitness")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+source"
