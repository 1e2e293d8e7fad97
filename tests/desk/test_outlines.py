"""Outlines: the pixels the record counted, in the track's own map, and never too many corners."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from pipeline.assessment.observables import method_for
from pipeline.desk.outlines import MOST_VERTICES, counted_pixels, outline_of, within_limit
from pipeline.imagery.grid import projected
from pipeline.workflows.monitor.variants import assessor_for


def comb(teeth, x=0.0):
    """A polygon with four corners a tooth."""
    teeth = [shapely.box(x + 2 * n, 0, x + 2 * n + 1, 5) for n in range(teeth)]
    return shapely.union_all([*teeth, shapely.box(x, -1, x + 2 * len(teeth), 0)])


def test_the_largest_shapes_are_drawn_while_there_is_room():
    shapes = [comb(9), comb(3, 100), comb(2, 200)]
    corners = [shapely.get_num_coordinates(s) for s in shapes]
    assert within_limit(shapes, sum(corners)) == (shapes, False)
    assert within_limit(shapes, sum(corners) - 1) == (shapes[:2], False)
    assert within_limit(shapes, corners[0]) == (shapes[:1], False)
    assert within_limit([], 10) == ([], False)


def test_one_shape_with_too_many_corners_is_drawn_with_fewer():
    shape = comb(400)
    (drawn,), coarser = within_limit([shape], 60)
    assert coarser
    assert 4 <= shapely.get_num_coordinates(drawn) <= 60
    assert drawn.intersects(shape)
    assert drawn.buffer(6).covers(shape)  # no tooth is longer than 5


def judged_looks(desk):
    """Every look of the record with a value, and what it was judged with."""
    run, site = desk.opened.run, desk.opened.site
    tracks = {(t.outcome.series.sensor, t.outcome.series.track): t for t in desk.tracks.values()}
    for look in desk.assessments:
        if look.value is None:
            continue
        track = tracks[look.sensor, look.track].outcome
        indicator = run.agreement.indicator(look.indicator)
        assessor = assessor_for(track, site, indicator, run.baseline_for(indicator))
        yield look, track, assessor, indicator, track.series.acquired.index(look.acquired)


@pytest.mark.slow
def test_the_pixels_that_are_outlined_add_up_to_the_recorded_value(garrison):
    compared = 0
    for look, _, assessor, indicator, index in judged_looks(garrison):
        measure = method_for(indicator.observable, assessor.series.physical).measure
        counted = counted_pixels(assessor, indicator, look.zone, index)
        assert (counted is None) == (measure == "zone-sum")
        if measure not in {"area", "share"}:
            continue
        weight = assessor.series.zones[look.zone]
        inside = weight[weight > 0].astype(np.float64)
        value = float(inside[counted].sum()) * assessor.series.pixel_area_m2
        if measure == "share":
            value *= 100.0 / (float(inside.sum()) * assessor.series.pixel_area_m2)
        # The record keeps six digits of what is the same sum.
        assert look.value == pytest.approx(value, rel=1e-5, abs=1e-9)
        compared += value > 0
    assert compared > 50


@pytest.mark.slow
def test_an_outline_has_the_area_of_its_pixels_within_the_zone(garrison):
    site, drawn = garrison.opened.site, 0
    for look, track, assessor, indicator, index in judged_looks(garrison):
        if look.outcome != "change":
            continue
        found = outline_of(track, assessor, site, indicator, look.zone, index)
        if found is None:
            continue
        (zone,) = (z.polygon for z in site.zones if z.id == look.zone)
        placed = projected(zone, track.plan.geobox.crs)
        assert placed.buffer(1e-6).covers(found.geometry)
        assert found.left_out == 0
        # Shares of pixels on the zone's edge are those of the same exact cut.
        assert found.geometry.area == pytest.approx(found.area_m2, rel=1e-4)
        drawn += 1
    assert drawn > 10


@pytest.mark.slow
def test_a_finding_tells_its_outline_on_the_look_of_its_evidence(garrison_browser):
    findings = garrison_browser.get("/api/findings").json["findings"]
    kinds = set()
    for item in findings:
        told = garrison_browser.get(f"/api/findings/{item['id']}").json
        outline = told["outline"]
        assert {k: outline[k] for k in ("track", "look")} == item["evidence"]["after"]
        kinds.add((item["unit"], outline["geometry"] is None))
        if outline["geometry"] is None:
            continue
        shape = shapely.geometry.shape(outline["geometry"])
        assert 0 < shapely.get_num_coordinates(shape) <= MOST_VERTICES
        peak = next(
            a
            for a in told["looks"]
            if a["track_key"] == outline["track"] and a["value"] == item["peak"]
        )
        if item["unit"] == "m2":
            assert outline["area_m2"] == pytest.approx(peak["value"], rel=1e-5)
    assert kinds == {("dB", True), ("m2", False), ("percent", False)}
