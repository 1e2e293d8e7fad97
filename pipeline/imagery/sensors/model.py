"""What a row of the sensor table holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal["cloud", "shadow", "snow", "swath-edge", "missing"]
MaskKind = Literal["classes", "bits", "spectral", "none"]
Physical = Literal["reflectance", "gamma0"]

VISIBLE_ROLES = ("blue", "green", "red")
#: Reflectance outside is no measurement. It goes a little below zero over shadow; a fill of -9999
#: that nobody declared is -1.
PLAUSIBLE_REFLECTANCE = (-0.5, 10.0)


@dataclass(frozen=True)
class Band:
    """One band as delivered.

    Attributes
    ----------
    name
        Key in `Scene.assets`.
    role
        What indices ask for: ``blue``, ``nir``, ``swir16``, ``vv``; unique in a sensor.
    resolution_m
        Native ground sampling; a file's own header wins over it.
    noise
        One sigma of one pixel: reflectance units, or dB for gamma-nought.
    wavelength_um
        Centre, or None for radar.
    aliases
        Other names under which catalogues and files know the band (lower case).
    index
        1-based band in its file.
    scale, offset, nodata
        Physical value = DN × scale + offset where neither catalogue nor metadata
        say otherwise; DN equal to `nodata` is no observation.
    """

    name: str
    role: str
    resolution_m: float
    noise: float
    wavelength_um: float | None = None
    aliases: tuple[str, ...] = ()
    index: int = 1
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None


@dataclass(frozen=True)
class MaskCode:
    """Which mask values, or which set bits, mean that a pixel was not observed.

    Attributes
    ----------
    label
        The provider's word for it.
    reason
        How the coverage ledger counts it.
    values
        Mask values (kind ``classes``).
    bits
        Bit numbers, any of which counts (kind ``bits``).
    dilation_m
        How far the mask is usually too small; an agreement may set another.
    """

    label: str
    reason: Reason
    values: tuple[int, ...] = ()
    bits: tuple[int, ...] = ()
    dilation_m: float = 0.0


@dataclass(frozen=True)
class MaskRule:
    """How a quality layer is read.

    Attributes
    ----------
    kind
        ``classes`` (one value per pixel), ``bits``, ``spectral`` (no layer: the
        documented cloud, haze and shadow test on the bands) or ``none``.
    asset
        Key in `Scene.assets`, or None where there is no layer.
    codes
        In order of precedence: the first that applies gives the reason.
    aliases
        Names of the layer in catalogues and files (lower case).
    index
        1-based band in its file.
    required
        False where a scene without the layer is still usable.
    """

    kind: MaskKind
    asset: str | None = "mask"
    codes: tuple[MaskCode, ...] = ()
    aliases: tuple[str, ...] = ()
    index: int = 1
    required: bool = True


@dataclass(frozen=True)
class Sensor:
    """One row of the table.

    Attributes
    ----------
    bands
        In the order in which stacks carry them.
    physical
        ``reflectance`` (unitless, about 0 to 1) or ``gamma0`` (linear power; the
        kernels work on 10·log10 of it).
    psf_m
        Full width at half maximum of the point spread of the finest band, metres.
    revisit_days, repeat_days
        Days between looks of the constellation, and of one satellite on one track.
    local_hours
        Mean local solar hours of a look.
    registration_band
        Band on which sub-pixel shifts are measured.
    pair_bands
        Bands that vote in pair change.
    visible_vote
        True where visible bands cast an extra vote for built-up change.
    """

    key: str
    title: str
    bands: tuple[Band, ...]
    physical: Physical
    masks: tuple[MaskRule, ...]
    psf_m: float
    revisit_days: float
    repeat_days: float
    local_hours: tuple[float, ...]
    registration_band: str
    pair_bands: tuple[str, ...]
    visible_vote: bool = False

    @property
    def mask(self) -> MaskRule:
        """The main quality layer."""
        return self.masks[0]

    @property
    def resolution_m(self) -> float:
        """Ground sampling of the finest band, metres."""
        return min(band.resolution_m for band in self.bands)

    @property
    def roles(self) -> dict[str, str]:
        """Role → band name, so that an index is written once for all sensors."""
        return {band.role: band.name for band in self.bands}

    @property
    def visible_bands(self) -> tuple[str, ...]:
        """Names of the blue, green and red bands there are, in that order."""
        return tuple(self.roles[role] for role in VISIBLE_ROLES if role in self.roles)

    def band(self, name: str) -> Band:
        """Return the band called `name`; KeyError says which there are."""
        for band in self.bands:
            if band.name == name:
                return band
        raise KeyError(f"{self.key} has no band {name!r}, only {[b.name for b in self.bands]}")

    def band_psf_m(self, name: str) -> float:
        """Return the point spread of one band: it grows with its sampling."""
        return self.psf_m * self.band(name).resolution_m / self.resolution_m

    def layer_named(self, text: str) -> str | None:
        """Return the key in `Scene.assets` for a catalogue's or file's word, or None."""
        word = text.lower()
        for band in self.bands:
            if word == band.name.lower() or word in band.aliases:
                return band.name
        return next((m.asset for m in self.masks if m.asset and word in m.aliases), None)
