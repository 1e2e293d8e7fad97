"""The limited process that decodes, as its caller sees it; light, so that it can start first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import LimitError, SceneError
from pipeline.imagery.admission.limits import Limits
from pipeline.parallel.limited import (
    ChildDied,
    ChildError,
    DeadlineExceeded,
    MemoryExceeded,
    limited_process,
)

if TYPE_CHECKING:
    from pipeline.parallel.limited import LimitedProcess

_DECODER = "pipeline.imagery.admission.decoding"


def start_decoder(limits: Limits | None = None) -> None:
    """Start the decoding process, so that its imports overlap other work of the caller."""
    _child(limits or Limits()).start()


def decoded(payload: bytes, request: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """Return what `pipeline.imagery.admission.decoding.decode` says, in its own process.

    Raises
    ------
    LimitError
        It needs more memory or time than `limits` allow.
    SceneError
        The file does not decode, or crashes the decoder.
    """
    if len(payload) >= limits.memory_megabytes << 20:
        raise LimitError(f"needs more than {limits.memory_megabytes} megabytes of memory")
    try:
        answer: dict[str, Any] = _child(limits).call(
            f"{_DECODER}:decode", payload, request, seconds=limits.decode_seconds
        )
    except (DeadlineExceeded, MemoryExceeded) as cause:
        raise LimitError(str(cause)) from cause
    except ChildDied as cause:
        raise SceneError(f"crashed the decoder: it {cause}") from cause
    except ChildError as cause:
        raise SceneError(f"does not decode: {cause}") from cause
    return answer


def _child(limits: Limits) -> LimitedProcess:
    return limited_process(limits.memory_megabytes, (_DECODER,))
