"""What of a grid lies beyond a site."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from affine import Affine
    from numpy.typing import NDArray


def beyond_site(
    site: Mapping[str, Any], *, crs: str, shape: tuple[int, int], transform: Affine
) -> NDArray[np.bool_]:
    """Return bool (y, x), True where a pixel's centre lies outside of a site.

    Parameters
    ----------
    site
        Polygon or multipolygon as GeoJSON, WGS 84.
    crs, shape, transform
        Of the grid.
    """
    from rasterio.errors import NotGeoreferencedWarning  # noqa: PLC0415 - heavy
    from rasterio.features import geometry_mask  # noqa: PLC0415 - heavy
    from rasterio.warp import transform_geom  # noqa: PLC0415 - heavy

    placed = transform_geom("EPSG:4326", crs, site)
    # The raster in memory that polygons are burnt into has its grid from `transform` alone.
    warnings.filterwarnings("ignore", category=NotGeoreferencedWarning, module="rasterio.features")
    mask: NDArray[np.bool_] = geometry_mask([placed], shape, transform)
    return mask
