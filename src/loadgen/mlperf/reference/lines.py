# SPDX-License-Identifier: Apache-2.0
"""Lines of print, as a scanner would see them: drawn with Pillow's own font, from a seed.

Not for what reads them (``ocr.py``). Needs Pillow.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["HEIGHT", "WIDTH", "lines"]

HEIGHT: Final = 48
WIDTH: Final = 400
_MARGIN: Final = 6
_SIZES: Final = range(28, 37)
_WORDS: Final = (
    "amber", "anchor", "autumn", "basket", "candle", "cedar", "cinder", "copper", "cotton",
    "delta", "ember", "falcon", "garden", "harbour", "hollow", "island", "jasper", "kettle",
    "lantern", "linen", "maple", "marble", "meadow", "mirror", "nettle", "oyster", "paper",
    "pepper", "quarry", "ribbon", "river", "saddle", "silver", "thistle", "timber", "valley",
    "velvet", "walnut", "willow", "window",
)  # fmt: skip


def lines(seed: int, n: int) -> tuple[npt.NDArray[np.uint8], list[str]]:
    """Return images of lines, and what stands in them.

    Parameters
    ----------
    seed : int
    n : int

    Returns
    -------
    images : uint8 array, shape (n, HEIGHT, WIDTH)
        Grey: 0 is black. Ink and paper are more or less apart; the light falls off to one side;
        noise.
    texts : list of str, length n
        Of ASCII.
    """
    rng, fonts = np.random.default_rng(seed), {size: _font(size) for size in _SIZES}
    images = np.empty((n, HEIGHT, WIDTH), np.uint8)
    texts: list[str] = []
    while len(texts) < n:
        text, font = _text(rng), fonts[int(rng.choice(_SIZES))]
        if font.getlength(text) <= WIDTH - 2 * _MARGIN:
            images[len(texts)] = _scan(_ink(text, font, rng), rng)
            texts.append(text)
    return images, texts


def _font(size: int) -> Any:
    from PIL import ImageFont  # noqa: PLC0415 - only where it is installed

    font: Any = ImageFont.load_default(size)
    # Raqm, the other layout, is not on every machine.
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


def _text(rng: np.random.Generator) -> str:
    """Return a line as bills and labels have it."""
    one, two, three = (str(each) for each in rng.choice(_WORDS, 3))
    cents, count = int(rng.integers(100, 90_000)), int(rng.integers(1, 100))
    kinds = (
        f"{one} {two} {three}",
        f"No. {cents}, {one.title()} {count}",
        f"{count} x {one} {cents / 100:.2f}",
        f"{one.title()} & {two.title()} ({three[:3].upper()}-{count})",
    )
    return kinds[rng.integers(len(kinds))]


def _ink(text: str, font: Any, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return how much ink there is, 0 to 1."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - as above

    page = Image.new("L", (WIDTH, HEIGHT))
    left, top, _, bottom = font.getbbox(text)
    x = _MARGIN - left + int(rng.integers(3))
    y = (HEIGHT - bottom - top) // 2 + int(rng.integers(-3, 4))
    ImageDraw.Draw(page).text((x, y), text, fill=255, font=font)
    return np.asarray(page) / 255


def _scan(ink: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    paper, contrast, noise = rng.uniform(150, 230), rng.uniform(40, 130), rng.uniform(0, 20)
    shade = np.linspace(-1, 1, WIDTH) * rng.uniform(-20, 20)
    seen = paper + shade - contrast * ink + rng.normal(0, noise, ink.shape)
    scan: npt.NDArray[np.float64] = np.clip(np.rint(seen), 0, 255)
    return scan
