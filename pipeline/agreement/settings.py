"""Run settings: where and how fast. Nothing in them changes a number or a duty."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, model_validator

from pipeline.agreement.generic_sensors import GenericSensor
from pipeline.agreement.strict_yaml import read_yaml
from pipeline.agreement.terms import (
    Id,
    Name,
    Number,
    Terms,
    Whole,
    broken,
    refuse_repeated,
    validated,
)
from pipeline.errors import SettingsError, printable

_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*|\[[0-9A-Fa-f:]+\]")


def _resolved(value: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return value if folder is None else (folder / value).resolve()


def _address(value: str) -> str:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as cause:
        raise broken(f"not an address: {cause}") from None
    fault = _address_fault(parts)
    if fault or port == 0:
        raise broken(fault or "port 0 is none")  # the value may hold a secret: never repeated
    return value


def _address_fault(parts: SplitResult) -> str | None:
    if parts.scheme not in {"http", "https"}:
        return "an address must begin with https:// or http://"
    if parts.username is not None or parts.query or parts.fragment:
        return "an address holds no credentials, query or fragment; those come from the environment"
    return None if _HOST.fullmatch(_bracketed(parts.hostname)) else "an address needs a host"


def _bracketed(host: str | None) -> str:
    return f"[{host}]" if host and ":" in host else host or ""


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise broken(f"'{value}' is not a host name; no scheme, port, path or wildcard")
    return value.lower()


PlacedPath = Annotated[
    Path, Field(strict=False, json_schema_extra={"format": "path"}), AfterValidator(_resolved)
]
Address = Annotated[str, Field(strict=True, max_length=2000), AfterValidator(_address)]
Host = Annotated[str, Field(strict=True, max_length=253), AfterValidator(_host)]


class StacCatalogue(Terms):
    """A static STAC catalogue on this machine."""

    kind: Literal["stac"] = Field(description="static STAC catalogue")
    path: PlacedPath = Field(description="catalog.json or collection.json")
    sensor: Id | None = Field(default=None, description="sensor of all items; null: inferred")


class FolderCatalogue(Terms):
    """A folder of tiles with documented names, or sidecar JSON where names say nothing."""

    kind: Literal["folder"] = Field(description="folder of tiles")
    path: PlacedPath = Field(description="the folder")
    sensor: Id | None = Field(default=None, description="sensor of all tiles; null: inferred")


class StacApiCatalogue(Terms):
    """A STAC API."""

    kind: Literal["stac-api"] = Field(description="STAC API")
    url: Address = Field(description="root of the API, http or https, without credentials")
    collections: tuple[Name, ...] = Field(
        min_length=1, max_length=50, description="collections that are searched"
    )
    sensor: Id | None = Field(default=None, description="sensor of all items; null: inferred")


Catalogue = Annotated[
    StacCatalogue | FolderCatalogue | StacApiCatalogue, Field(discriminator="kind")
]


class Limits(Terms):
    """What one outside file may cost."""

    asset_megabytes: Whole = Field(
        default=2048, ge=1, le=1_000_000, description="largest file that is fetched, MB"
    )
    decode_seconds: Number = Field(
        default=120.0, gt=0, le=86_400, description="longest time to decode one file, s"
    )
    memory_megabytes: Whole = Field(
        default=2048, ge=128, le=10_000_000, description="memory of the decoding process, MB"
    )


class Operator(Terms):
    """Who runs it."""

    name: Annotated[str, Field(strict=True, max_length=200)] = Field(
        default="", description="person or team, as it stands in the product"
    )
    party: Id | None = Field(default=None, description="party id in the agreement; null: none")


class Settings(Terms):
    """Where things are and how fast to go; paths are relative to the settings file."""

    schema_: Literal["fairwitness/settings/1"] = Field(
        alias="schema", description="kind and version of this document"
    )
    agreement: PlacedPath = Field(description="agreement file")
    notifications: tuple[PlacedPath, ...] = Field(
        default=(), max_length=1000, description="notification files"
    )
    catalogues: tuple[Catalogue, ...] = Field(
        min_length=1, max_length=100, description="where scenes are looked for, in this order"
    )
    generic_sensors: dict[Id, GenericSensor] = Field(
        default_factory=dict, description="open VHR or a party's own satellite, described"
    )
    allow_hosts: tuple[Host, ...] = Field(
        default=(),
        max_length=100,
        description="hosts that imagery may be fetched from, beside those of `catalogues`",
    )
    output: PlacedPath = Field(description="output folder")
    ledger: PlacedPath | None = Field(
        default=None,
        description="file of one's own statements; null: <output>.ledger.jsonl beside the output",
    )
    workers: Whole = Field(
        default=0, ge=0, le=1024, description="worker processes; 0: in this process"
    )
    scheduler: Name | None = Field(
        default=None, description="address of a running Dask scheduler; null: none"
    )
    limits: Limits = Field(default_factory=lambda: Limits(), description="cost of an outside file")  # noqa: PLW0108 - mypy sees no factory in a model
    operator: Operator = Field(default_factory=lambda: Operator(), description="who runs it")  # noqa: PLW0108 - mypy sees no factory in a model

    @property
    def named_hosts(self) -> frozenset[str]:
        """Every host that a run may contact, lower case."""
        urls = (each.url for each in self.catalogues if isinstance(each, StacApiCatalogue))
        return frozenset({*self.allow_hosts, *((urlsplit(url).hostname or "") for url in urls)})

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        refuse_repeated(map(str, self.notifications), "notification file", "notifications")
        if self.scheduler is not None and self.workers:
            raise broken("'workers' and 'scheduler' exclude each other", "workers")
        if any(part == self.output or part.is_relative_to(self.output) for part in self._inputs()):
            raise broken(f"output {self.output} holds an input", "output")
        if self.ledger is not None and self.ledger.is_relative_to(self.output):
            raise broken("the ledger lies beside the output, which can be made again", "ledger")
        for position, each in enumerate(self.catalogues):
            if isinstance(each, FolderCatalogue) and self.output.is_relative_to(each.path):
                rule = f"folder {each.path} holds the output, whose layers would pass for tiles"
                raise broken(rule, "catalogues", position, "path")
        return self

    def changed(self, **values: Any) -> Settings:
        """Return the settings with values the command line gives; the same rules hold.

        Raises SettingsError, as `load_settings` does.
        """
        try:
            return type(self).model_validate(dict(self) | values)
        except ValidationError as cause:
            rule = printable(cause.errors()[0]["msg"])
            raise SettingsError(f"{rule}, as the command line has it") from cause

    def _inputs(self) -> list[Path]:
        local = [each.path for each in self.catalogues if not isinstance(each, StacApiCatalogue)]
        return [self.agreement, *self.notifications, *local]


def load_settings(path: Path | str) -> Settings:
    """Return the run settings at `path`, every path resolved against the file's folder.

    No other file is opened. Raises SettingsError with file and line.
    """
    path = Path(path)
    document = read_yaml(path, error=SettingsError)
    context = {"folder": path.resolve().parent}
    return validated(Settings, document, file=path, error=SettingsError, context=context)
