"""Colour maps as 64 colours each, so that a page needs no plotting library."""

from __future__ import annotations

import numpy as np

# Sampled evenly from the maps of these names in matplotlib.
# cividis: Nuñez, Anderton, Renslow 2018, doi:10.1371/journal.pone.0199239
# PuOr, reversed: Brewer, colorbrewer2.org
_HEXADECIMAL = {
    "cividis": (
        "00224e00255400285b002b62002e6a0030700533711235701a386f213b6e273e6e2d416d32436d36466c"
        "3b496c3f4c6c444f6c48526c4c556c50576c545a6d575d6d5b606e5e636f62656f656870696b716c6e72"
        "7071737374757777767a7a787e7d788280798683798a86788e8978928c78958f779992779d9576a19975"
        "a59c74a99f73ada272b1a570b6a96fbaac6dbfb06bc3b369c7b767ccba64d0be62d4c15fd9c55cddc858"
        "e1cc55e6d051ead34cefd748f3db42f8df3cfde334fee838"
    ),
    "PuOr_r": (
        "2d004b330655390c5e3f12684518714c1f7b522584582e8c5f3a916646976d529c745ea27b6aa88275ad"
        "8a7eb39287b99b92c1a39bc7aba3cdb3acd2b9b3d6bfbbdac5c2decbc9e2d1d1e6d7d8eadcddece1e2ee"
        "e5e7f0eaebf2eff0f4f4f4f6f8f5f1f9f1e6faeedcfbead2fce6c8fde3befedeb3fed8a6fed299fdcc8c"
        "fdc57ffdbf72fdb965f9b158f4a84cf0a03fea9530e68d23e18417db7d12d47610cd700ec6690cbe630a"
        "b75c07b05606a85206a04d079749078f44078740087f3b08"
    ),
}
#: Name → uint8 (64, 3): red, green, blue from the lowest to the highest value.
COLOURS = {
    name: np.frombuffer(bytes.fromhex(text), np.uint8).reshape(-1, 3)
    for name, text in _HEXADECIMAL.items()
}
