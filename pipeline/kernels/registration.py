"""Sub-pixel shift between two looks, and its removal.

Many small FFT tiles are compared, each gives a shift, and their robust median is
the answer: what changed or is clouded spoils some tiles, not the median. The
moving look is resampled and the estimate repeated, so that window and mask edges
(which stand still and pull towards zero) lose their pull.

Sign: ``moving(y, x) = reference(y - dy, x - dx)``. A positive `dx` says that the
moving look's content lies to the right of where the reference has it, a positive
`dy` below; ``apply_shift(moving, valid, dx=-s.dx, dy=-s.dy)`` undoes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

from pipeline.kernels.resampling import HALO_PX, apply_shift, shift_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HALO_PX", "Reference", "Shift", "apply_shift", "estimate_shift", "shift_codes"]

_TILES_ACROSS = 14  # tiles per axis are capped here: about two hundred suffice for the median
_LOWPASS = 0.12  # cycles/px; above, pixels are aliased and resamplers turn the phase
_CUTOFF = 3.0  # frequencies beyond three sigma of the low-pass are not computed
_CONVERGED_PX = 0.002
_MIN_TILES = 4  # fewer cannot outvote one bad tile
_MIN_VALID = 0.6  # share of a tile that must be valid in both looks
_MIN_PEAK = 0.12  # peak over its possible height: independent noise stays below
_MAX_ERROR_PX = 0.15  # a less certain shift is worse than none


@dataclass(frozen=True)
class Shift:
    """Displacement of a moving look against a reference.

    Attributes
    ----------
    dx, dy
        Pixels, x to the right and y down; 0 where nothing could be estimated.
    residual_px
        Standard error of the shift: scatter of the tiles over their number.
    tiles_used
        Tiles behind the median; 0 means refused, the look stays as it is.
    note
        Why it was refused; empty otherwise.
    """

    dx: float
    dy: float
    residual_px: float
    tiles_used: int
    note: str = ""


def estimate_shift(
    reference: NDArray[np.floating],
    moving: NDArray[np.floating],
    valid_reference: NDArray[np.bool_],
    valid_moving: NDArray[np.bool_],
    *,
    tile: int = 64,
    max_shift: float = 6.0,
    iterations: int = 4,
) -> Shift:
    """Estimate the shift of `moving` against `reference`, one for the whole window.

    Parameters
    ----------
    reference, moving
        (y, x), any unit in which both look alike: reflectance of one band, or
        gamma-nought in dB (never linear power: a few scatterers would decide).
    valid_reference, valid_moving
        (y, x); False or a value that is not finite leaves the pixel out.
    tile
        Edge of an FFT tile in pixels; made smaller for windows below three tiles.
    max_shift
        Largest shift that is searched, in pixels.
    iterations
        Upper bound of resample-and-repeat rounds; stops at 0.002 px.

    Returns
    -------
    Shift
        ``tiles_used == 0`` with a note where the texture is too poor, too few
        tiles are valid, or the tiles do not agree.

    Raises
    ------
    ValueError
        Shapes differ, `tile` below 16, or `max_shift` not within a quarter tile.

    Notes
    -----
    Partly whitened cross-power spectrum of Hann-windowed tiles (Kuglin and Hines
    1975; sub-pixel maximum of its Fourier series as in doi:10.1364/OL.33.000156,
    by Newton steps instead of an upsampled grid).
    """
    shapes = {a.shape for a in (reference, moving, valid_reference, valid_moving)}
    if len(shapes) != 1 or reference.ndim != 2:
        raise ValueError(f"estimate_shift needs four arrays of one (y, x) shape, got {shapes}")
    fixed = Reference(reference, valid_reference, tile=tile, max_shift=max_shift)
    return fixed.shift_of(moving, valid_moving, iterations=iterations)


class Reference:
    """What looks are held against: prepared once for many of them.

    Parameters
    ----------
    image, valid, tile, max_shift
        As `reference` and `valid_reference` of `estimate_shift`, and as there.
    """

    def __init__(
        self,
        image: NDArray[np.floating],
        valid: NDArray[np.bool_],
        *,
        tile: int = 64,
        max_shift: float = 6.0,
    ) -> None:
        if tile < 16 or not 0 < max_shift <= tile / 4:
            raise ValueError(f"tile={tile} must be >= 16 and max_shift={max_shift} in (0, tile/4]")
        self.shape, self.max_shift = image.shape, max_shift
        self.edge = _tile_edge(image.shape, tile)
        self._image, self._valid = _prepared(image, valid)
        self._spectra: dict[int, NDArray[np.complex128]] = {}

    def shift_of(
        self, moving: NDArray[np.floating], valid: NDArray[np.bool_], *, iterations: int = 4
    ) -> Shift:
        """Return the shift of a look; see `estimate_shift`."""
        if self.edge < 16:
            return Shift(0.0, 0.0, 0.0, 0, f"window of {self.shape} px is too small")
        look = _prepared(moving, valid)
        dx = dy = 0.0
        result = Shift(0.0, 0.0, 0.0, 0, "no iteration")
        for _ in range(max(1, iterations)):
            step = self._step(*(apply_shift(*look, dx=-dx, dy=-dy) if dx or dy else look))
            if step.tiles_used == 0:
                return step
            dx, dy = dx + step.dx, dy + step.dy
            if max(abs(dx), abs(dy)) > self.max_shift:
                return Shift(0.0, 0.0, 0.0, 0, f"shift beyond the searched {self.max_shift:g} px")
            result = Shift(dx, dy, step.residual_px, step.tiles_used)
            if max(abs(step.dx), abs(step.dy)) < _CONVERGED_PX:
                break
        return result

    def _step(self, image: NDArray[np.float32], valid: NDArray[np.bool_]) -> Shift:
        """Robust median over the tiles' shifts, or a refusal."""
        both = self._valid & valid
        corners = _corners(self.shape, self.edge)
        counts = _counts(both, corners, self.edge)
        used = np.flatnonzero(counts / self.edge**2 >= _MIN_VALID)
        if len(used) < _MIN_TILES:
            return Shift(0.0, 0.0, 0.0, 0, f"{len(used)} tiles with enough valid pixels")
        whole = counts[used] == self.edge**2
        look = _spectra(_windowed(image, both, corners[used], self.edge))
        shifts, peak = _tile_shifts(
            self._fixed_spectra(both, corners, used, whole), look, self.edge,
            min(self.max_shift, self.edge / 4),
        )  # fmt: skip
        good = (peak >= _MIN_PEAK) & np.isfinite(shifts).all(axis=1)
        if good.sum() < _MIN_TILES:
            return Shift(0.0, 0.0, 0.0, 0, f"texture too poor: {int(good.sum())} tiles correlate")
        return _agreed(shifts[good], overlap=_overlap(len(corners), both.shape, self.edge))

    def _fixed_spectra(
        self,
        both: NDArray[np.bool_],
        corners: NDArray[np.intp],
        used: NDArray[np.intp],
        whole: NDArray[np.bool_],
    ) -> NDArray[np.complex128]:
        """(tile, fy, fx) spectra of the used tiles; those of tiles seen whole are kept."""
        new = [tile for tile in used[whole].tolist() if tile not in self._spectra]
        asked = np.array([*new, *used[~whole].tolist()], np.intp)
        found = _spectra(_windowed(self._image, both, corners[asked], self.edge))
        self._spectra.update(zip(new, found, strict=False))
        partial = iter(found[len(new) :])
        return np.stack(
            [self._spectra[tile] if all_of_it else next(partial)
             for tile, all_of_it in zip(used.tolist(), whole.tolist(), strict=True)]
        )  # fmt: skip


def _tile_edge(shape: tuple[int, ...], tile: int) -> int:
    """Largest even edge <= `tile` that leaves room for about 2.5 tiles an axis."""
    return min(tile, int(min(shape) / 2.5) // 2 * 2)


def _prepared(
    image: NDArray[np.floating], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Scale to zero median and unit spread, clipped so that no glint decides."""
    good = valid & np.isfinite(image)
    out = np.full(image.shape, np.nan, np.float32)
    if good.any():
        values = image[good].astype(np.float64)
        low, middle, high = np.percentile(values, (1, 50, 99))
        span = high - low if high > low else 1.0
        out[good] = np.clip((values - middle) / span, -1.5, 1.5)
    return out, good


def _corners(shape: tuple[int, ...], edge: int) -> NDArray[np.intp]:
    """(n, 2) upper-left corners, half overlapping or sparser, covering the window."""
    axes = []
    for size in shape:
        n = min(_TILES_ACROSS, max(2, int(np.ceil((size - edge) / (edge / 2))) + 1))
        axes.append(np.unique(np.linspace(0, size - edge, n).round().astype(np.intp)))
    return np.array([(y, x) for y in axes[0] for x in axes[1]], np.intp)


def _counts(both: NDArray[np.bool_], corners: NDArray[np.intp], edge: int) -> NDArray[np.int64]:
    """(n,) valid pixels of each tile, from sums over all rectangles at the grid's corner."""
    total = np.zeros((both.shape[0] + 1, both.shape[1] + 1), np.int64)
    total[1:, 1:] = both.cumsum(axis=0, dtype=np.int64).cumsum(axis=1)
    (y, x), far = corners.T, corners.T + edge
    return np.asarray(total[far[0], far[1]] - total[y, far[1]] - total[far[0], x] + total[y, x])


def _overlap(n: int, shape: tuple[int, ...], edge: int) -> float:
    """How many tiles share one piece of ground, at least 1."""
    return max(1.0, n * edge * edge / (shape[0] * shape[1]))


def _agreed(shifts: NDArray[np.float64], *, overlap: float) -> Shift:
    """Median of the tiles after two rounds of dropping those that disagree."""
    for _ in range(2):
        centre = np.median(shifts, axis=0)
        distance = np.hypot(*(shifts - centre).T)
        shifts = shifts[distance <= max(0.02, 3.5 * 1.4826 * float(np.median(distance)))]
    n = len(shifts)
    centre = np.median(shifts, axis=0)
    scatter = 1.4826 * np.median(np.abs(shifts - centre), axis=0)
    error = float(np.hypot(*scatter) * np.sqrt(np.pi / 2 * overlap / n))
    if error > _MAX_ERROR_PX:
        return Shift(0.0, 0.0, 0.0, 0, f"tiles disagree: standard error {error:.2f} px")
    return Shift(float(centre[1]), float(centre[0]), error, n)


def _windowed(
    image: NDArray[np.float32], both: NDArray[np.bool_], corners: NDArray[np.intp], edge: int
) -> NDArray[np.float64]:
    """(tile, y, x) tiles with zero mean over valid pixels, zero elsewhere, Hann window."""
    hann = np.hanning(edge + 1)[:-1]
    window = np.outer(hann, hann)
    full = window.sum()
    out = np.empty((len(corners), edge, edge))
    for tile, (y, x) in zip(out, corners.tolist(), strict=True):
        part = (slice(y, y + edge), slice(x, x + edge))
        seen = both[part]
        weight, total, values = window, full, image[part]
        if not seen.all():
            weight, values = window * seen, np.where(seen, values, 0.0)
            total = max(weight.sum(), 1e-9)
        np.multiply(values, weight, out=tile)
        np.multiply(values - tile.sum() / total, weight, out=tile)
    return out


def _low(frequencies: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.abs(frequencies) <= _CUTOFF * _LOWPASS


def _spectra(tiles: NDArray[np.float64]) -> NDArray[np.complex128]:
    """(tile, fy, fx >= 0) low frequencies of the tiles' Fourier transforms."""
    edge = tiles.shape[-1]
    rows = scipy.fft.rfft(tiles)[..., _low(scipy.fft.rfftfreq(edge))]
    return np.asarray(scipy.fft.fft(rows, axis=-2)[:, _low(scipy.fft.fftfreq(edge))])


def _tile_shifts(
    fixed: NDArray[np.complex128], look: NDArray[np.complex128], edge: int, limit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (tile, 2) shifts (dy, dx) of a look's spectra, and the peak's height in [0, 1]."""
    fy, fx = scipy.fft.fftfreq(edge), scipy.fft.rfftfreq(edge)
    fy, fx = fy[_low(fy)], fx[_low(fx)]
    cross = _weighted(np.conj(fixed) * look, fy, fx)
    shifts = _coarse(cross, fy, fx, limit)
    for _ in range(5):
        shifts = shifts + _newton(cross, shifts, fy, fx)
    shifts[np.abs(shifts).max(axis=1) > limit] = np.nan
    total = np.abs(cross).sum(axis=(1, 2))
    height = _moments(cross, np.nan_to_num(shifts), fy, fx)[0][:, 0].real
    return shifts, height / np.where(total > 0, total, np.inf)


def _weighted(
    cross: NDArray[np.complex128], fy: NDArray[np.float64], fx: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Return the cross spectrum partly whitened, below the low-pass."""
    size = np.abs(cross)
    floor = 1e-6 * size.max(axis=(1, 2), keepdims=True) + 1e-30
    # the square root of the amplitude: between plain correlation, blunt where the
    # ground is smooth, and full whitening, which weighs pure noise like signal
    weight = np.exp(-(fy[:, None] ** 2 + fx**2) / (2 * _LOWPASS**2)) * np.where(fx > 0, 2.0, 1.0)
    return np.asarray(cross * weight / np.sqrt(size + floor))


def _coarse(
    cross: NDArray[np.complex128], fy: NDArray[np.float64], fx: NDArray[np.float64], limit: float
) -> NDArray[np.float64]:
    """Whole-pixel maximum of the correlation within `limit`."""
    at = np.arange(-np.ceil(limit), np.ceil(limit) + 1)
    surface = np.exp(2j * np.pi * at[:, None] * fy) @ (
        cross @ np.exp(2j * np.pi * fx[:, None] * at)
    )
    flat = surface.real.reshape(len(cross), -1).argmax(axis=1)
    return np.stack([at[flat // len(at)], at[flat % len(at)]], axis=1)


def _moments(
    cross: NDArray[np.complex128],
    shifts: NDArray[np.float64],
    fy: NDArray[np.float64],
    fx: NDArray[np.float64],
) -> tuple[NDArray[np.complex128], ...]:
    """Return sums of the turned spectrum times fy^i fx^j: for each i (tile, j), j up to 2 − i."""
    turn_x = np.exp(2j * np.pi * shifts[:, 1, None] * fx)[:, :, None] * fx[:, None] ** np.arange(3)
    turn_y = np.exp(2j * np.pi * shifts[:, 0, None] * fy)
    rows = cross @ turn_x
    return tuple(((turn_y * fy**i)[:, None, :] @ rows[:, :, : 3 - i])[:, 0] for i in range(3))


def _newton(
    cross: NDArray[np.complex128],
    shifts: NDArray[np.float64],
    fy: NDArray[np.float64],
    fx: NDArray[np.float64],
) -> NDArray[np.float64]:
    """One Newton step towards the maximum of the correlation's Fourier series."""
    m0, m1, m2 = _moments(cross, shifts, fy, fx)
    gy, gx = -m1[:, 0].imag, -m0[:, 1].imag
    hyy, hxy, hxx = -m2[:, 0].real, -m1[:, 1].real, -m0[:, 2].real
    det = hyy * hxx - hxy**2
    concave = (det > 0) & (hyy < 0)
    det = np.where(concave, det, 1.0) * 2 * np.pi
    step = np.stack([(-gy * hxx + gx * hxy) / det, (-gx * hyy + gy * hxy) / det], axis=1)
    return np.where(concave[:, None], np.clip(step, -0.5, 0.5), 0.0)
