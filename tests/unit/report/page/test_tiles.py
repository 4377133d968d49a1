from __future__ import annotations

from pocketfit.report.page.tiles import Bar, Tile, bars, tiles

BEFORE = {"conv1": 1000, "old": 10, "fc": 4_000_000, "shrunk": 2_000_000}
AFTER = {"conv1": 1000, "fc": 5_000_000, "": 8, "shrunk": 1_000_000, "added": 900_000, "nothing": 0}


def test_a_tile_for_each_module_with_bytes() -> None:
    found = tiles(BEFORE, AFTER, 40)
    assert [(tile.name, tile.size, tile.change, tile.way) for tile in found] == [
        ("fc", "5.00 MB", "+1.00 MB", "grew"),
        ("shrunk", "1.00 MB", "-1.00 MB", "shrank"),
        ("added", "900.00 kB", "+900.00 kB", "new"),
        ("conv1", "1.00 kB", "", "same"),
        ("the model's own", "8 B", "+8 B", "new"),
    ]
    assert found[0] == Tile("0", "0", "72.5", "100", "fc", "5.00 MB", "+1.00 MB", "grew", "all", 2)


def test_areas_are_as_the_bytes() -> None:
    sizes = {f"layer{index}": 1000 * (index + 1) for index in range(20)}
    for tile, size in zip(tiles({}, sizes, 40), sorted(sizes.values(), reverse=True), strict=True):
        share = float(tile.width) * float(tile.height) / 1e4
        assert abs(share - size / sum(sizes.values())) < 0.001


def test_a_name_is_written_where_it_fits() -> None:
    found = {tile.name: tile.label for tile in tiles({}, {"a": 50, "b" * 60: 30, "medium_name": 15, "tiny": 1}, 40)}
    assert found == {"a": "all", "b" * 60: "", "medium_name": "wide", "tiny": ""}


def test_without_a_base_nothing_grew() -> None:
    assert {tile.way for tile in tiles({}, AFTER, 40)} == {"same"}
    assert bars({}, AFTER) == ()


def test_too_many_are_one_tile_that_has_its_share() -> None:
    found = tiles({}, {f"layer{index}": 100 for index in range(45)}, 40)
    assert len(found) == 41
    assert (found[0].name, found[0].size) == ("5 more", "500 B")


def test_no_module_has_bytes() -> None:
    assert tiles({}, {"relu": 0}, 40) == ()


def test_what_changed_most_has_the_longest_bar() -> None:
    assert bars(BEFORE, AFTER, 3) == (
        Bar("fc", "+1.00 MB", "grew", "100"),
        Bar("shrunk", "-1.00 MB", "shrank", "100"),
        Bar("added", "+900.00 kB", "grew", "90"),
    )
    assert [bar.name for bar in bars(BEFORE, AFTER)][3:] == ["old", "the model's own"]
