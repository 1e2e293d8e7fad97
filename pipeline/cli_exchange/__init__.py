"""Commands of the exchange between parties: parse, call one function, show."""

from __future__ import annotations

import typer

from pipeline.cli_exchange import agreements, bundles, keys, ledgers, releases

exchange_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
exchange_app.add_typer(keys.app)
exchange_app.add_typer(bundles.app)
exchange_app.add_typer(agreements.agreement_app, name="agreement")
exchange_app.add_typer(agreements.baseline_app, name="baseline")
exchange_app.add_typer(ledgers.app, name="ledger")
exchange_app.add_typer(releases.app, name="release")

__all__ = ["exchange_app"]
