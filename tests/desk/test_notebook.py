"""The desk's objects in a notebook: frame, tables, GeoJSON, datasets, plots."""

from __future__ import annotations

import sys
import urllib.request
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

import pipeline
from pipeline.assessment.record import Report
from pipeline.desk import plots
from pipeline.desk.notebook import Findings, table_html
from pipeline.errors import UsageError
from pipeline.workflows.monitor.layers import site_cut
from tests.report import gallery

mpl.use("Agg")


@pytest.fixture(scope="module")
def site(town_trial):
    return pipeline.open_run(town_trial.settings).site("town")


@pytest.fixture(scope="module")
def told(site):
    """The gallery's record, which holds a finding of every kind, as the town's."""
    report = Report.model_validate(gallery.gallery())
    return Findings(report, site.site, site.owner.run.settings.output)


def test_the_desk_opens_in_a_frame_that_may_be_shown(site):
    explored = site.explore(height=500)
    html = explored._repr_html_()
    assert f'src="{explored.url}"' in html
    assert 'height="500"' in html
    assert explored.url.startswith("http://localhost:")
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    answer = opener.open(explored.url, timeout=20)
    assert answer.status == 200
    assert "http://localhost:*" in answer.headers["content-security-policy"]
    explored.close()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(explored.url, timeout=5)  # noqa: S310 - our own address


def test_findings_of_a_product_are_its_records(site, town_trial):
    found = site.findings()
    assert [item.id for item in found] == [f["id"] for f in town_trial.report("town")["findings"]]
    assert found.to_geojson()["site"] == "town"
    assert "town" in repr(found)
    if not len(found):
        assert "detectability" in found._repr_html_()  # silence is told with its worth


def test_without_a_product_findings_say_what_to_do(town_trial):
    hill = pipeline.open_run(town_trial.settings).site("hill")
    with pytest.raises(UsageError, match=r"no product yet.*\.monitor\(\)"):
        hill.findings()


def test_a_table_escapes_what_others_wrote(told):
    html = told._repr_html_()
    assert html.count("<tr>") == len(told) + 1
    assert "<script>" not in table_html("<script>", ["<b>"], [["<script>alert(1)</script>"]])
    shown = table_html("t", ["h"], [["<img src=x>"]])
    assert "&lt;img" in shown


def test_findings_go_to_geojson_by_zone(told):
    features = told.to_geojson()["features"]
    assert [f["id"] for f in features] == [item.id for item in told]


def test_findings_go_to_a_dataset(told):
    data = told.to_xarray()
    assert data.sizes == {"finding": len(told)}
    assert list(data["zone"].values) == [item.zone for item in told]
    assert data["onset_by"].dtype.kind == "M"
    ended = [item.end is not None for item in told]
    np.testing.assert_array_equal(~np.isnat(data["end_by"].values), ended)
    assert (data["onset_after"] <= data["onset_by"]).all()


def test_a_series_is_the_assessments(site, town_trial):
    data = site.findings().series("depot", "radar-excess")
    own = [
        look
        for look in town_trial.report("town")["assessments"]
        if (look["zone"], look["indicator"]) == ("depot", "radar-excess")
    ]
    own.sort(key=lambda look: look["acquired"])
    np.testing.assert_array_equal(data["value"].values, [look["value"] for look in own])
    assert list(data["outcome"].values) == [look["outcome"] for look in own]
    assert data.attrs["unit"] == "dB"
    with pytest.raises(UsageError, match="not assessed in zone 'nowhere'"):
        site.findings().series("nowhere", "radar-excess")


def test_geopandas_is_asked_for_in_one_line_and_used_where_it_is(told, monkeypatch):
    monkeypatch.setitem(sys.modules, "geopandas", None)
    with pytest.raises(UsageError, match="needs geopandas") as refused:
        told.to_geodataframe()
    assert "\n" not in str(refused.value)
    made = SimpleNamespace(from_features=lambda features, crs: (len(features), crs))
    monkeypatch.setitem(sys.modules, "geopandas", SimpleNamespace(GeoDataFrame=made))
    assert told.to_geodataframe() == (len(told), "EPSG:4326")


@pytest.mark.slow  # matplotlib
def test_plots_draw_every_finding_and_every_look(told, site):
    axes = told.plot()
    assert len(axes.get_yticklabels()) == len(told)
    first = told.report.assessments[0]
    looks = told._looks(first.zone, first.indicator, f"{first.sensor} {first.track}")
    drawn = plots.draw_series(looks, told.report.findings[:2])
    assert drawn.get_ylabel() == first.unit
    with pytest.raises(UsageError, match="both a zone and an indicator"):
        told.plot(zone="depot")
    site.findings().plot("depot", "radar-excess", ax=drawn)
    mpl.pyplot.close("all")


@pytest.mark.slow  # matplotlib
def test_a_look_is_drawn_without_what_lies_beyond_the_site(site, town):
    stack = site.stack("sentinel-1-rtc")
    (track,) = town.tracks.values()
    cut = site_cut(site.site.polygon, track.outcome.plan.geobox)
    axes = plots.draw_look(stack, site.site, -1)
    image = axes.images[0].get_array()
    assert image.shape[:2] == tuple(cut.geobox.shape)
    assert (image[..., 3][~cut.beyond] == 255).all()
    with pytest.raises(UsageError, match="a look is -21 to 20"):
        plots.draw_look(stack, site.site, 21)
    mpl.pyplot.close("all")


def test_runs_and_sites_show_what_they_hold(site):
    run = site.owner._repr_html_()
    assert "town" in run
    assert "hill" in run
    assert "depot" in site._repr_html_()
    assert "radar-excess" in site._repr_html_()
