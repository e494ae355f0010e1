"""The picture of `hr status` is a drawing of the characters that a terminal would show."""

from xml.etree import ElementTree as ET

from docs.generate_picture import PICTURE, svg

TEXT = "{http://www.w3.org/2000/svg}text"


def test_every_run_of_characters_has_its_place_and_colour() -> None:
    picture = ET.fromstring(svg("$ hr status\n\x1b[2mNAME    \x1b[0m  \x1b[32mready\x1b[0m  <1 & 2>"))
    runs = [(run.text, run.get("x"), run.get("y"), run.get("textLength"), run.get("fill")) for run in picture.iter(TEXT)]
    assert runs == [
        ("$ hr status", "16", "30.25", "88", "#c9d1d9"),
        ("NAME", "16", "49.25", "32", "#8b949e"),
        ("ready", "96", "49.25", "40", "#7ee787"),
        ("<1 & 2>", "152", "49.25", "56", "#c9d1d9"),
    ]


def test_the_picture_shows_all_three_demo_providers() -> None:
    shown = {run.text for run in ET.parse(PICTURE).iter(TEXT)}
    assert {"demo_fine", "demo_limited", "demo_flaky"} <= shown
