"""Signing agreements, and freezing baselines together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_exchange.options import (
    At,
    KeyFile,
    Output,
    Passphrases,
    load_keys,
    moment,
    named,
    refuse_unwritable_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable

AgreementFile = Annotated[Path, typer.Argument(metavar="AGREEMENT", help="Agreement (YAML).")]
AgreementOption = Annotated[
    Path, typer.Option("--agreement", metavar="FILE", help="Agreement (YAML).")
]
BaselineFile = Annotated[Path, typer.Argument(metavar="BASELINE", help="Baseline (JSON).")]
Product = Annotated[Path, typer.Argument(metavar="PRODUCT", help="Product folder of one's own.")]
agreement_app = typer.Typer(help="Sign an agreement's digest.", no_args_is_help=True)
baseline_app = typer.Typer(help="Freeze a baseline together.", no_args_is_help=True)


@agreement_app.command("sign")
def agreement_sign(
    agreement: AgreementFile, key: KeyFile, passphrase_file: Passphrases = None
) -> None:
    """Sign the agreement's digest; signatures lie beside it."""
    from pipeline.agreement import load_agreement  # noqa: PLC0415
    from pipeline.exchange import agreements  # noqa: PLC0415
    from pipeline.exchange.clock import now  # noqa: PLC0415
    from pipeline.store.atomic import atomic_write  # noqa: PLC0415

    loaded = load_agreement(agreement)
    signing = load_keys([key], passphrase_file)[0]
    path = agreements.signatures_path(agreement)
    with named(path):
        held = agreements.load_agreement_signatures(agreement)
        atomic_write(path, agreements.sign_agreement(loaded, held, signing, at=now()))
    typer.echo(f"signed {loaded.sha256}: {path}")


@agreement_app.command("verify")
def agreement_verify(agreement: AgreementFile, at: At = None) -> None:
    """Say who has signed the agreement; exit 2 unless every party has."""
    from pipeline.agreement import load_agreement  # noqa: PLC0415
    from pipeline.errors import printable  # noqa: PLC0415
    from pipeline.exchange import agreements  # noqa: PLC0415

    loaded = load_agreement(agreement)
    with named(agreements.signatures_path(agreement)):
        held = agreements.load_agreement_signatures(agreement)
        found = agreements.agreement_signatures(loaded, held, moment(at))
    lines = [f"agreement {loaded.id} {loaded.sha256}", f"standing {found.standing}"]
    lines += [f"signed by {party}, {moment}" for party, moment in found.signers.items()]
    lines += [f"missing: no signature of {party}" for party in found.absent]
    lines += [f"does not count: {fault}" for fault in found.faults]
    typer.echo("\n".join(map(printable, lines)))
    raise typer.Exit(2 if found.absent or found.faults else 0)


def _own_baseline(product: Path) -> tuple[dict[str, object], bytes]:
    from pipeline.exchange.baselines import baseline_of  # noqa: PLC0415
    from pipeline.exchange.bundle import read_source  # noqa: PLC0415
    from pipeline.store.atomic import canonical_json  # noqa: PLC0415

    document = baseline_of(read_source(product).record)
    return document, canonical_json(document)


@baseline_app.command("propose")
def baseline_propose(
    product: Product,
    agreement: AgreementOption,
    key: KeyFile,
    out: Output,
    passphrase_file: Passphrases = None,
) -> None:
    """Write the baseline of a product, and propose it with a signature beside it."""
    from pipeline.agreement import load_agreement  # noqa: PLC0415
    from pipeline.exchange import ratification  # noqa: PLC0415
    from pipeline.exchange.agreements import signatures_path  # noqa: PLC0415
    from pipeline.exchange.clock import now  # noqa: PLC0415
    from pipeline.store.atomic import atomic_write  # noqa: PLC0415

    _, payload = _own_baseline(product)
    loaded, signing = load_agreement(agreement), load_keys([key], passphrase_file)[0]
    signed = ratification.proposed(payload, loaded, signing, at=now())
    refuse_unwritable_name(signatures_path(out))
    atomic_write(out, payload)
    atomic_write(signatures_path(out), signed)
    typer.echo(f"Baseline: {out}, proposed")


@baseline_app.command("validate")
def baseline_validate(
    baseline: BaselineFile,
    product: Product,
    agreement: AgreementOption,
    key: KeyFile,
    passphrase_file: Passphrases = None,
) -> None:
    """Compare a proposed baseline with one's own product, and sign that it is the same."""
    from pipeline.exchange.ratification import validated  # noqa: PLC0415

    own, _ = _own_baseline(product)
    _say_of(baseline, agreement, key, passphrase_file, validated, own=own)


@baseline_app.command("ratify")
def baseline_ratify(
    baseline: BaselineFile,
    agreement: AgreementOption,
    key: KeyFile,
    passphrase_file: Passphrases = None,
) -> None:
    """Sign a baseline that every other party has validated; all parties do."""
    from pipeline.exchange.ratification import ratified  # noqa: PLC0415

    _say_of(baseline, agreement, key, passphrase_file, ratified)


def _say_of(
    baseline: Path,
    agreement: Path,
    key: Path,
    passphrase_file: Path | None,
    say: Callable[..., bytes],
    **own: object,
) -> None:
    from pipeline.agreement import load_agreement  # noqa: PLC0415
    from pipeline.exchange import ratification  # noqa: PLC0415
    from pipeline.exchange.agreements import signatures_path  # noqa: PLC0415
    from pipeline.exchange.clock import now  # noqa: PLC0415
    from pipeline.exchange.verify import read_bundle  # noqa: PLC0415
    from pipeline.store.atomic import atomic_write  # noqa: PLC0415

    path = signatures_path(baseline)
    payload, held = read_bundle(baseline), read_bundle(path)
    loaded, signing = load_agreement(agreement), load_keys([key], passphrase_file)[0]
    with named(baseline):
        signed = say(payload, held, loaded, signing, at=now(), **own)
        atomic_write(path, signed)
        state = ratification.ratification(payload, signed, loaded, at=now()).state
    typer.echo(f"Baseline: {baseline}, {state}")


@baseline_app.command("drift")
def baseline_drift(baseline: BaselineFile, product: Product) -> None:
    """List how a product's baseline differs from a frozen one; exit 2 where it does."""
    from pipeline.errors import printable  # noqa: PLC0415
    from pipeline.exchange.baselineform import read_baseline  # noqa: PLC0415
    from pipeline.exchange.baselines import drift  # noqa: PLC0415
    from pipeline.exchange.verify import read_bundle  # noqa: PLC0415

    own, _ = _own_baseline(product)
    with named(baseline):
        lines = drift(read_baseline(read_bundle(baseline)), own)
    typer.echo("\n".join(map(printable, lines)) or "no drift")
    raise typer.Exit(2 if lines else 0)
