"""Making, signing, verifying and recomputing bundles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_exchange.options import (
    STORE,
    At,
    Bundle,
    KeyFile,
    Ledger,
    Output,
    Passphrases,
    Store,
    load_keys,
    moment,
    named,
)
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.exchange.keys import SigningKey
    from pipeline.exchange.trust import Trust
    from pipeline.workflows.reproduce import Reproduction

app = typer.Typer()
STANDALONE = Path("exchange") / "standalone"


@app.command()
def bundle(
    products: Annotated[
        list[Path], typer.Argument(metavar="PRODUCT...", help="Product folders, one a site.")
    ],
    out: Output,
    recipients: Annotated[
        list[str], typer.Option("--for", metavar="PARTY", help="Who it is made for; repeatable.")
    ],
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, help="Days for which it counts.")
    ] = 30,
    chips: Annotated[
        Path | None, typer.Option("--chips", metavar="DIR", help="Chips, if not in the output.")
    ] = None,
    agreement_signatures: Annotated[
        Path | None,
        typer.Option("--agreement-signatures", metavar="FILE", help="From 'agreement sign'."),
    ] = None,
    trust: Store = STORE,
) -> None:
    """Make one canonical file of reports, evidence and masks, to be signed."""
    from pipeline.exchange.bundle import Address, make_bundle  # noqa: PLC0415
    from pipeline.exchange.clock import later, now  # noqa: PLC0415
    from pipeline.exchange.trust import load_trust  # noqa: PLC0415
    from pipeline.exchange.verify import read_bundle  # noqa: PLC0415

    held = load_trust(trust)
    if held.own is None:
        raise UsageError("the trust store does not say who we are: 'trust init --as PARTY'")
    issued = now()
    address = Address(held.own, tuple(recipients), issued, later(issued, days=days))
    statement = make_bundle(
        products, out, trust=held, address=address, chips=chips,
        agreement_signatures=read_bundle(agreement_signatures) if agreement_signatures else None,
    )  # fmt: skip
    numbers = ", ".join(f"{each.site} number {each.sequence}" for each in statement.reports)
    typer.echo(f"Bundle: {out}\n{numbers}; not signed yet")


@app.command()
def sign(
    file: Bundle,
    key: KeyFile,
    passphrase_file: Passphrases = None,
    ledger: Ledger = None,
    trust: Store = STORE,
) -> None:
    """Sign a bundle as its issuer; its numbers are then spent."""
    from pipeline.exchange.announcing import issuer_of, say_issued  # noqa: PLC0415
    from pipeline.exchange.clock import now  # noqa: PLC0415
    from pipeline.exchange.ledger import refuse_other  # noqa: PLC0415
    from pipeline.exchange.signing import sign as add_signature  # noqa: PLC0415
    from pipeline.exchange.verify import read_bundle  # noqa: PLC0415

    if ledger is not None:  # one that is broken, or another's, is told of before a number is spent
        with named(file):
            refuse_other(ledger, issuer_of(read_bundle(file)))
    _add(add_signature, file, key, passphrase_file, trust)
    if ledger is not None:
        for entry in say_issued(ledger, read_bundle(file), at=now()):
            typer.echo(f"statement {entry.number}, {entry.kind}: {ledger}")


@app.command()
def countersign(
    file: Bundle, key: KeyFile, passphrase_file: Passphrases = None, trust: Store = STORE
) -> None:
    """Add another key's signature: a second one of the issuer, or another party's."""
    from pipeline.exchange.signing import countersign as add_signature  # noqa: PLC0415

    _add(add_signature, file, key, passphrase_file, trust)


def _add(
    add: Callable[..., tuple[bytes, Trust]],
    file: Path,
    key: Path,
    passphrase_file: Path | None,
    trust: Path,
) -> None:
    from pipeline.exchange.clock import now  # noqa: PLC0415
    from pipeline.exchange.trust import changing  # noqa: PLC0415
    from pipeline.exchange.verify import read_bundle  # noqa: PLC0415
    from pipeline.store.atomic import atomic_write  # noqa: PLC0415

    loaded = load_keys([key], passphrase_file)[0]
    with changing(trust) as box, named(file):
        signed, box[0] = add(read_bundle(file), loaded, box[0], at=now())
        atomic_write(file, signed)
    typer.echo(f"signed by {box[0].owner(loaded.keyid)}, key {loaded.keyid[:16]}: {file}")


@app.command()
def verify(
    file: Bundle,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="PARTY", help="Must have signed too; repeatable."),
    ] = None,
    accept_gap: Annotated[
        bool, typer.Option("--accept-gap", help="Go on where reports in between were not seen.")
    ] = False,
    at: At = None,
    trust: Store = STORE,
) -> None:
    """Check a bundle offline: who signed what, under which agreement, what is missing."""
    from pipeline.exchange.telling import told  # noqa: PLC0415
    from pipeline.exchange.trust import changing  # noqa: PLC0415
    from pipeline.exchange.verify import accepted, read_bundle  # noqa: PLC0415
    from pipeline.exchange.verify import verify as verify_bundle  # noqa: PLC0415

    with changing(trust) as box, named(file):
        verified = verify_bundle(
            read_bundle(file), box[0], at=moment(at), required=tuple(require or ()),
            accept_gap=accept_gap,
        )  # fmt: skip
        lines = told(verified, box[0])
        if at is None:  # a look into the past is not remembered
            box[0] = accepted(box[0], verified)
    typer.echo("\n".join([*lines, "accepted"]))


@app.command()
def verifier(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")],
) -> None:
    """Write the standalone verifiers: a script, and a page that works from disk."""
    from pipeline.store.atomic import atomic_write  # noqa: PLC0415

    for name in ("verify.py", "verify.html"):
        atomic_write(out / name, (Path(__file__).parents[1] / STANDALONE / name).read_bytes())
        typer.echo(f"Verifier: {out / name}")


@app.command()
def reproduce(
    file: Bundle,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="PEM", help="Sign the statement with it.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the statements.")
    ] = None,
    passphrase_file: Passphrases = None,
    ledger: Ledger = None,
    trust: Store = STORE,
) -> None:
    """Recompute a bundle's reports from its own evidence; exit 1 where one is not reproduced."""
    from pipeline.errors import printable  # noqa: PLC0415
    from pipeline.exchange.clock import now  # noqa: PLC0415
    from pipeline.exchange.ledger import refuse_other  # noqa: PLC0415
    from pipeline.exchange.trust import load_trust  # noqa: PLC0415
    from pipeline.exchange.verify import read_bundle  # noqa: PLC0415
    from pipeline.workflows.reproduce import reproduce_bundle  # noqa: PLC0415
    from pipeline.workflows.reproduce.statement import told  # noqa: PLC0415

    if key is not None and out is None:
        raise UsageError("a signed statement needs a folder: --out DIR")
    held = load_trust(trust)
    if ledger is not None:
        if held.own is None:
            raise UsageError("the trust store does not say who we are: 'trust init --as PARTY'")
        refuse_other(ledger, held.own)  # told of before hours are spent
    signing = load_keys([key], passphrase_file)[0] if key else None
    with named(file):
        found = reproduce_bundle(read_bundle(file), held, at=now())
    for each in found:
        typer.echo("\n".join(map(printable, told(each))))
        _state(each, held, signing, out, ledger)
    raise typer.Exit(0 if all(each.reproduced for each in found) else 1)


def _state(
    found: Reproduction,
    held: Trust,
    signing: SigningKey | None,
    out: Path | None,
    ledger: Path | None,
) -> None:
    """Write one reproduction as a statement, and into our ledger, where they are asked for."""
    from pipeline.exchange.clock import now  # noqa: PLC0415
    from pipeline.exchange.reproductions import received  # noqa: PLC0415
    from pipeline.store.atomic import atomic_write  # noqa: PLC0415
    from pipeline.workflows.reproduce.statement import reproduction_statement, said  # noqa: PLC0415

    at = now()
    signed = reproduction_statement(found, party=held.own, at=at)
    signed = signed if signing is None else signed.with_signature(signing)
    if out is not None:
        path = out / f"reproduction-{found.site}-{found.sequence}.json"
        atomic_write(path, signed.serialised)
        typer.echo(f"  Statement: {path}")
    if ledger is not None and held.own is not None:
        entry = received(ledger, said(found, signed, party=held.own, at=at), party=held.own, at=at)
        if entry is not None:
            typer.echo(f"  Ledger: statement {entry.number}, {entry.kind}: {ledger}")
