"""The refusal of a raster that lies elsewhere."""

from __future__ import annotations

from typing import ClassVar

from pipeline.errors import SceneError


class OutsideRaster(SceneError):  # noqa: N818 - names what was met
    """A site's polygon that meets no pixel of the raster."""

    code: ClassVar[str] = "FW223"
