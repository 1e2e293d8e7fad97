"""Templates compiled once, kept where Python keeps the compiled modules of this package."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemBytecodeCache

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.bccache import Bucket


class CompiledTemplates(FileSystemBytecodeCache):
    """What templates became under the options of an environment.

    A template whose text, or a Python or jinja whose version differs is compiled again. Where
    nothing can be written, as beside the modules, every process compiles for itself.
    """

    def __init__(self, environment: Environment) -> None:
        plain = {k: v for k, v in vars(environment).items() if isinstance(v, bool | str)}
        told = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:8]
        super().__init__(str(Path(cache_from_source(__file__)).parent), f"template-{told}-%s.cache")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, if Python keeps its modules."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(parents=True, exist_ok=True)
                super().dump_bytecode(bucket)
