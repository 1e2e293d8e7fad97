"""A record as the ledgers see it by now: its own bytes stay, its view says what parties said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.assessment.record import Finding, JointState, Report

#: What stays the headline of a finding even where it is disputed.
_ABOVE = frozenset({"withdrawn", "superseded"})


@dataclass(frozen=True)
class Review:
    """What ledgers say of one record.

    Attributes
    ----------
    state
        Of the record as a whole.
    findings
        Finding id → its own state, where it has one.
    said
        Party and rung of every recomputation, in order.
    """

    state: JointState = "unreviewed"
    findings: Mapping[str, JointState] = field(default_factory=dict)
    said: tuple[tuple[str, str], ...] = ()


def reviewed(report: Report, review: Review) -> Report:
    """Return the record with each finding in the state the ledgers give it."""
    return report.model_copy(
        update={"findings": tuple(_finding(each, review) for each in report.findings)}
    )


def _finding(finding: Finding, review: Review) -> Finding:
    state = review.findings.get(finding.id, review.state)
    if state == "unreviewed":
        return finding
    changes: dict[str, Any] = {"joint_state": state}
    if state == "disputed" and finding.headline not in _ABOVE:
        changes["headline"] = "disputed"
    return finding.model_copy(update=changes)
