"""What a command loads before it does anything: said by modules, for a time would only measure
the machine.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

STAC = {"pystac", "pystac_client", "requests", "urllib3"}
ARRAYS = {"xarray", "pandas", "rioxarray", "dask.array", "distributed"}
PICTURES = {"matplotlib", "PIL"}
COMPILER = {"numba", "llvmlite"}


def loaded_after(code: str) -> set[str]:
    """Return the modules of a process that ran some code."""
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(shown.stdout.split())


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        # the decoder's process starts before the first of these is needed here
        (
            "import pipeline.workflows.compare.run, pipeline.imagery.admission.decoder",
            {"numpy", "shapely", "rasterio", "scipy", "odc.geo", "pydantic", "jinja2"},
        ),
        # the first date is read while these load
        (
            "import pipeline.imagery.pair.reading, pipeline.imagery.pair.sources",
            STAC | ARRAYS | COMPILER | PICTURES | {"scipy", "odc.geo", "rasterio", "pyproj"},
        ),
        (
            "import pipeline.workflows.compare.writing",
            STAC | ARRAYS | COMPILER | PICTURES | {"scipy.optimize", "scipy.stats", "skimage.io"},
        ),
        # what the limited process itself needs
        (
            "import pipeline.parallel.child, pipeline.imagery.admission.decoding",
            STAC | ARRAYS | COMPILER | PICTURES | {"scipy", "odc.geo", "pydantic", "jinja2"},
        ),
        (
            "from pipeline.imagery.catalog import open_catalogue, select_versions",
            {"pystac", "requests", "rasterio", "scipy", "xarray"},
        ),
    ],
)
def test_what_is_not_needed_is_not_loaded(code, heavy):
    assert heavy & loaded_after(code) == set()
