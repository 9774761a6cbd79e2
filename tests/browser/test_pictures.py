"""Pages look as they did when somebody last looked at them.

The reference pictures in `pictures/` are a third of the size, so that other fonts or another version of the
browser don't matter, but a lost chart, column or colour does. To renew one, delete it, run this test, and
look at the new one.
"""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter

from tests.browser.conftest import WIDTHS, OpenPage, Theme

FOLDER = Path(__file__).with_name("pictures")
HEIGHT = 1500
SMALLER = 3
PATCH = 8
"""Pixels of the small picture that are compared as one."""

MOST_CHANGE = 45
"""How much the mean of a patch may change, of 255."""

MOST_MEAN_CHANGE = 4.0

PAGES = {
    "start": "/",
    "comparison": "/?packages=aiohttp,httpx,requests",
    "package": "/?packages=requests&period=week",
}


@pytest.mark.parametrize(
    ("device", "theme"),
    [("phone", "dark"), ("tablet", "light"), ("desktop", "light"), ("desktop", "dark")],
)
@pytest.mark.parametrize("name", PAGES)
def test_page_looks_as_before(
    open_page: OpenPage, tmp_path: Path, name: str, device: str, theme: Theme
) -> None:
    page = open_page("about:blank", device=device, theme=theme)
    page.set_viewport_size({"width": WIDTHS[device], "height": HEIGHT})
    page.goto(PAGES[name], wait_until="networkidle")
    assert page.locator("h1").is_visible()
    seen = small(page.screenshot(animations="disabled", caret="hide"))
    reference = FOLDER / f"{name}-{device}-{theme}.png"
    if not reference.exists():
        seen.quantize(128).save(reference, optimize=True)
        pytest.fail(f"{reference.name} is new: look at it, and commit it")
    seen.save(tmp_path / reference.name)
    changes = list(difference(seen, Image.open(reference).convert("RGB")).tobytes())
    mean = sum(changes) / len(changes)
    assert mean <= MOST_MEAN_CHANGE, f"{mean:.1f} on average: compare {tmp_path / reference.name}"
    assert max(changes) <= MOST_CHANGE, (
        f"{max(changes)} at a place: compare {tmp_path / reference.name}"
    )


def small(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return picture.reduce(SMALLER)


def difference(one: Image.Image, other: Image.Image) -> Image.Image:
    """The change of each patch; texts that move by a pixel hardly count."""
    assert one.size == other.size
    blurred = [picture.filter(ImageFilter.BoxBlur(2)).reduce(PATCH) for picture in (one, other)]
    return ImageChops.difference(*blurred).convert("L")
