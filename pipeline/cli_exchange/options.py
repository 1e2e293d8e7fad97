"""Options that several commands share, and what they read from the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import BundleError, OutputError, UsageError

if TYPE_CHECKING:
    from pipeline.exchange.keys import SigningKey

PASSPHRASE = "FAIRWITNESS_PASSPHRASE"  # noqa: S105 - the variable's name
Store = Annotated[
    Path,
    typer.Option(
        "--trust", metavar="DIR", envvar="FAIRWITNESS_TRUST", help="Folder of the trust store."
    ),
]
STORE = Path("trust")
Bundle = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Bundle file.")]
KeyFile = Annotated[Path, typer.Option("--key", metavar="PEM", help="Encrypted private key.")]
KeyFiles = Annotated[
    list[Path], typer.Option("--key", metavar="PEM", help="Encrypted private key; repeatable.")
]
Passphrases = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help=f"Passphrases, one line a key in order; else {PASSPHRASE}, else a prompt.",
    ),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Judge as of YYYY-MM-DDTHH:MM:SSZ; default: now."),
]
Party = Annotated[str, typer.Option("--party", metavar="ID", help="Whose key it is.")]
Ledger = Annotated[
    Path | None,
    typer.Option(
        "--ledger", metavar="FILE", envvar="FAIRWITNESS_LEDGER",
        help="Our ledger: what is done here is said there too.",
    ),
]  # fmt: skip
Output = Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")]


def moment(at: str | None) -> str:
    """Return the moment that counts as now: as given, or the clock's."""
    from pipeline.exchange.clock import now, parsed  # noqa: PLC0415

    if at is None:
        return now()
    parsed(at)
    return at


def read_file(path: Path) -> bytes:
    """Return the bytes of a file the user named; UsageError where it cannot be read."""
    from pipeline.exchange.container import BYTE_LIMIT  # noqa: PLC0415
    from pipeline.store.reading import UnreadableFile, read_bytes  # noqa: PLC0415

    try:
        return read_bytes(path, byte_limit=BYTE_LIMIT)
    except UnreadableFile as cause:
        raise UsageError(str(cause), file=path) from cause


def refuse_unwritable_name(path: Path) -> None:
    """Refuse a name the disk will not take, before anything that goes with it is written."""
    try:
        path.lstat()
    except FileNotFoundError:
        return
    except OSError as cause:
        raise OutputError(f"could not be written: {cause.strerror}", file=path) from cause


def passphrases(paths: list[Path], file: Path | None, *, confirm: bool = False) -> list[bytes]:
    """Return a passphrase a key: from the file's lines, the environment, or a prompt."""
    if file is not None:
        lines = read_file(file).splitlines()
        if len(lines) < len(paths):
            raise UsageError(f"{file} holds {len(lines)} passphrases for {len(paths)} keys")
        return lines[: len(paths)]
    held = os.environ.get(PASSPHRASE)
    if held is not None:
        return [os.fsencode(held)] * len(paths)
    return [
        typer.prompt(
            f"Passphrase of {path}", hide_input=True, confirmation_prompt=confirm, err=True
        ).encode()
        for path in paths
    ]


def load_keys(paths: list[Path], file: Path | None) -> list[SigningKey]:
    """Return the private keys in encrypted files, each opened with its passphrase."""
    from pipeline.exchange.keys import load  # noqa: PLC0415

    words = passphrases(paths, file)
    return [load(path, word) for path, word in zip(paths, words, strict=True)]


class named:  # noqa: N801 - reads as a word where it is used
    """Name the file in a refusal that does not say which it is."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BundleError) and error.file is None:
            raise BundleError(error.rule, file=self.file) from error
