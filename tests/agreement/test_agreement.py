import json
import pickle
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from pipeline.agreement import OBSERVABLES, canonical_bytes, canonical_digest, load_agreement
from pipeline.agreement.neighbours import line_distances
from pipeline.agreement.terms import Interval
from pipeline.errors import AgreementError, FairWitnessError
from tests.agreement.samples import FULL, KEYS, changed, collection, write

# The digest both sides would sign. It may change only with the document or the schema's version.
FULL_DIGEST = "b6b6b66ebed3d2a4e8799e9b31d4bb3edfb59e11ef814f3a95035ec92c6af6f9"


def refusal(folder, text, geometry=None):
    with pytest.raises(FairWitnessError) as caught:
        load_agreement(write(folder, text, geometry))
    return caught.value


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def test_every_field_arrives(tmp_path):
    agreement = load_agreement(write(tmp_path))
    town = agreement.site("town")
    assert agreement.warnings == ()
    assert agreement.standing == "none"  # nobody signed it
    assert [(zone.id, zone.kind) for zone in town.zones] == [
        ("pool", "motor-pool"),
        ("apron", "apron"),
    ]
    assert agreement.in_force == Interval(start=date(2022, 1, 1), end=date(2026, 12, 31))
    assert agreement.indicator("radar-excess").transit_exemption_days == 7
    assert agreement.baseline_for(agreement.indicator("radar-excess")).end == date(2023, 6, 30)
    assert agreement.baseline_for(agreement.indicator("hard-surface")) is agreement.baseline
    assert agreement.release["mediator"].required == 2
    assert agreement.parties[0].keys[0].valid_to == datetime(2027, 1, 1, tzinfo=UTC)
    assert town.local_time(datetime(2025, 7, 1, 12, tzinfo=UTC)).hour == 5


def test_indicators_apply_by_zone_kind_and_site(tmp_path):
    agreement = load_agreement(write(tmp_path, FULL.replace("    sites: [town]\n", "")))
    everywhere = ["hard-surface", "growth", "troops"]
    found = {
        zone.id: [each.id for each in agreement.indicators_for("town", zone)]
        for zone in agreement.site("town").zones
    }
    assert found == {"pool": ["radar-excess", *everywhere], "apron": everywhere}
    with pytest.raises(ValueError, match="no zone 'tower'"):
        agreement.indicators_for("town", "tower")
    with pytest.raises(ValueError, match="no site 'village'"):
        agreement.site("village")


def test_the_newest_declaration_up_to_a_day_counts(tmp_path):
    town = load_agreement(write(tmp_path)).site("town")

    def value(zone, day):
        found = town.last_declaration("hard-surface", zone, day)
        return found and found.value

    assert value("apron", date(2023, 12, 31)) is None
    assert value("apron", date(2024, 6, 1)) == 52000
    assert value("pool", date(2024, 6, 1)) is None
    assert value("pool", date(2025, 6, 1)) == 50000
    assert value("apron", date(2025, 6, 1)) == 50000


def test_a_rehearsal_is_stamped(tmp_path):
    text = FULL.replace("rehearsal: false", "rehearsal: true")
    assert load_agreement(write(tmp_path, text)).standing == "rehearsal"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (
            "    declared_by: north",
            "    declared_bi: north",
            "sites[0]: unknown key 'declared_bi'; did you mean 'declared_by'?",
        ),
        ("title: Agree", "tittle: Agree", "unknown key 'tittle'; did you mean 'title'?"),
        ("in_force: {from", "in_force: {start", "in_force: unknown key 'start'"),
        ("id: full-2025\n", "id: full-2025\nid: other\n", "duplicate key 'id'"),
        ("value: 1.5, comp", "value: .nan, comp", ".nan is not a finite number"),
        (
            "value: 1.5, comp",
            "value: true, comp",
            "value: input should be a valid number, got True",
        ),
        (
            "value: 1.5, comp",
            'value: "1.5", comp',
            "value: input should be a valid number, got '1.5'",
        ),
        ("value: 1.5, comp", "value: 1e13, comp", "less than or equal to 1000000000000, got 1"),
        ("value: 1.5, comp", "value: -1.5, comp", "a deviation threshold is a size"),
        (
            'value: 1.5, comparator: ">="',
            'value: 1.5, comparator: "<"',
            "a deviation threshold is a size",
        ),
        (
            'value: 9000, comparator: ">"',
            'value: 9000, comparator: "<="',
            "direction 'more' contradicts a value that counts when it is <= 9000",
        ),
        (
            "value: 0.1, reference: last-declaration",
            "value: 0.1",
            "'reference' belongs to a relative",
        ),
        ("value: 1000, per_days: 30", "value: 1000", "'per_days' belongs to a rate"),
        ("{k: 2, n: 3, w", "{k: 4, n: 3, w", "k-of-n needs k at most n, got 4 of 3"),
        ("{k: 2, n: 3, w", "{k: 2.5, n: 3, w", "k: input should be a valid integer, got 2.5"),
        ("duration_min_days: 5", "duration_min_days: 50", "duration_min_days 50 cannot be reached"),
        (
            "rehearsal: false",
            "rehearsal: no",
            "rehearsal: input should be a valid boolean, got 'no'",
        ),
        ("rehearsal: false", "rehearsal: 0", "rehearsal: input should be a valid boolean, got 0"),
        (
            "observable: radar_excess",
            "observable: tanks",
            "observable: input should be 'radar_excess'",
        ),
        ("    unit: dB", "    unit: m2", "unit of radar_excess is 'dB', got 'm2'"),
        ("sensors: [sentinel-1-rtc]", "sensors: []", "at least one sensor is needed"),
        ("    observability: not_observable", "    observability: direct", "belong together"),
        (
            "zone_kinds: [motor-pool]",
            "zone_kinds: [carpark]",
            "zone_kinds[0]: input should be 'apron'",
        ),
        ("    sites: [town]", "    sites: [twon]", "no site 'twon'; did you mean 'town'?"),
        ("aggregate_over: {sites: [town]", "aggregate_over: {sites: [city]", "no site 'city'"),
        ("declared_by: north", "declared_by: envoy", "no party 'envoy'"),
        ("indicator: hard-surface, zone", "indicator: soft, zone", "no indicator 'soft'"),
        ("zone: apron, value", "zone: tower, value", "site town has no zone 'tower'"),
        ("id: south\n", "id: North\n", "party 'North' stands twice"),
        (f"public: {KEYS[1]}", f"public: {KEYS[0]}", "key south-1 repeats public of key north-1"),
        (f"public: {KEYS[1]}", "public: AAAA", "32 bytes in canonical base64"),
        (f"public: {KEYS[1]}", f"public: {KEYS[1][:-2]}J=", "32 bytes in canonical base64"),
        (
            "        valid_to: 2027-01-01T00:00:00Z",
            "        valid_to: 2021-01-01T00:00:00Z",
            "is not after valid_from",
        ),
        ("        valid_to: 2027-01-01T00:00:00Z", "        valid_to: 2027-01-01", "valid_to: "),
        ("role: observer", "role: mediator", "at most one mediator"),
        (
            "in_force: {from: 2022-01-01, to: 2026",
            "in_force: {from: 2022-01-01, to: 2020",
            "'to' 2020-12-31 lies before",
        ),
        (
            "    valid: {from: 2022-01-01, to: 2026",
            "    valid: {from: 2012-01-01, to: 2016",
            "is valid on no day",
        ),
        (
            "  to: 2023-12-31\n  refit_dates: [2025-01-01, 2026-01-01]",
            "  to: 2026-12-31",
            "no day in force is left to monitor",
        ),
        ("[2025-01-01, 2026-01-01]", "[2026-01-01, 2025-01-01]", "does not come after 2026-01-01"),
        (
            "[2025-01-01, 2026-01-01]",
            "[2025-01-01, 2027-01-01]",
            "refit date 2027-01-01 is not in force",
        ),
        ("America/Los_Angeles", "America/Los_Angles", "no time zone 'America/Los_Angles'"),
        ("America/Los_Angeles", "../etc/passwd", "no time zone '../etc/passwd'"),
        ("required: 2}\n  mediator", "required: 3}\n  mediator", "3 of 2 authorities cannot sign"),
        (
            "authorities: [north, south, envoy]",
            "authorities: [north, watcher]",
            "no party 'watcher'",
        ),
        ("  joint: {", "  everybody: {", "release.everybody"),
        ("term_scale: phia", "term_scale: words", "term_scale: input should be 'icd203'"),
        ("alarms_per_site_year: 0.5", "alarms_per_site_year: 0", "greater than 0, got 0"),
        (
            "permitted_use: For the purposes of the agreement only.",
            "permitted_use: ''",
            "at least 1 character",
        ),
        ("sites/town.geojson", "/etc/passwd", "must be a relative path"),
        ("sites/town.geojson", "C:/town.geojson", "must be a relative path"),
        ("sites/town.geojson", "sites\\town.geojson", "must be a relative path"),
        ("sites/town.geojson", "../town.geojson", "leads outside the agreement's folder"),
        ("sites/town.geojson", "sites/city.geojson", "no such file"),
        ("geometry: sites/town.geojson", "geometry: [1]", "geometry"),
        (
            "schema: fairwitness/agreement/1",
            "schema: fairwitness/agreement/2",
            "schema: input should be",
        ),
    ],
)
def test_a_broken_rule_is_one_line_with_file_and_line(tmp_path, old, new, rule):
    assert FULL.count(old) >= 1
    text = FULL.replace(old, new, 1)
    found = refusal(tmp_path, text)
    message = str(found)
    assert isinstance(found, AgreementError)
    assert rule in message
    assert message.isprintable()
    assert message.startswith("FW120: ")
    pairs = zip(text.splitlines(), FULL.splitlines(), strict=False)
    first_changed = next(i for i, (now, before) in enumerate(pairs, start=1) if now != before)
    # What the whole list of parties breaks is said at the list.
    whole = "at most one mediator" in rule
    assert found.line == (line_of(text, "parties:") if whole else first_changed)
    assert found.file.endswith("agreement.yaml")


def test_a_missing_key_is_named_with_the_line_of_its_mapping(tmp_path):
    text = FULL.replace(
        "clock: {reply_hours: 48, meeting_hours: 48, consequence: the parties meet}",
        "clock: {reply_hours: 48}",
    )
    found = refusal(tmp_path, text)
    assert found.rule == "'clock.meeting_hours' is missing"
    assert found.line == line_of(text, "clock:")


def test_the_site_of_a_broken_rule_is_named(tmp_path):
    found = refusal(tmp_path, FULL.replace("    name: Town", "    name: 5"))
    assert found.site == "town"
    assert found.rule == "sites[0].name: input should be a valid string, got 5"


def test_several_broken_rules_are_counted_and_the_first_line_leads(tmp_path):
    text = FULL.replace("term_scale: phia", "term_scale: x").replace(
        "title: Agreement with every field", "title: 3"
    )
    found = refusal(tmp_path, text)
    assert found.line == line_of(text, "title: 3")
    assert found.rule.endswith("(and 1 more)")


def test_a_list_is_no_agreement(tmp_path):
    assert "mapping" in refusal(tmp_path, "- a\n").rule


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    outside = tmp_path / "outside.geojson"
    outside.write_text(json.dumps(collection()))
    path = write(tmp_path / "in")
    link = tmp_path / "in" / "sites" / "town.geojson"
    link.unlink()
    link.symlink_to(outside)
    with pytest.raises(AgreementError, match="leads outside"):
        load_agreement(path)


def test_inline_geometry_is_the_same_agreement(tmp_path):
    inline = FULL.replace("geometry: sites/town.geojson", f"geometry: {json.dumps(collection())}")
    assert load_agreement(write(tmp_path, inline)).sha256 == FULL_DIGEST


def test_the_digest_is_pinned(tmp_path):
    assert load_agreement(write(tmp_path)).sha256 == FULL_DIGEST


def test_the_canonical_form_is_an_agreement_with_the_same_digest(tmp_path):
    agreement = load_agreement(write(tmp_path))
    path = tmp_path / "canonical.json"
    path.write_bytes(canonical_bytes(agreement))
    again = load_agreement(path)
    assert again == agreement
    assert again.sha256 == agreement.sha256
    assert pickle.loads(pickle.dumps(agreement)).sha256 == agreement.sha256  # noqa: S301


def test_the_digest_ignores_names_places_comments_and_spelling(tmp_path):
    text = "# a comment\n" + FULL.replace("value: 1.5,", "value: 15.0e-1,").replace(
        "sites/town", "sites/./town"
    )
    moved = write(tmp_path / "elsewhere", text.replace("\n", "\r\n"), name="b.yml")
    assert load_agreement(moved).sha256 == FULL_DIGEST


def test_the_digest_ignores_written_out_defaults(tmp_path):
    text = FULL.replace('method: {version: "1"}', 'method: {version: "1", minimum_area_m2: 0}')
    assert text != FULL
    assert load_agreement(write(tmp_path, text)).sha256 == FULL_DIGEST


@settings(max_examples=5, derandomize=True, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_digest_ignores_the_order_of_keys(tmp_path_factory, chance):
    folder = tmp_path_factory.mktemp("shuffled")
    document = json.loads(canonical_bytes(load_agreement(write(folder))))

    def shuffled(value):
        if isinstance(value, dict):
            keys = list(value)
            chance.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(each) for each in value] if isinstance(value, list) else value

    path = folder / f"{chance.randrange(10**9)}.yaml"
    path.write_text(json.dumps(shuffled(document), indent=chance.choice([None, 1, 4])))
    assert load_agreement(path).sha256 == FULL_DIGEST


def numbers(value, path=()):
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from numbers(value[key], (*path, key))
    elif isinstance(value, float | int) and not isinstance(value, bool):
        yield path


def test_the_digest_changes_with_every_number_and_vertex(tmp_path):
    document = json.loads(canonical_bytes(load_agreement(write(tmp_path))))
    places = list(numbers(document))
    assert len(places) > 100
    digests = {canonical_digest(document)}
    for place in places:
        nudged = changed(place, lambda old: old + 1e-7, document)
        digests.add(canonical_digest(nudged))
    assert len(digests) == len(places) + 1


def test_the_digest_sees_a_centimetre_and_nothing_finer(tmp_path):
    place = ("features", 1, "geometry", "coordinates", 0, 1, 0)
    finer = changed(place, lambda old: old + 4e-9)
    coarser = changed(place, lambda old: old + 1e-7)
    assert load_agreement(write(tmp_path, geometry=finer)).sha256 == FULL_DIGEST
    assert load_agreement(write(tmp_path, geometry=coarser)).sha256 != FULL_DIGEST


def test_what_has_no_canonical_form_is_refused():
    for odd in (float("nan"), float("inf"), 2**53 + 1):
        with pytest.raises(ValueError, match="no canonical form"):
            canonical_digest({"a": odd})
    assert canonical_bytes({"b": -0.0, "a": 5.0}) == b'{"a":5,"b":0}'


def test_what_is_allowed_and_odd_is_said(tmp_path):
    text = FULL.replace("zone_kinds: [motor-pool]", "zone_kinds: [motor-pool, pier]")
    text = text.replace("minimum_distance_km: 5", "minimum_distance_km: 30")
    agreement = load_agreement(write(tmp_path, text))
    assert agreement.warnings == (
        "site town, zone apron: 19.95 km from line border, below 30 km",
        "indicator radar-excess: no declared zone is of kind pier",
    )


def test_a_single_party_binds_nobody_else(tmp_path):
    start, end = FULL.index("  - id: south"), FULL.index("  - {id: envoy")
    text = (
        (FULL[:start] + FULL[end:])
        .replace("[north, south]", "[north, envoy]")
        .replace("south, ", "")
    )
    assert load_agreement(write(tmp_path, text)).warnings == (
        "only one party: this binds nobody else",
    )


def test_distances_to_a_line_are_geodesic(tmp_path):
    (found,) = line_distances(load_agreement(write(tmp_path)))
    assert (found.line, found.site, found.zone, found.minimum_km) == ("border", "town", "apron", 5)
    # The shortest way from the apron's western edge to a meridian, found by brute force.
    geod = Geod(ellps="WGS84")
    brute = min(
        geod.inv(-117.984, lat, -118.2, lat + step / 1e4)[2]
        for lat in (34.01, 34.012, 34.014)
        for step in range(-40, 41)
    )
    assert found.distance_km == pytest.approx(brute / 1000, rel=1e-5)  # the brute grid is 11 m


def test_models_refuse_changes(tmp_path):
    agreement = load_agreement(write(tmp_path))
    with pytest.raises(ValueError, match="frozen"):
        agreement.id = "other"


def test_every_observable_has_a_unit_and_only_one_has_none():
    assert [name for name, each in OBSERVABLES.items() if not each.unit] == ["none"]


def test_every_shipped_agreement_loads():
    folder = Path(__file__).parents[2] / "configs" / "agreements"
    found = {path.name: load_agreement(path) for path in sorted(folder.glob("*.yaml"))}
    assert "demo.yaml" in found
    assert found["demo.yaml"].standing == "rehearsal"


def test_importing_the_package_brings_in_nothing_heavy():
    heavy = "numpy shapely pyproj pydantic ruamel rasterio scipy xarray dask"
    code = (
        "import sys, pipeline.agreement\n"
        f"assert not [m for m in '{heavy}'.split() if m in sys.modules]\n"
        "import pipeline.agreement.model, pipeline.agreement.settings, pipeline.agreement.loading\n"
        "heavy = 'numpy shapely pyproj rasterio scipy xarray dask'\n"
        "assert not [m for m in heavy.split() if m in sys.modules]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


_ODD = [None, True, False, -1, 0, 1.5, 2**52, "", "x", "2025-01-01", [], {}, [[]], [None], {"a": 1}]


@settings(max_examples=30, derandomize=True, deadline=None)
@given(data=st.data())
def test_any_value_put_anywhere_is_read_or_refused_in_one_line(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "anywhere"
    path = folder / "odd.yaml"
    if not folder.exists():
        write(folder)
    document = json.loads(canonical_bytes(load_agreement(folder / "agreement.yaml")))
    places = list(everything(document))
    place = data.draw(st.sampled_from(places))
    path.write_text(json.dumps(changed(place, data.draw(st.sampled_from(_ODD)), document)))
    try:
        load_agreement(path)
    except FairWitnessError as refusal:
        assert str(refusal).isprintable()  # noqa: PT017 - some of the changes are allowed
        assert refusal.exit_code == 2  # noqa: PT017


def everything(value, path=()):
    if path:
        yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from everything(value[key], (*path, key))
