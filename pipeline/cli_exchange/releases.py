"""Letting a file out: who authorises it, at which level, until when."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_exchange.options import (
    STORE,
    At,
    KeyFile,
    Ledger,
    Passphrases,
    Store,
    load_keys,
    moment,
    named,
    read_file,
)

if TYPE_CHECKING:
    from pipeline.exchange.trust import Trust

File = Annotated[Path, typer.Argument(metavar="FILE", help="What is let out: its exact bytes.")]
AgreementOption = Annotated[
    Path, typer.Option("--agreement", metavar="FILE", help="Agreement (YAML).")
]
Level = Annotated[
    str, typer.Option("--level", help="national, joint, parties, mediator or public.")
]
Text = Annotated[
    str, typer.Option("--text", help="joint: it speaks for all parties; national: for one.")
]
Look = Annotated[
    str | None,
    typer.Option("--look", metavar="TIME", help="Newest look it tells of, where a delay counts."),
]
Days = Annotated[int, typer.Option("--days", min=1, max=366, help="Days for which it counts.")]
app = typer.Typer(help="Authorise the release of a file.", no_args_is_help=True)


@app.command()
def sign(  # noqa: PLR0913, PLR0917 - options of a command
    file: File,
    agreement: AgreementOption,
    key: KeyFile,
    level: Level,
    text: Text = "joint",
    look: Look = None,
    days: Days = 30,
    passphrase_file: Passphrases = None,
    ledger: Ledger = None,
) -> None:
    """Authorise a file's release at one level, for a time; the signature lies beside it."""
    from pipeline.agreement import load_agreement  # noqa: PLC0415
    from pipeline.exchange import releases  # noqa: PLC0415
    from pipeline.exchange.announcing import say_authorised  # noqa: PLC0415
    from pipeline.exchange.clock import later, now, parsed  # noqa: PLC0415
    from pipeline.exchange.ledger import refuse_other  # noqa: PLC0415
    from pipeline.exchange.releaserules import Terms, refuse_content  # noqa: PLC0415
    from pipeline.store.atomic import atomic_write  # noqa: PLC0415

    loaded, payload = load_agreement(agreement), read_file(file)
    if look is not None:
        parsed(look)
    refuse_content(payload, level)
    signing, at = load_keys([key], passphrase_file)[0], now()
    sha256, path = hashlib.sha256(payload).hexdigest(), releases.release_path(file)
    terms = Terms(level, text, look)
    with named(path):
        made = releases.authorised(
            _held(path), sha256, terms, loaded, signing, at=at, expires=later(at, days=days)
        )
        found = releases.release_of(made, sha256, loaded, at=at)
        if ledger is not None:
            refuse_other(ledger, found.given[-1].party)
        atomic_write(path, made)
    typer.echo("\n".join([*releases.lines(file.name, sha256, found), f"authorised: {path}"]))
    if ledger is not None:
        entry = say_authorised(ledger, found.given[-1], at=at)
        typer.echo(f"statement {entry.number}, {entry.kind}: {ledger}")


@app.command()
def verify(file: File, agreement: AgreementOption, at: At = None, trust: Store = STORE) -> None:
    """Say who let a file out, at which level and until when; exit 2 unless it may go out."""
    from pipeline.agreement import load_agreement  # noqa: PLC0415
    from pipeline.exchange import releases  # noqa: PLC0415

    loaded, payload = load_agreement(agreement), read_file(file)
    sha256, path = hashlib.sha256(payload).hexdigest(), releases.release_path(file)
    with named(path):
        found = releases.release_of(_held(path), sha256, loaded, at=moment(at), trust=_trust(trust))
    typer.echo("\n".join(releases.lines(file.name, sha256, found)))
    raise typer.Exit(2 if found.missing else 0)


def _held(path: Path) -> bytes | None:
    """Return the authorisations given before; None where there are none."""
    return read_file(path) if path.exists() else None


def _trust(folder: Path) -> Trust | None:
    """Return the trust store, which knows of revoked keys; None where there is none."""
    from pipeline.exchange.trust import FILE, load_trust  # noqa: PLC0415

    return load_trust(folder) if (folder / FILE).exists() else None
