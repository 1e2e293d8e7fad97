"""How a pair can be scored: the names a user may give, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.kernels.change import Method

METHODS: dict[Method, str] = {
    "two-way": "two-way class-conditional prediction; residuals in units of the scene's own, "
    "tempered by texture and smoothed; optical ones weighed with the change around and, in pixels "
    "of up to 15 m, with their detail",
    "cva": "change vector analysis after gain and offset on invariant pixels, bands in units "
    "of their own scatter",
    "cva-raw": "change vector analysis on values as delivered",
    "irmad": "iteratively reweighted multivariate alteration detection, regularised",
}
