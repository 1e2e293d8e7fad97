"""Tiles show the very pixels that were judged, at every level, and nothing beyond the site."""

from __future__ import annotations

import errno
import io
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from shapely import Polygon

from pipeline.assessment.indicators import TrackAssessor
from pipeline.desk import shades, tiling
from pipeline.desk.arrays import reserved_array
from pipeline.desk.layers import ANOMALY_END, Gallery
from pipeline.desk.scores import BLOCK, ScoreMaps, scored_track
from pipeline.desk.tiling import Part
from pipeline.desk.warm import warm_pixels
from pipeline.errors import OutputError
from pipeline.kernels.masking import CLOUD, OBSERVED
from pipeline.report.layers import BEYOND
from pipeline.store.atomic import sweep
from pipeline.store.cog import read_layer

SIZES = st.tuples(st.integers(1, 1700), st.integers(1, 1700))


def image_of(answer):
    assert answer.status == 200, answer.body
    return np.asarray(Image.open(io.BytesIO(answer.body)).convert("RGBA"))


def whole(gallery):
    height, width = gallery.pixels.shape
    return Part(slice(0, height), slice(0, width), 1)


@given(SIZES)
def test_native_tiles_cover_every_pixel_once(shape):
    z = tiling.zoom_levels(shape) - 1
    seen = np.zeros(shape, np.uint8)
    for y in range(-(-shape[0] // tiling.TILE)):
        for x in range(-(-shape[1] // tiling.TILE)):
            part = tiling.part_of(shape, z, x, y)
            assert part.factor == 1
            seen[part.rows, part.columns] += 1
    assert (seen == 1).all()


@given(SIZES)
def test_the_first_level_is_one_tile_of_everything(shape):
    part = tiling.part_of(shape, 0, 0, 0)
    assert (part.rows, part.columns) == (slice(0, shape[0]), slice(0, shape[1]))
    assert max(shape) <= part.factor * tiling.TILE
    assert tiling.part_of(shape, 0, 1, 0) is None
    assert tiling.part_of(shape, 0, 0, 1) is None


@pytest.mark.parametrize("at", [(-1, 0, 0), (9, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_nothing_lies_outside_the_levels(at):
    assert tiling.part_of((100, 100), *at) is None


def test_fewer_pixels_are_means_extremes_and_the_commonest_code():
    values = np.array([[1, 3, -9], [np.nan, np.nan, 2], [0, 0, np.nan]], np.float32)
    np.testing.assert_array_equal(tiling.mean_of(values, 2), [[2, -3.5], [0, np.nan]])
    np.testing.assert_array_equal(tiling.farthest_of(values, 2), [[3, -9], [0, np.nan]])
    codes = np.array([[0, 1], [1, 5], [0, 0]], np.uint8)
    np.testing.assert_array_equal(tiling.commonest_of(codes, 2), [[1], [0]])


def test_a_single_bright_pixel_survives_every_reduction():
    values = np.zeros((64, 64), np.float32)
    values[37, 11] = -7
    assert tiling.farthest_of(values, 16).min() == -7


def test_hatching_never_looks_like_ground_and_meets_between_tiles():
    codes = np.full((8, 8), CLOUD, np.uint8)
    codes[:, 0] = BEYOND
    image = shades.marked(np.full((8, 8, 4), 255, np.uint8), codes, (0, 0))
    assert (image[:, 0] == 0).all()
    assert {tuple(c) for c in image[:, 1:].reshape(-1, 4)} == {
        shades.STRIPE_DARK, shades.STRIPE_LIGHT
    }  # fmt: skip
    right = shades.marked(np.full((8, 4, 4), 255, np.uint8), codes[:, 4:], (0, 4))
    np.testing.assert_array_equal(image[:, 4:], right)


def test_classes_differ_without_colour():
    # Luma of neighbouring classes in the legend: somebody who sees no hue tells them apart.
    lumas = []
    for _, colour in shades.CLASSES.values():
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        lumas.append(0.299 * red + 0.587 * green + 0.114 * blue)
    assert np.abs(np.diff(lumas)).min() > 20


def test_pixels_are_those_of_the_product(town):
    (track,) = town.tracks.values()
    for path in sorted((town.opened.folder / "layers").glob("*_after.tif")):
        stored, geobox, _, _, tags = read_layer(path)
        names = [moment.isoformat() for moment in track.outcome.series.acquired]
        look = names.index(tags["acquired"].replace("Z", "+00:00"))
        assert geobox.affine == track.gallery.pixels.geobox.affine
        part = whole(track.gallery)
        window = track.gallery.pixels.window(part.rows, part.columns)
        values = track.gallery.pixels.value[look][:, *window]
        shown = np.where(track.gallery.pixels.cut.beyond, np.nan, values)
        np.testing.assert_array_equal(shown, stored)


def test_anomalies_are_the_products_where_it_has_them(town):
    (track,) = town.tracks.values()
    (path,) = (town.opened.folder / "layers").glob("*_anomaly.tif")
    stored, _, _, _, tags = read_layer(path)
    names = [moment.isoformat() for moment in track.outcome.series.acquired]
    look = names.index(tags["acquired"].replace("Z", "+00:00"))
    part = whole(track.gallery)
    ours = track.gallery.scores.window(look, part.rows, part.columns)
    known = np.isfinite(stored[0])
    assert known.sum() > 500
    # The last digits of float32: the same sums, over other blocks of pixels.
    np.testing.assert_allclose(ours[known], stored[0][known], rtol=2e-5, atol=2e-5)


def test_scores_of_baseline_looks_are_those_left_out(town):
    (track,) = town.tracks.values()
    series, scores = track.outcome.series, track.gallery.scores
    look = int(np.flatnonzero(series.in_baseline)[2])
    part = whole(track.gallery)
    ours = scores.window(look, part.rows, part.columns)
    parts = [track.outcome.assessor.score(name).z[look] for name in scores.features]
    theirs = series.on_grid(np.sum(parts, axis=0) / np.sqrt(len(parts)))[
        track.gallery.pixels.cut.window
    ]
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.sum() > 500
    # Taking a few ring pixels' own normalisation out again costs the last digits of float32.
    np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-4, atol=1e-4)
    assert (np.isfinite(ours) | track.gallery.pixels.cut.beyond).mean() > 0.99


def test_scores_do_not_depend_on_the_block_they_were_made_in(town):
    (track,) = town.tracks.values()
    scores = track.gallery.scores
    assert len(scores.blocks) > 1 or max(track.gallery.pixels.shape) <= BLOCK
    small = scores._scored(slice(3, 9), slice(5, 8))
    large = scores._scored(slice(0, 20), slice(0, 20))[:, 3:9, 5:8]
    np.testing.assert_allclose(small, large, rtol=1e-4, atol=1e-4, equal_nan=True)


def test_no_layer_shows_a_pixel_beyond_the_site(town, tmp_path):
    (track,) = town.tracks.values()
    corners = list(town.opened.site.polygon.envelope.exterior.coords)[:3]
    pixels = warm_pixels(track.outcome, Polygon(corners), tmp_path)
    gallery = Gallery(track.outcome, pixels, ScoreMaps(track.outcome, pixels, ("vv_db", "vh_db")))
    beyond = pixels.cut.beyond
    assert 0.4 < beyond.mean() < 0.6  # half a box
    for layer in gallery.layers.values():
        tile = gallery.tile(layer, 15, 3, (gallery.zooms - 1, 0, 0))
        image = np.asarray(Image.open(io.BytesIO(tile)))
        inside = image[: beyond.shape[0], : beyond.shape[1]]
        assert (inside[beyond] == 0).all(), layer.id
        assert inside[~beyond][:, 3].all(), layer.id
        assert (image[beyond.shape[0] :] == 0).all()


def test_warm_files_are_made_once_for_a_plan_and_anew_for_another(town, tmp_path):
    (track,) = town.tracks.values()
    polygon, made = town.opened.site.polygon, []
    first = warm_pixels(track.outcome, polygon, tmp_path, lambda event, **_: made.append(event))
    assert len(made) == len(track.outcome.plan.looks) + 1
    again = warm_pixels(track.outcome, polygon, tmp_path, lambda event, **_: made.append(event))
    assert (again.folder, len(made)) == (first.folder, len(track.outcome.plan.looks) + 1)
    fewer = replace(
        track.outcome, plan=replace(track.outcome.plan, looks=track.outcome.plan.looks[:3])
    )
    other = warm_pixels(fewer, polygon, tmp_path)
    assert other.value.shape[0] == 3
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [other.folder.name]
    assert isinstance(other.value, np.memmap)  # never the whole cube in memory


def test_the_stretch_is_that_of_all_dates(town):
    (track,) = town.tracks.values()
    layer, part = track.gallery.layers["vv"], whole(track.gallery)
    low, high = layer.stretch.low[0], layer.stretch.high[0]
    row, column = np.argwhere(~track.gallery.pixels.cut.beyond)[200]
    for look in (0, 7, 20):
        value = track.gallery._values(layer, look, None, part)[0, row, column]
        image = track.gallery.drawn(layer, look, None, part)
        expected = np.clip((value - low) / (high - low), 0, 1) * 255
        # One step of 255 for rounding.
        assert abs(int(image[row, column, 0]) - expected) <= 1.5


def test_a_tile_is_the_same_when_it_is_asked_for_again(town_browser, town):
    (track,) = town.tracks.values()
    look = town_browser.get(f"/api/looks/{track.key}").json[4]["id"]
    address = f"/api/tile/{track.key}/vh/{look}/{track.gallery.zooms - 1}/0/0.png"
    assert town_browser.get(address).body == town_browser.get(address).body


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("nothing/vv/{look}/0/0/0.png", "no-track"),
        ("{track}/nothing/{look}/0/0/0.png", "no-layer"),
        ("{track}/vv/20990101T000000Z/0/0/0.png", "no-look"),
        ("{track}/vv/{look}/0/9/0.png", "no-tile"),
        ("{track}/vv/{look}/9/0/0.png", "no-tile"),
        ("{track}/change/{look}/0/0/0.png", "no-look"),
    ],
)
def test_what_is_not_there_is_said(town, town_browser, address, code):
    (key,) = town.tracks
    look = town_browser.get(f"/api/looks/{key}").json[0]["id"]
    answer = town_browser.get("/api/tile/" + address.format(track=key, look=look))
    assert (answer.status, answer.json["error"]["code"]) == (404, code)


def test_change_is_the_step_between_two_looks_less_that_of_the_ring(town):
    (track,) = town.tracks.values()
    part, series = whole(track.gallery), track.outcome.series
    step = track.gallery.difference(2, 15, part)
    name = track.gallery.scores.features[0]
    grid = series.on_grid(series.features[name][15] - series.features[name][2])
    ring = np.nanmedian(series.features[name][15][series.ring])
    ring -= np.nanmedian(series.features[name][2][series.ring])
    own = grid[track.gallery.pixels.cut.window] - ring
    known = np.isfinite(own)
    assert known.any()
    # float32 sums in another order.
    np.testing.assert_allclose(step[known], own[known], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(track.gallery.difference(15, 2, part), -step, atol=1e-5)


@pytest.mark.slow
def test_unseen_ground_is_hatched_in_every_layer_and_named_in_coverage(garrison, garrison_browser):
    track = next(t for t in garrison.tracks.values() if t.outcome.series.physical == "reflectance")
    looks = garrison_browser.get(f"/api/looks/{track.key}").json
    look = next(look for look in looks if look["status"] == "partly")
    part = whole(track.gallery)
    codes = track.gallery.codes(look["index"], part)
    lost = (codes != OBSERVED) & (codes != BEYOND)
    assert lost.any()
    stripes = {shades.STRIPE_DARK, shades.STRIPE_LIGHT}
    for layer in track.gallery.layers.values():
        if layer.id != "coverage":
            drawn = track.gallery.drawn(layer, look["index"], 0, part)
            assert {tuple(colour) for colour in drawn[lost]} <= stripes, layer.id
    drawn = track.gallery.drawn(track.gallery.layers["coverage"], look["index"], None, part)
    for code in np.unique(codes[lost]):
        word, colour = shades.CLASSES[int(code)]
        assert "#" + "".join(f"{c:02x}" for c in drawn[codes == code][0][:3]) == colour, word


@pytest.mark.slow
def test_planted_works_stand_out_on_the_anomaly_map(garrison):
    track = next(t for t in garrison.tracks.values() if t.outcome.series.physical == "reflectance")
    part = whole(track.gallery)
    newest = track.gallery.scores.window(
        len(track.outcome.series.acquired) - 1, part.rows, part.columns
    )
    weight = track.outcome.series.zones["training-ground"]
    ground = track.outcome.series.on_grid(weight)[track.gallery.pixels.cut.window] > 0.99
    assert np.nanmax(np.abs(newest[ground])) > ANOMALY_END
    assert np.nanmedian(np.abs(newest)) < 1.5


def test_a_site_judged_on_zone_sums_alone_has_an_anomaly_map_too(town):
    (track,) = town.tracks.values()
    series = track.outcome.series
    bare = replace(series, features={"span": series.features["span"]})
    outcome = replace(track.outcome, series=bare, assessor=TrackAssessor(bare), variants={})
    scored = scored_track(outcome, town.opened.site)
    for name in ("vv_db", "vh_db"):
        np.testing.assert_array_equal(scored.series.features[name], series.features[name])
    assert set(outcome.series.features) == {"span"}


def test_what_a_killed_desk_left_behind_is_made_anew_and_not_read(town, tmp_path):
    (track,) = town.tracks.values()
    polygon = town.opened.site.polygon
    name = warm_pixels(track.outcome, polygon, tmp_path).folder.name
    shutil.rmtree(tmp_path / name)
    left = tmp_path / f"building-{name}"
    left.mkdir()
    (left / "value.npy").write_bytes(b"half")
    again = warm_pixels(track.outcome, polygon, tmp_path)
    np.testing.assert_array_equal(again.value, track.gallery.pixels.value)
    assert not left.exists()
    sweep(tmp_path)  # a run that works beside the desk
    assert (again.folder / "value.npy").is_file()


def test_a_full_disk_is_an_error_in_words(town, tmp_path, monkeypatch):
    (track,) = town.tracks.values()

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pipeline.desk.warm.write_rows", refuse)
    with pytest.raises(OutputError, match="No space left"):
        warm_pixels(track.outcome, town.opened.site.polygon, tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    monkeypatch.undo()
    pixels = warm_pixels(track.outcome, town.opened.site.polygon, tmp_path)
    monkeypatch.setattr("pipeline.desk.arrays._reserve", refuse)
    with pytest.raises(OutputError, match="no room for scores"):
        ScoreMaps(track.outcome, pixels, ("vv_db", "vh_db"))


@pytest.mark.parametrize("posix", [True, False])
def test_reserved_arrays_are_zeros_with_room_on_the_disk(tmp_path, monkeypatch, posix):
    if not posix:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    made = reserved_array(tmp_path / "a.npy", (3, 700, 900), "f4")
    assert not made.any()
    assert (tmp_path / "a.npy").stat().st_size >= made.nbytes
    made[2, 5, 7] = 1.5
    made.flush()
    assert reserved_array(tmp_path / "a.npy", (3, 700, 900), "f4")[2, 5, 7] == 1.5
    assert not reserved_array(tmp_path / "a.npy", (2, 2), "f4").any()


def test_a_large_site_is_kept_a_second_time_with_coarse_pixels(town, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.desk.warm.COARSE_FROM", 40)
    monkeypatch.setattr("pipeline.desk.tiling.TILE", 16)  # so that the small site has many levels
    (track,) = town.tracks.values()
    polygon = town.opened.site.polygon
    pixels = warm_pixels(track.outcome, polygon, tmp_path)
    few, why = pixels.coarse
    height, width = pixels.shape
    assert few.shape[2:] == why.shape[1:] == (-(-height // 4), -(-width // 4))
    gallery = Gallery(track.outcome, pixels, None)
    plain = Gallery(track.outcome, replace(pixels, coarse=None), None)
    part = Part(slice(0, height), slice(0, width), 4)
    np.testing.assert_array_equal(gallery.codes(3, part), plain.codes(3, part))
    # Means of the same pixels, summed in float32 either way.
    np.testing.assert_allclose(gallery._bands(3, part), plain._bands(3, part), rtol=1e-6)
    native = Part(slice(0, height), slice(0, width), 1)
    np.testing.assert_array_equal(gallery._bands(3, native), plain._bands(3, native))


def test_an_overview_shows_what_is_scored_and_is_not_kept_until_all_is(town, tmp_path):
    (track,) = town.tracks.values()
    pixels = warm_pixels(track.outcome, town.opened.site.polygon, tmp_path)
    scores = ScoreMaps(track.outcome, pixels, ("vv_db", "vh_db"))
    part = Part(*whole(track.gallery)[:2], 2)
    values, complete = scores.made(15, part.rows, part.columns)
    assert not complete
    assert np.isnan(values).all()
    gallery = Gallery(track.outcome, pixels, scores)
    assert not gallery.whole(gallery.layers["anomaly"], 15, part)
    scores.make_all()
    values, complete = scores.made(15, part.rows, part.columns)
    assert complete
    np.testing.assert_array_equal(values, scores.window(15, part.rows, part.columns))
    assert gallery.whole(gallery.layers["anomaly"], 15, part)
