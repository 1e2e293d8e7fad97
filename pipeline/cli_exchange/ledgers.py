"""What a party has said, as its ledger keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli_exchange.options import (
    STORE,
    At,
    KeyFile,
    Passphrases,
    Store,
    load_keys,
    named,
    read_file,
)
from pipeline.errors import UsageError

LedgerFile = Annotated[Path, typer.Argument(metavar="LEDGER", help="Ledger (JSON lines).")]
Pairs = Annotated[
    list[str] | None,
    typer.Option("--about", metavar="NAME=VALUE", help="What it speaks of; repeatable."),
]
app = typer.Typer(help="What a party has said: an append-only file.", no_args_is_help=True)


@app.command()
def show(
    ledgers: Annotated[
        list[Path], typer.Argument(metavar="LEDGER...", help="Ledgers, one a party.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what one or several parties have said, in one view, with what no longer stands."""
    from pipeline.exchange.ledgerview import (  # noqa: PLC0415
        as_document,
        current,
        entry_lines,
        escaped,
        merged,
    )
    from pipeline.exchange.reproductions import standing_lines, standings  # noqa: PLC0415
    from pipeline.store.atomic import canonical_json  # noqa: PLC0415

    found = current(merged(ledgers))
    if as_json:
        lines = [escaped(canonical_json(as_document(each)).decode()) for each in found]
    else:
        lines = [*entry_lines(found), *standing_lines(standings(found))]
    typer.echo("\n".join(lines) or "nothing has been said yet")


@app.command()
def verify(ledger: LedgerFile, trust: Store = STORE) -> None:
    """Check a ledger's chain, and say up to where it is signed and by whom."""
    from pipeline.exchange.ledgerview import checked  # noqa: PLC0415
    from pipeline.exchange.trust import load_trust  # noqa: PLC0415

    found = checked(ledger, load_trust(trust))
    typer.echo("\n".join([*found.lines, *found.faults]))
    raise typer.Exit(2 if found.faults else 0)


@app.command()
def sign(
    ledger: LedgerFile,
    key: KeyFile,
    agreement: Annotated[
        str | None,
        typer.Option(
            "--agreement",
            metavar="SHA256",
            help="Digest it is signed under; default: the one held.",
        ),
    ] = None,
    passphrase_file: Passphrases = None,
    trust: Store = STORE,
) -> None:
    """Sign a ledger's newest statement, and with it all before; the signature lies beside it."""
    from pipeline.exchange import heads  # noqa: PLC0415
    from pipeline.exchange.clock import now  # noqa: PLC0415
    from pipeline.exchange.ledger import entries  # noqa: PLC0415
    from pipeline.exchange.trust import load_trust  # noqa: PLC0415
    from pipeline.store.atomic import atomic_write  # noqa: PLC0415

    held, signing = load_trust(trust), load_keys([key], passphrase_file)[0]
    found = entries(ledger)
    if not found:
        raise UsageError("nothing to sign: the ledger is empty or not there", file=ledger)
    if agreement is None:
        if len(held.agreements) != 1:
            raise UsageError(f"{len(held.agreements)} agreements are held: say --agreement SHA256")
        agreement = held.agreements[0]
    payload = heads.with_head(
        heads.load_heads(ledger), head=(found[-1].number, found[-1].sha256),
        ledger=found[0].party, agreement=agreement, key=signing, trust=held, at=now(),
    )  # fmt: skip
    atomic_write(heads.heads_path(ledger), payload)
    typer.echo(f"signed up to {found[-1].number}: {heads.heads_path(ledger)}")


@app.command()
def add(
    ledger: LedgerFile,
    kind: Annotated[str, typer.Option("--kind", help="Such as note, opinion, dispute, withdrawn.")],
    about: Pairs = None,
    body: Annotated[
        list[str] | None,
        typer.Option("--say", metavar="NAME=TEXT", help="What is said; repeatable."),
    ] = None,
    party: Annotated[
        str | None, typer.Option("--party", metavar="ID", help="Whose ledger; default: its own.")
    ] = None,
    at: At = None,
    trust: Store = STORE,
) -> None:
    """Add one statement to a ledger; a withdrawal names the statement and a reason."""
    from pipeline.cli_exchange.options import moment  # noqa: PLC0415
    from pipeline.exchange.clock import parsed  # noqa: PLC0415
    from pipeline.exchange.ledger import append  # noqa: PLC0415

    entry = append(
        ledger, kind=kind, about=_pairs(about), body=_texts(body), made=parsed(moment(at)),
        party=party or _owner(ledger, trust),
    )  # fmt: skip
    typer.echo(f"statement {entry.number}, {entry.kind}: {ledger}")


@app.command()
def receive(
    ledger: LedgerFile,
    statements: Annotated[
        list[Path], typer.Argument(metavar="STATEMENT...", help="Partners' signed statements.")
    ],
    at: At = None,
    trust: Store = STORE,
) -> None:
    """Read partners' signed reproduction statements into our ledger, each verified first."""
    from pipeline.cli_exchange.options import moment  # noqa: PLC0415
    from pipeline.exchange.reproductions import read_reproduction, received  # noqa: PLC0415
    from pipeline.exchange.trust import load_trust  # noqa: PLC0415

    held, when = load_trust(trust), moment(at)
    party = _owner(ledger, trust)
    for path in statements:
        with named(path):
            said = read_reproduction(read_file(path), held, at=when)
            entry = received(ledger, said, party=party, at=when)
        word = "known already" if entry is None else f"statement {entry.number}"
        typer.echo(f"{said.site}, number {said.sequence}: {said.party} reached {said.rung}; {word}")


def _owner(ledger: Path, trust: Path) -> str:
    """Return whose ledger it is, or the party that the trust store says we are."""
    from pipeline.exchange.ledger import entries  # noqa: PLC0415
    from pipeline.exchange.trust import FILE, load_trust  # noqa: PLC0415

    found = entries(ledger)
    if found:
        return found[0].party
    own = load_trust(trust).own if (trust / FILE).exists() else None
    if own is None:
        raise UsageError("whose ledger is it? say --party ID")
    return own


def _pairs(texts: list[str] | None) -> dict[str, Any]:
    return {
        name: int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else value
        for name, value in _texts(texts).items()
    }


def _texts(texts: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts or ():
        name, mark, value = text.partition("=")
        if not mark or not name or name in found:
            raise UsageError(f"written NAME=VALUE, each name once; got {text!r}")
        found[name] = value
    return found
