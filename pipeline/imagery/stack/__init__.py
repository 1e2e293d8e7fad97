"""One stack per site × sensor × track: calibrated, masked, registered looks on one grid."""

from __future__ import annotations

from pipeline.imagery.stack.build import (
    StackPixels,
    build_stack,
    normalized,
    stack_pixels,
    stack_window,
)
from pipeline.imagery.stack.kept import KeptPlacings
from pipeline.imagery.stack.looks import AdmittedScene, Look, looks_of
from pipeline.imagery.stack.plan import LookPlan, StackOptions, StackPlan, plan_stack

__all__ = [
    "AdmittedScene",
    "KeptPlacings",
    "Look",
    "LookPlan",
    "StackOptions",
    "StackPixels",
    "StackPlan",
    "build_stack",
    "looks_of",
    "normalized",
    "plan_stack",
    "stack_pixels",
    "stack_window",
]
