"""What the parties signed: strict loading, the model, its geometry and its digest.

Importing this package is cheap: pydantic, shapely and pyproj arrive with the
first object that is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.lazy import loading

if TYPE_CHECKING:
    from pipeline.agreement.coordinates import Coordinate, parse_coordinate
    from pipeline.agreement.digest import canonical_bytes, canonical_digest
    from pipeline.agreement.indicators import OBSERVABLES, Indicator
    from pipeline.agreement.loading import load_agreement
    from pipeline.agreement.model import Agreement
    from pipeline.agreement.notifications import (
        Notification,
        check_notifications,
        load_notifications,
    )
    from pipeline.agreement.schema import commented_yaml, json_schema
    from pipeline.agreement.settings import Settings, load_settings
    from pipeline.agreement.sites import Site, Zone

__all__ = [
    "OBSERVABLES",
    "Agreement",
    "Coordinate",
    "Indicator",
    "Notification",
    "Settings",
    "Site",
    "Zone",
    "canonical_bytes",
    "canonical_digest",
    "check_notifications",
    "commented_yaml",
    "json_schema",
    "load_agreement",
    "load_notifications",
    "load_settings",
    "parse_coordinate",
]

_HOME = {
    "OBSERVABLES": "indicators",
    "Agreement": "model",
    "Coordinate": "coordinates",
    "Indicator": "indicators",
    "Notification": "notifications",
    "Settings": "settings",
    "Site": "sites",
    "Zone": "sites",
    "canonical_bytes": "digest",
    "canonical_digest": "digest",
    "check_notifications": "notifications",
    "commented_yaml": "schema",
    "json_schema": "schema",
    "load_agreement": "loading",
    "load_notifications": "notifications",
    "load_settings": "settings",
    "parse_coordinate": "coordinates",
}

__getattr__ = loading(__name__, _HOME)
