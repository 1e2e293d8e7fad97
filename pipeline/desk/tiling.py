"""Tile arithmetic on a native grid: which pixels a tile shows, and how they become fewer."""

from __future__ import annotations

from math import ceil, log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.report.layers import BEYOND

TILE = 256


class Part(NamedTuple):
    """The pixels of a grid that one tile shows.

    Attributes
    ----------
    rows, columns
        Within the grid, cut to it.
    factor
        Pixels a side that become one of the tile.
    """

    rows: slice
    columns: slice
    factor: int


def zoom_levels(shape: tuple[int, int]) -> int:
    """Return how many levels show a grid: the last is native, the first is one tile."""
    return 1 + max(0, ceil(log2(max(shape) / TILE)))


def part_of(shape: tuple[int, int], z: int, x: int, y: int) -> Part | None:
    """Return what tile (z, x, y) shows of a grid; None where it lies outside.

    Level ``zoom_levels(shape) - 1`` is native, each below shows half the detail; tile (0, 0) is
    at the upper left.
    """
    levels = zoom_levels(shape)
    if not (0 <= z < levels and x >= 0 and y >= 0):
        return None
    factor = 1 << (levels - 1 - z)
    top, left = y * TILE * factor, x * TILE * factor
    if top >= shape[0] or left >= shape[1]:
        return None
    bottom, right = (
        min(size, start + TILE * factor) for size, start in zip(shape, (top, left), strict=True)
    )
    return Part(slice(top, bottom), slice(left, right), factor)


def coarser(part: Part, factor: int) -> Part | None:
    """Return a part in pixels of blocks of `factor` a side; None where it shows finer ones."""
    if part.factor % factor:
        return None
    rows, columns = (
        slice(side.start // factor, -(-side.stop // factor)) for side in (part.rows, part.columns)
    )
    return Part(rows, columns, part.factor // factor)


def _blocks(values: NDArray[np.generic], factor: int, fill: float) -> NDArray[np.generic]:
    """Return (..., y, x, pixel of the block), padded with `fill`."""
    *front, height, width = values.shape
    pad = [(0, 0)] * len(front) + [(0, -height % factor), (0, -width % factor)]
    whole = np.pad(values, pad, constant_values=fill) if any(map(any, pad)) else values
    rows, columns = whole.shape[-2] // factor, whole.shape[-1] // factor
    blocks = whole.reshape(*front, rows, factor, columns, factor)
    return np.moveaxis(blocks, -3, -2).reshape(*front, rows, columns, factor * factor)


def mean_of(values: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Return block means over finite values, (..., y, x); NaN where there is none."""
    if factor == 1:
        return values
    blocks = _blocks(values, factor, np.nan)
    known = np.isfinite(blocks)
    total = np.where(known, blocks, 0).sum(axis=-1, dtype=np.float32)
    count = known.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def farthest_of(values: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Return each block's value farthest from zero, so that no small object is averaged away."""
    if factor == 1:
        return values
    blocks = _blocks(values, factor, np.nan)
    far = np.abs(np.nan_to_num(blocks)).argmax(axis=-1)
    found = np.take_along_axis(blocks, far[..., None], axis=-1)[..., 0]
    with np.errstate(invalid="ignore"):
        empty = ~np.isfinite(blocks).any(axis=-1)
    return np.where(empty, np.nan, np.nan_to_num(found)).astype(np.float32)


def commonest_of(codes: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Return each block's most frequent code; of codes as frequent the lowest."""
    if factor == 1:
        return codes
    blocks = _blocks(codes, factor, BEYOND)
    kinds = np.flatnonzero(np.bincount(codes.ravel(), minlength=BEYOND + 1)).astype(np.uint8)
    if kinds.size == 1 and blocks.shape[-3] * factor == codes.shape[-2]:
        return np.full(blocks.shape[:-1], kinds[0], np.uint8)
    counts = np.stack([(blocks == kind).sum(axis=-1) for kind in kinds])
    return np.asarray(kinds[counts.argmax(axis=0)], dtype=np.uint8)
