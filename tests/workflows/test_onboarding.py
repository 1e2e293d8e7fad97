"""``site new``: drafts that an agreement accepts, and a sheet that says what it does not know."""

from __future__ import annotations

import json
import math
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from pipeline import cli
from pipeline.agreement import load_agreement, load_settings
from pipeline.agreement.geometry import area_m2, plane_at
from pipeline.agreement.indicators import OBSERVABLES
from pipeline.assessment.observables import method_for
from pipeline.errors import FairWitnessError, GeometryError, UsageError
from pipeline.imagery.admission.records import record_path
from pipeline.imagery.scene import Scene
from pipeline.imagery.sensors import SENSORS
from pipeline.store.atomic import write_json
from pipeline.store.chips import ChipStore
from pipeline.workflows.onboarding import new_site
from pipeline.workflows.onboarding.allowances import allowance_sheet
from pipeline.workflows.onboarding.areas import datum_named
from pipeline.workflows.onboarding.draft import draft_site, geojson_bytes
from pipeline.workflows.onboarding.elevation import Elevation
from pipeline.workflows.onboarding.floors import floors_of
from pipeline.workflows.onboarding.history import _tracks, history_of
from pipeline.workflows.onboarding.light import local_solar_hour, months_of_light
from pipeline.workflows.onboarding.masks import AdmittedMasks
from pipeline.workflows.onboarding.terrain import Terrain, layover, look_azimuth, shadow
from tests.agreement.samples import FULL, box, feature, polygon

PROJECT = Path(__file__).resolve().parents[2]
TILES = PROJECT / "sample_tiles" / "sentinel-1-rtc" / "catalog.json"
TOWN = PROJECT / "configs" / "agreements" / "sites" / "town.geojson"
CORNERS = "34.44, -119.77; 34.44, -119.75; 34.455, -119.75; 34.455, -119.77"
DEPOT = "depot=depot=34.445, -119.765; 34.445, -119.76; 34.45, -119.76; 34.45, -119.765"


def same_place(one, other, metres):
    plane = plane_at(one)
    return plane.laid(one).hausdorff_distance(plane.laid(other)) < metres


# ---- polygons as people write them


@pytest.mark.parametrize(
    ("text", "form", "metres"),
    [
        (CORNERS + ";", "degrees", 0.02),  # rounding to 7 decimals
        ("34.44N 119.77W; 34.44N 119.75W; 34.455N 119.75W; 34.455N 119.77W", "degrees", 0.02),
        (
            """34°26'24"N 119°46'12"W; 34°26'24"N 119°45'00"W; 34°27'18"N 119°45'00"W;
            34°27'18"N 119°46'12"W""", "dms", 0.02,
        ),
        # 1 m references, to the south-west corner of each metre: 1.5 m at most
        ("11SKU4548614425; 11SKU4732514374; 11SKU4737016038; 11SKU4553216089", "mgrs", 1.5),
    ],
)  # fmt: skip
def test_notations_name_the_same_ground(text, form, metres):
    draft = draft_site(text, site_id="kilo")
    assert draft.form == form
    assert same_place(draft.polygon, draft_site(CORNERS, site_id="kilo").polygon, metres)


def test_a_file_may_hold_a_bare_polygon_a_feature_or_a_collection(tmp_path):
    shape = polygon(box(-119.77, 34.44, -119.75, 34.455))
    forms = {
        "bare": shape,
        "feature": {"type": "Feature", "properties": {"id": 7, "owner": None}, "geometry": shape},
        "collection": {"type": "FeatureCollection", "features": [feature("site", shape)]},
    }
    drafts = []
    for name, document in forms.items():
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps(document))
        drafts.append(draft_site(str(path), site_id="kilo"))
    assert len({geojson_bytes(draft) for draft in drafts}) == 1
    assert drafts[0].polygon.equals(draft_site(CORNERS, site_id="kilo").polygon)


def test_a_datum_moves_every_corner_and_the_metres_are_said():
    moscow = "55.75 N 37.60 E; 55.75 N 37.63 E; 55.77 N 37.63 E"
    plain, sk42 = (draft_site(moscow, site_id="m", datum=datum) for datum in ("WGS84", "sk-42"))
    moved = np.hypot(
        *(
            plane_at(plain.polygon)._metres(np.array([sk42.polygon.exterior.coords[0]]))
            - plane_at(plain.polygon)._metres(np.array([plain.polygon.exterior.coords[0]]))
        ).T
    )[0]
    # The datum shift at Moscow is near 120 m; the drafts differ by what is said, to rounding.
    assert 100 < moved < 140
    assert abs(sk42.shifts_m[0] - moved) < 0.2
    assert f"SK-42 to WGS 84: corners moved by {min(sk42.shifts_m):.1f} m" in sk42.notes[0]
    assert f"misplaced by {moved:.0f} m if they are SK-42" in plain.notes[0]


def test_a_files_numbers_are_moved_too(tmp_path):
    path = tmp_path / "beijing.geojson"
    path.write_text(json.dumps(polygon(box(116.38, 39.90, 116.40, 39.915))))
    draft = draft_site(str(path), site_id="b", datum="GCJ-02")
    # In Beijing GCJ-02 lies 500 to 600 m off.
    assert 400 < min(draft.shifts_m) <= max(draft.shifts_m) < 700
    assert draft.polygon.bounds[0] < 116.38 - 0.004


@pytest.mark.parametrize(
    ("text", "options", "rule"),
    [
        ("nothing", {}, "neither a GeoJSON file nor three corners"),
        ("34,-119; 35,-119", {}, "neither a GeoJSON file nor three corners"),
        ("34.44,-119.77; 34.455,-119.75;", {}, "three corners or more are needed, got 2"),
        ("34.44,-119.77; 34.455,-119.75; there", {}, "corner 3: not a coordinate: ' there'"),
        ("34.44,-119.77; 34.455,-119.75; 34.44,-119.75; 34.455,-119.77", {}, "Self-intersection"),
        ("34.44,-119.77; 34.44,-119.77; 34.44,-119.77", {}, "three corners or more"),
        ("34.44,-119.77; 34.44,-119.76; 34.44,-119.75", {}, "not a valid polygon"),
        ("0,0; 1,1; 0,1", {}, "156.9 km across, more than 16 km"),
        ("0,0; 0,0.07; 0.1,0.07; 0.1,0", {}, "km2, more than 65 km2"),
        ("34,179.99; 34,-179.99; 34.01,179.99", {}, "antimeridian unsplit"),
        ("95,10; 95,11; 96,11", {}, "latitude beyond 90"),
        (CORNERS, {"site_id": "../x"}, "--id '../x': an id has"),
        (CORNERS, {"datum": "NAD27"}, "unknown datum 'NAD27'"),
        (CORNERS, {"datum": "GCJ-02"}, "GCJ-02 is not defined at"),
        (CORNERS, {"zones": ["depot"]}, "ID=KIND=POLYGON"),
        (CORNERS, {"zones": [DEPOT.replace("=depot=", "=bunker=")]}, "kind 'bunker' is none of"),
        (CORNERS, {"zones": [DEPOT.replace("depot=", "/=", 1)]}, "--zone '/'"),
        (CORNERS, {"zones": [DEPOT, DEPOT]}, "zone 'depot' stands twice"),
        (CORNERS, {"zones": [DEPOT.replace("34.45,", "34.46,")]}, "lies outside the site by"),
        (
            CORNERS,
            {"zones": ["z=depot=34.445,-119.765; 34.45,-119.76; 34.445,-119.76; 34.45,-119.765"]},
            "zone z is not a valid polygon",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_declared_is_refused_in_one_line(text, options, rule, tmp_path):
    with pytest.raises(FairWitnessError) as caught:
        new_site(text, out=tmp_path / "out", **{"site_id": "kilo", **options})
    assert rule in str(caught.value)
    assert str(caught.value).isprintable()
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        ({"type": "Point", "coordinates": [0, 0]}, "must be Polygon or MultiPolygon, got Point"),
        ([], "geometry must be Polygon or MultiPolygon"),
        ({"type": "FeatureCollection", "features": []}, "'features' must be a list of 1 to"),
        (
            {"type": "FeatureCollection", "features": [
                feature("site", polygon(box(0, 0, 0.01, 0.01))),
                feature("site", polygon(box(0, 0, 0.01, 0.01)))]},
            "one feature of role site is needed, got 2",
        ),
        (
            {"type": "FeatureCollection", "features": [feature("area", polygon(box(0, 0, 1, 1)))]},
            "one feature of role site is needed",
        ),
        (
            {"type": "FeatureCollection", "features": [
                feature("site", polygon(box(0, 0, 0.01, 0.01))),
                feature("border", polygon(box(0, 0, 0.01, 0.01)))]},
            "role 'border' is none of",
        ),
        (
            {**polygon(box(0, 0, 0.01, 0.01)),
             "crs": {"type": "name", "properties": {"name": "EPSG:4284"}}},
            "crs 'EPSG:4284' is refused",
        ),
    ],
)  # fmt: skip
def test_files_that_hold_no_site_are_refused(document, rule, tmp_path):
    path = tmp_path / "site.geojson"
    path.write_text(json.dumps(document))
    with pytest.raises(GeometryError) as caught:
        draft_site(str(path), site_id="kilo")
    assert rule in str(caught.value)


@given(st.text(max_size=200))
@settings(max_examples=100, derandomize=True, deadline=None)
def test_any_text_is_a_site_or_refused_in_one_line(text):
    with suppress(UsageError, GeometryError):  # and nothing else is raised
        assert draft_site(text, site_id="kilo").polygon.is_valid


def test_datums_are_known_by_their_usual_spellings():
    spelled = {"WGS 84", "wgs-84", "SK42", "sk-42", "Pulkovo 1942", "GCJ02"}
    assert {datum_named(text) for text in spelled} == {"WGS 84", "SK-42", "GCJ-02"}


# ---- the proposed ring


def accepted(draft, folder):
    """Load the draft through an agreement: what anybody who signs it will do."""
    folder.mkdir()
    (folder / "sites").mkdir()
    (folder / "sites" / "town.geojson").write_bytes(geojson_bytes(draft))
    text = FULL.replace("America/Los_Angeles", "UTC").replace("zone: apron, ", "")
    text = text.replace("zone_kinds: [motor-pool]", "zone_kinds: []")
    (folder / "agreement.yaml").write_text(text, encoding="utf-8")
    return load_agreement(folder / "agreement.yaml").site("town")


@pytest.mark.parametrize(
    ("west", "south", "width", "height", "zone"),
    [
        (-119.77, 34.44, 0.02, 0.015, (0.2, 0.2, 0.4, 0.4)),
        (24.0, 78.2, 0.05, 0.01, (0.1, 0.1, 0.9, 0.9)),  # far north, most of it a zone
        (179.97, -17.1, 0.0299, 0.02, (0.5, 0.1, 0.99, 0.9)),  # the ring crosses the antimeridian
        (-71.0, 5.0, 0.07, 0.065, (0.0, 0.0, 0.2, 0.8)),  # at the limit: ground inside is taken
        (18.4, -34.1, 0.002, 0.002, (0.0, 0.0, 1.0, 1.0)),  # 4 ha, all of it one zone
    ],
)
def test_the_proposed_ring_is_one_an_agreement_accepts(west, south, width, height, zone, tmp_path):
    def corners(x0, y0, x1, y1):
        return ";".join(
            f"{south + y * height:.7f},{west + x * width:.7f}"
            for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        )

    draft = draft_site(corners(0, 0, 1, 1), site_id="k", zones=[f"z=depot={corners(*zone)}"])
    site = accepted(draft, tmp_path / "trial")
    assert area_m2(site.context_ring) >= 5 * site.zones[0].area_m2
    assert area_m2(site.polygon.union(site.context_ring)) <= 65e6
    assert site.context_ring.intersection(site.zones[0].polygon).area == 0
    # Nothing that stands in a zone reaches into it: 60 m, less 5 cm of rounding.
    plane = plane_at(site.polygon)
    gap = plane.laid(site.context_ring).distance(plane.laid(site.zones[0].polygon))
    assert gap >= 59.95


def test_without_zones_the_ring_suits_any_zones_inside_the_site():
    draft = draft_site(CORNERS, site_id="kilo")
    assert area_m2(draft.context_ring) >= 5 * area_m2(draft.polygon)
    assert not draft.context_ring.intersects(draft.polygon)
    assert any("no zone yet" in note for note in draft.notes)


def test_zones_too_large_for_any_ring_are_refused():
    corners = "0,0; 0,0.071; 0.071,0.071; 0.071,0"  # 62 km2, all of it a zone
    with pytest.raises(GeometryError, match="no context ring of 5 times"):
        draft_site(corners, site_id="k", zones=[f"z=depot={corners}"])
    assert draft_site(corners, site_id="k").context_ring is None  # but as a site it may be drafted


def test_a_given_ring_is_kept_and_held_to_the_same_rules(tmp_path):
    draft = draft_site(str(TOWN), site_id="town")
    assert not draft.ring_proposed
    given_site = load_agreement(PROJECT / "configs" / "agreements" / "demo.yaml").site("town")
    assert draft.context_ring.equals(given_site.context_ring)
    document = json.loads(TOWN.read_text())
    document["features"][-1]["geometry"] = document["features"][0]["geometry"]
    path = tmp_path / "town.geojson"
    path.write_text(json.dumps(document))
    with pytest.raises(GeometryError, match="context_ring covers"):
        draft_site(str(path), site_id="town")


# ---- sun


def test_the_sun_stands_as_high_as_geometry_says():
    # At noon of the solstices: 90° minus latitude plus or minus 23.44°; the model is good to .5°.
    for lat in (0.0, 35.0, 60.0):
        noon = months_of_light(lon=20.0, lat=lat, local_hour=12.0)
        if lat > 23.44:  # nearer to the equator the sun stands north of the zenith in June
            assert noon[5].highest_deg == pytest.approx(90 - (lat - 23.44), abs=0.5)
        assert noon[11].lowest_deg == pytest.approx(90 - lat - 23.44, abs=0.5)


def test_longitude_does_not_matter_and_hemispheres_mirror():
    east, west = (months_of_light(lon=lon, lat=60.0, local_hour=10.5) for lon in (170.0, -100.0))
    assert [m.middle_deg for m in east] == pytest.approx([m.middle_deg for m in west], abs=0.5)
    south = months_of_light(lon=0.0, lat=-60.0, local_hour=13.5)
    # Half a year on, across the equator and across noon; the orbit's ellipse costs up to 2°.
    mirrored = [south[(n + 6) % 12].middle_deg for n in range(12)]
    assert [m.middle_deg for m in east] == pytest.approx(mirrored, abs=4)


def test_dark_and_low_months_are_named():
    svalbard = months_of_light(lon=15.6, lat=78.2, local_hour=10.5)
    assert [month.word for month in svalbard[:3]] == ["dark", "dark", "low"]
    assert svalbard[11].polar_night_days == 31
    assert svalbard[5].word == "day"
    # Polar night at 78.2° N lasts from 26 October to 16 February, within a few days.
    assert sum(month.polar_night_days for month in svalbard) == pytest.approx(113, abs=4)
    tropics = months_of_light(lon=0.0, lat=0.0, local_hour=10.5)
    assert {(month.word, month.polar_night_days) for month in tropics} == {("day", 0)}


def test_local_solar_hours_turn_with_longitude():
    moment = datetime(2024, 3, 1, 1, 59, tzinfo=UTC)
    assert local_solar_hour(moment, -119.76) == pytest.approx(18.0, abs=0.01)
    assert local_solar_hour(moment, 180.0) == pytest.approx(13.983, abs=0.001)
    with pytest.raises(ValueError, match="24"):
        months_of_light(lon=0, lat=0, local_hour=24.0)


# ---- history


def scene(number, *, days, sensor="sentinel-2-l2a", track="R081", cloud=None, datatake=None):
    acquired = datetime(2024, 1, 1, 10, tzinfo=UTC) + timedelta(days=days)
    return Scene(
        id=f"s{number}", sensor=sensor, acquired=acquired, track=track, tile="25TEN",
        datatake=datatake or f"take-{number}", provider="test", assets={},
        cloud_cover_percent=cloud,
    )  # fmt: skip


def tracks_of(scenes, folder, site=None):
    site = site or shapely.box(0, 0, 0.01, 0.01)
    return _tracks(scenes, SENSORS, AdmittedMasks(folder / "none", site))


@pytest.fixture
def real_looks(tmp_path):
    """Settings that name the sample tiles, and an agreement that is not there yet."""
    return write_settings(tmp_path, f"[{{kind: stac, path: '{TILES}'}}]")


def write_settings(folder, catalogues):
    path = folder / "settings.yaml"
    lead = "schema: fairwitness/settings/1\nagreement: nowhere.yaml\noutput: out\ncatalogues: "
    path.write_text(lead + catalogues + "\n")
    return path


def test_the_catalogues_history_is_counted_on_real_items(real_looks):
    loaded = load_settings(real_looks)
    draft = draft_site(str(TOWN), site_id="new")
    history = history_of(loaded, SENSORS, window=draft.window, site=draft.polygon)
    (track,) = history.tracks
    assert (track.sensor, track.track, len(track.looks)) == ("sentinel-1-rtc", "T137-ascending", 21)
    assert track.tiles == ("T137-292319-IW2",)
    assert {look.basis for look in track.looks} == {"radar"}
    # 2021-11-19 to 2025-01-02 is 1140 days; one season was published only every year.
    assert track.found_a_month == pytest.approx(20 / 1140 * 365.25 / 12, rel=1e-3)
    assert track.longest_gap_days == pytest.approx(372, abs=1)
    assert history.elsewhere == 21
    months = track.months()
    assert months[6].found == 0.0
    assert sum(m.found for m in months) == pytest.approx(21 / 1140 * 365.25, rel=0.3)


def test_usable_looks_follow_the_stated_cloud_and_else_are_not_known(tmp_path):
    clear, cloudy = (scene(n, days=5 * n, cloud=n % 2 * 100.0) for n in range(2))
    (track,) = tracks_of([clear, cloudy, scene(2, days=10)], tmp_path)
    assert [look.usable for look in track.looks] == [1.0, 0.0, None]
    assert track.usable_share == 0.5
    (unknown,) = tracks_of([scene(n, days=5 * n) for n in range(6)], tmp_path)
    assert unknown.usable_share is None
    assert unknown.months()[0].usable is None
    assert unknown.months()[5].found is None  # beyond the period: nothing is said
    (radar,) = tracks_of([scene(0, days=0, sensor="sentinel-1-rtc", cloud=90.0)], tmp_path)
    assert (radar.looks[0].usable, radar.found_a_month) == (1.0, None)


def test_tiles_of_one_datatake_are_one_look_and_order_does_not_matter(tmp_path):
    scenes = [scene(n, days=n // 2, cloud=10.0 * n, datatake=f"t{n // 2}") for n in range(6)]
    (track,) = tracks_of(scenes, tmp_path)
    assert len(track.looks) == 3
    assert track.looks[0].usable == pytest.approx(0.95)
    assert tracks_of(scenes[::-1], tmp_path) == (track,)


def admit_mask(folder, look, classes, *, west=0.0, asked_site="elsewhere"):
    """Keep a scene-classification chip of 20 x 20 pixels of 0.001°, and its record."""
    store = ChipStore(folder / ".state" / "chips")
    transform = from_origin(west, 0.02, 0.001, 0.001)
    wkt = rasterio.crs.CRS.from_epsg(4326).to_wkt()
    digest = store.put(classes[None].astype("uint8"), transform, wkt, None, {})
    facts = {"size": 1, "sha256": digest, "chip_sha256": digest, "notes": []}
    record = {"schema": "fairwitness/admission/2", "asked": {}, "found": {"mask": facts}}
    write_json(record_path(store.root, look, asked_site), record)
    return store, digest


def test_admitted_masks_win_over_stated_cloud_and_know_snow(tmp_path):
    site = shapely.box(0.0, 0.0, 0.02, 0.02)
    looks = [scene(n, days=10 * n, cloud=0.0) for n in range(3)]
    half = np.full((20, 20), 4)
    half[:10] = 11  # snow; its dilation of 20 m is less than a pixel
    admit_mask(tmp_path, looks[0], half)
    admit_mask(tmp_path, looks[1], np.full((20, 20), 9))  # all cloud
    admit_mask(tmp_path, looks[2], np.full((20, 20), 4), west=0.01)  # half the site only
    (track,) = _tracks(looks, SENSORS, AdmittedMasks(tmp_path, site))
    assert [look.basis for look in track.looks] == ["mask", "mask", "cloud cover"]
    # Pixels are cut exactly at the site's edge; both halves hold 200 of them.
    assert track.looks[0].usable == pytest.approx(0.5, abs=0.01)
    assert track.looks[0].snow == pytest.approx(0.5, abs=0.01)
    assert (track.looks[1].usable, track.looks[1].snow) == (0.0, None)
    assert track.months()[0].snow == pytest.approx(0.5, abs=0.01)


def test_a_damaged_chip_or_record_is_as_good_as_none(tmp_path):
    site = shapely.box(0.0, 0.0, 0.02, 0.02)
    look = scene(0, days=0, cloud=30.0)
    store, digest = admit_mask(tmp_path, look, np.full((20, 20), 9))
    path = store.path(digest)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert AdmittedMasks(tmp_path, site).seen([look], SENSORS[look.sensor]) is None
    record_path(store.root, look, "elsewhere").write_text("{}")
    assert AdmittedMasks(tmp_path, site).seen([look], SENSORS[look.sensor]) is None


# ---- terrain


def line_of(*heights):
    return Terrain(np.array([heights], float), 10.0)


def test_a_wall_lays_itself_over_and_hides_as_far_as_trigonometry_says():
    heights = np.zeros((1, 400))
    heights[0, 200] = 80.0
    for angle in (30.0, 45.0):
        near = np.flatnonzero(layover(Terrain(heights, 10.0), angle)[0])
        far = np.flatnonzero(shadow(Terrain(heights, 10.0), angle)[0])
        # Height over tan θ before the wall, height times tan θ behind it; to one node.
        assert near.min() * 10 == pytest.approx(2000 - 80 / math.tan(math.radians(angle)), abs=10)
        assert near.max() == 200
        assert far.max() * 10 == pytest.approx(2000 + 80 * math.tan(math.radians(angle)), abs=10)
        assert far.min() == 201


@pytest.mark.parametrize(
    ("slope_deg", "laid", "hidden"),
    [(0, False, False), (38, False, False), (42, True, False), (-48, False, False),
     (-52, False, True)],
)  # fmt: skip
def test_slopes_are_laid_over_beyond_the_incidence_and_hidden_beyond_its_complement(
    slope_deg, laid, hidden
):
    slope = Terrain(np.arange(50.0)[None] * 10 * math.tan(math.radians(slope_deg)), 10.0)
    assert layover(slope, 40.0).all() == laid == layover(slope, 40.0).any()
    assert shadow(slope, 40.0)[0, 1:].all() == hidden == shadow(slope, 40.0).any()


@given(st.lists(st.floats(0, 300) | st.just(math.nan), min_size=2, max_size=30), st.floats(20, 60))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_terrain_agrees_with_the_definition_written_out(heights, angle):
    sin, cos = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    slant = [n * 10 * sin - z * cos for n, z in enumerate(heights)]
    across = [n * 10 * cos + z * sin for n, z in enumerate(heights)]
    count = range(len(heights))
    laid = [any(slant[m] > slant[n] for m in count if m < n)
            or any(slant[m] < slant[n] for m in count if m > n) for n in count]  # fmt: skip
    hidden = [any(across[m] > across[n] for m in count if m < n) for n in count]
    terrain = line_of(*heights)
    assert layover(terrain, angle)[0].tolist() == laid  # NaN compares false: absent, both ways
    assert shadow(terrain, angle)[0].tolist() == hidden


def test_the_radar_looks_east_going_up_and_west_coming_down():
    # Annotated headings of Sentinel-1 near 34° N are about -13° and 193°.
    assert look_azimuth(34.4, "ascending") == pytest.approx(77, abs=1)
    assert look_azimuth(34.4, "descending") == pytest.approx(283, abs=1)
    for latitude in (-60.0, 0.0, 45.0):
        both = look_azimuth(latitude, "ascending") + look_azimuth(latitude, "descending")
        assert both == pytest.approx(360)
    assert look_azimuth(85.0, "ascending") is None
    with pytest.raises(ValueError, match="sideways"):
        look_azimuth(0.0, "sideways")
    with pytest.raises(ValueError, match="90"):
        layover(line_of(0, 1), 90.0)


def write_heights(path, heights, west=-119.85, north=34.53, step=1 / 1200):
    with rasterio.open(
        path, "w", driver="GTiff", height=heights.shape[0], width=heights.shape[1], count=1,
        dtype="float32", crs="EPSG:4326", transform=from_origin(west, north, step, step),
        nodata=-9999.0,
    ) as file:  # fmt: skip
        file.write(heights.astype("float32"), 1)
    return path


@pytest.fixture(scope="module")
def ridge(tmp_path_factory):
    """A ridge from north to south through the site, 45° steep on both sides, 800 m high."""
    columns = np.arange(216)
    east_m = (-119.85 + (columns + 0.5) / 1200 + 119.76) * 111_320 * math.cos(math.radians(34.45))
    heights = np.repeat(np.maximum(0.0, 800 - np.abs(east_m))[None], 200, axis=0)
    return write_heights(tmp_path_factory.mktemp("dem") / "ridge.tif", heights)


@pytest.fixture(scope="module")
def flanks():
    """The site, and a zone on each flank of the ridge."""
    west = "34.445,-119.766; 34.445,-119.763; 34.45,-119.763; 34.45,-119.766"
    east = "34.445,-119.757; 34.445,-119.754; 34.45,-119.754; 34.45,-119.757"
    zones = [f"west=depot={west}", f"east=depot={east}"]
    return draft_site(CORNERS, site_id="kilo", zones=zones)


def test_the_flank_that_faces_the_radar_is_laid_over(ridge, flanks):
    elevation = Elevation(ridge, flanks.window)
    grounds = [zone.polygon for zone in flanks.zones]
    up = elevation.shares(grounds, direction="ascending", incidence_deg=(35.0, 40.0))
    down = elevation.shares(grounds, direction="descending", incidence_deg=(35.0, 40.0))
    # 45° is steeper than either incidence, less steep than their complements.
    assert [share.layover[0] for share in up] == [1.0, 0.0]
    assert [share.layover[0] for share in down] == [0.0, 1.0]
    assert {share.shadow for share in (*up, *down)} == {(0.0, 0.0)}
    steep = elevation.shares(grounds, direction="ascending", incidence_deg=(30.0, 46.0))
    assert steep[0].layover == (0.0, 1.0)  # at 46° no longer
    assert steep[1].shadow[1] > 0.9  # and behind it 46° of incidence leaves only 44° of slope
    assert elevation.reaches
    assert up[0].known == 1.0


def test_ground_of_unknown_height_is_told(flanks, tmp_path):
    heights = np.zeros((200, 216))
    heights[:, :106] = -9999  # all west of 119.7617° W
    elevation = Elevation(write_heights(tmp_path / "dem.tif", heights), flanks.window)
    west, east = elevation.shares(
        [zone.polygon for zone in flanks.zones], direction="ascending", incidence_deg=(30.0, 46.0)
    )
    assert (west.known, east.known) == (0.0, 1.0)
    assert not elevation.reaches


@pytest.mark.parametrize(
    ("value", "west", "rule"),
    [(0.0, 10.0, "does not meet the site"), (1e5, -119.85, "are no metres above the sea"),
     (-9999.0, -119.85, "no height is known")],
)  # fmt: skip
def test_a_file_that_is_no_elevation_model_of_the_place_is_refused(
    value, west, rule, flanks, tmp_path
):
    path = write_heights(tmp_path / "dem.tif", np.full((200, 216), value), west=west)
    with pytest.raises(UsageError, match=rule):
        Elevation(path, flanks.window)
    (tmp_path / "dem.txt").write_text("no raster")
    with pytest.raises(UsageError, match="neither a TIFF nor"):
        Elevation(tmp_path / "dem.txt", flanks.window)


# ---- floors and allowances


def test_floors_scale_with_pixels_and_zones():
    floors = {
        (floor.observable, sensor): floor
        for floor in floors_of(SENSORS, zone_m2=1e4)
        for sensor in floor.sensors
    }
    assert floors["hard_surface", "sentinel-2-l2a"].value == 1600
    assert floors["hard_surface", "landsat-8-l2"].value == 9 * 1600  # 30 m pixels
    assert floors["changed_area", "sentinel-2-l2a"].value == 400
    assert floors["burn_scar", "sentinel-2-l2a"].value == 4 * 20 * 20  # SWIR comes at 20 m
    assert floors["radar_excess", "sentinel-1-rtc"].value == 1.5
    assert floors["occupancy", "sentinel-2-l2a"].value == 16.0
    assert ("hard_surface", "sentinel-1-rtc") not in floors
    small = {f.observable: f for f in floors_of(SENSORS, zone_m2=2500.0)}
    assert small["radar_excess"].value == pytest.approx(3.5 * 1.45 / math.sqrt(2500 / 900), abs=0.1)


def test_what_nobody_can_see_is_said_to_be_not_observable():
    radar = {"sentinel-1-rtc": SENSORS["sentinel-1-rtc"]}
    found = {floor.observable: floor for floor in floors_of(radar, zone_m2=1e4)}
    assert found["none"].value is None
    assert found["none"].basis.startswith("not observable: troops")
    assert found["burn_scar"].value is None
    assert "on file" in found["burn_scar"].basis
    methods = {name: method_for(name, "gamma0").measure for name in OBSERVABLES}
    for name, floor in found.items():  # a floor where there is a method, and only there
        assert (floor.value is None) == (methods[name] == "none")


def test_lengths_scale_with_pixels():
    floors = {
        (floor.observable, sensor): floor.value
        for floor in floors_of(SENSORS, zone_m2=1e4)
        for sensor in floor.sensors
    }
    for name, at_10_m in (("berth_occupied", 50), ("train_length", 60)):
        if method_for(name, "reflectance").measure != "none":
            assert floors[name, "sentinel-2-l2a"] == at_10_m
            assert floors[name, "landsat-8-l2"] == 3 * at_10_m


def test_stricter_rules_and_larger_allowances_need_less_history():
    sheet = allowance_sheet("s", zones=3, looks_per_year=60.0, nominal=False, looks=40)
    needed = {(a.k, a.alarms_per_site_year): a for a in sheet.allowances}
    # 3 zones x 4 indicators x 60 looks judged a year: one alarm in 720 / 0.5 judgements.
    assert needed[1, 0.5].quiet_looks_needed == 1440
    assert needed[2, 0.5].quiet_looks_needed == math.ceil(math.sqrt(3 * 1440))
    assert sheet.quiet_looks == 120
    assert [needed[k, 0.5].supported for k in (1, 2)] == [False, True]
    for rule in (1, 2, 3):
        row = [needed[rule, alarms].quiet_looks_needed for alarms in (0.5, 1.0, 2.0, 5.0)]
        assert row == sorted(row, reverse=True)
    unknown = allowance_sheet("s", zones=3, looks_per_year=60.0, nominal=True, looks=None)
    assert {a.supported for a in unknown.allowances} == {None}


# ---- the whole sheet


def test_without_history_or_model_the_sheet_says_so_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = new_site(CORNERS, site_id="kilo")
    text = "\n".join(result.lines)
    assert result.exit_code == 0
    assert not list(tmp_path.iterdir())
    assert "found and usable looks not known: no catalogue given" in text
    assert text.count("not assessed: no elevation model given") == 2
    assert "snow months: not known" in text
    assert "no measurement here" in text
    assert "on file: not known" in text
    assert "34.4475 N, 119.7600 W" in text
    for key in SENSORS:
        assert key in text
    assert max(len(line) for line in result.lines) <= 100
    assert text.isascii()


def test_the_sheet_over_real_looks_relief_and_zones(ridge, real_looks, tmp_path):
    out = tmp_path / "drafts"
    options = {"zones": [DEPOT], "settings": real_looks, "dem": ridge, "out": out}
    result = new_site(CORNERS, site_id="kilo", **options)
    text = "\n".join(result.lines)
    assert "sentinel-1-rtc T137-ascending          5.1     0.5     0.5  21 looks" in text
    assert "35-42 deg" in text  # the sub-swath of the burst, not the whole swath
    assert "1 zone x 4 indicators x 6 looks a year (found); on file: 21 usable" in text
    document = json.loads((out / "kilo.observability.json").read_bytes())
    assert document["schema"] == "fairwitness/observability/1"
    assert document["standing"].startswith("none")
    (radar,) = [each for each in document["sensors"] if each["key"] == "sentinel-1-rtc"]
    assert radar["tracks"][0]["looks"] == 21
    share = document["layover_and_shadow"][0]["shares"]["site"]["layover"]
    assert 0 < share[0] <= share[1] < 1
    assert str(PROJECT) not in (out / "kilo.observability.json").read_text()
    assert draft_site(str(out / "kilo.geojson"), site_id="kilo").zones[0].kind == "depot"

    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert new_site(CORNERS, site_id="kilo", **options).lines == result.lines
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_draft_somebody_edited_is_not_overwritten(tmp_path):
    new_site(CORNERS, site_id="kilo", out=tmp_path)
    path = tmp_path / "kilo.geojson"
    path.write_text(path.read_text() + " ")
    edited = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(UsageError, match="is there and differs"):
        new_site(CORNERS, site_id="kilo", zones=[DEPOT], out=tmp_path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == edited


def test_a_catalogue_that_cannot_be_read_fails_the_rest_is_said(tmp_path):
    both = f"[{{kind: stac, path: missing.json}}, {{kind: stac, path: '{TILES}'}}]"
    path = write_settings(tmp_path, both)
    result = new_site(CORNERS, site_id="kilo", settings=path)
    assert result.exit_code == 1
    assert any(line.startswith("  FAILED catalogue: ") for line in result.lines)
    assert any("21 looks" in line for line in result.lines)


def test_nothing_on_file_is_not_the_same_as_not_known(tmp_path):
    (tmp_path / "tiles").mkdir()
    path = write_settings(tmp_path, "[{kind: folder, path: tiles}]")
    text = "\n".join(new_site(CORNERS, site_id="kilo", settings=path).lines)
    assert text.count("none on file") == len(SENSORS)
    assert "on file: 0 usable" in text
    assert "not known: no catalogue" not in text


def run_command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["fairwitness", "site", "new", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code, capsys.readouterr()


def test_the_command_takes_southern_corners_and_refuses_in_one_line(monkeypatch, capsys):
    south = "-34.10,18.40; -34.10,18.41; -34.11,18.41"
    code, said = run_command(monkeypatch, capsys, south, "--id", "cape")
    assert code == 0
    assert "34.1050 S, 18.4050 E" in said.out
    code, said = run_command(monkeypatch, capsys, "-34.10,18.40; x; y", "--id", "cape")
    assert code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    code, _ = run_command(monkeypatch, capsys, south, "--id", "cape", "--dtum", "SK-42")
    assert code == 2
