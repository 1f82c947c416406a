# SPDX-License-Identifier: Apache-2.0
"""Speech that nobody spoke: syllables of a source and formants, with noise, from a seed.

What a detector of speech takes for speech, and of which it is known when there is any; nobody could
understand it. Not for the detector (``voice.py``).

References
----------
Fant: Acoustic theory of speech production. Mouton, 1960. Klatt: Software for a cascade/parallel
formant synthesizer. JASA 67 (1980), of whose resonators are used. Peterson, Barney: Control methods
used in a study of the vowels. JASA 24 (1952): the formants of men's vowels.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["CHUNK", "N_CHUNKS", "RATE", "streams"]

RATE: Final = 16_000
CHUNK: Final = 512
"""Samples of a chunk, 32 ms, of which it is known whether it is speech."""
N_CHUNKS: Final = 125
"""Chunks of a stream, which takes 4 s."""

_HOP: Final = 128  # samples for which the throat does not move
_N_HOPS: Final = N_CHUNKS * CHUNK // _HOP
_WINDOW: Final = 4 * _HOP
_VOWELS: Final = np.array(
    [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480),
     (660, 1720, 2410), (570, 840, 2410), (440, 1020, 2240), (490, 1350, 1690)]
)  # fmt: skip
_BANDWIDTHS: Final = (80.0, 100.0, 140.0)
_FREQUENCIES: Final = np.fft.rfftfreq(_WINDOW, 1 / RATE)
# A source that falls by 12 dB an octave from 130 Hz on, and lips that give back 6 of them.
_SOURCE: Final = _FREQUENCIES / 130 / (1 + (_FREQUENCIES / 130) ** 2)
# Squared, four that overlap have the sum 1.
_HANN: Final = np.sqrt(1 / 6) * (1 - np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW))
_HISS: Final = 0.02 * np.clip(_FREQUENCIES / 4000 - 0.5, 0, 1)

_Array = npt.NDArray[np.float64]


def streams(seed: int, n: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
    """Return streams of sound, and which chunks of them are speech.

    Parameters
    ----------
    seed : int
    n : int

    Returns
    -------
    sound : int16 array, shape (n, N_CHUNKS * CHUNK)
        At `RATE`.
    is_speech : bool array, shape (n, N_CHUNKS)
        Whether at least half of the chunk lies between the start and the end of an utterance.
    """
    # RandomState, since its streams are promised never to change.
    rng = np.random.RandomState(seed)
    sound = np.empty((n, N_CHUNKS * CHUNK), dtype=np.int16)
    is_speech = np.empty((n, N_CHUNKS), dtype=np.bool_)
    for number in range(n):
        speaks = _turns(rng)
        voice = _voice(rng, speaks)
        loud = np.sqrt(np.mean(voice[np.repeat(speaks, _HOP)] ** 2))
        mixed = voice / loud + _background(rng)
        scale = rng.uniform(1000, 3000)
        sound[number] = np.clip(np.rint(mixed * scale), -32768, 32767)
        is_speech[number] = speaks.reshape(N_CHUNKS, -1).mean(axis=1) >= 0.5  # noqa: PLR2004
    return sound, is_speech


def _turns(rng: np.random.RandomState) -> npt.NDArray[np.bool_]:
    """Return in which hops somebody speaks: utterances of 0.6 to 1.6 s, pauses of 0.4 to 1.2 s."""
    speaks = np.zeros(_N_HOPS, dtype=np.bool_)
    at = rng.randint(50, 150)
    while at < _N_HOPS:
        length = rng.randint(75, 200)
        speaks[at : at + length] = True
        at += length + rng.randint(50, 150)
    return speaks


def _voice(rng: np.random.RandomState, speaks: npt.NDArray[np.bool_]) -> _Array:
    """Return the speaker's sound: pulses and hiss, through the formants of each hop."""
    formants, voiced, hissing = _syllables(rng, speaks)
    hops = np.arange(_N_HOPS)
    sway = np.sin(2 * np.pi * (hops * rng.uniform(0.004, 0.01) + rng.uniform()))
    pitch = rng.uniform(90, 220) * (1 + 0.12 * sway + 0.01 * rng.standard_normal(_N_HOPS))
    cycles = np.cumsum(np.repeat(pitch, _HOP)) / RATE
    pulses = np.diff(np.floor(cycles), prepend=0) * np.sqrt(RATE / np.repeat(pitch, _HOP))
    breath = rng.standard_normal(len(pulses))
    throat = _SOURCE * _resonances(formants) * voiced[:, None]
    hiss = _HISS * hissing[:, None]
    return _sound(throat * _spectra(pulses + 0.02 * breath) + hiss * _spectra(breath))


def _syllables(
    rng: np.random.RandomState, speaks: npt.NDArray[np.bool_]
) -> tuple[_Array, _Array, _Array]:
    """Return for each hop three formants in Hz, and how loud voice and hiss are.

    A syllable is a hiss, a murmur or silence, and then a vowel, which the one before it glides to.
    """
    formants = np.empty((_N_HOPS, 3))
    voiced, hissing = np.zeros((2, _N_HOPS))
    at, before = 0, _VOWELS[0]
    while at < _N_HOPS:
        onset, length = rng.randint(4, 11), rng.randint(16, 36)
        part = slice(at, at + length)
        size = len(voiced[part])
        vowel = _VOWELS[rng.randint(len(_VOWELS))] * rng.uniform(0.95, 1.15)
        glide = np.minimum(np.arange(size) / (0.4 * length), 1)[:, None]
        formants[part] = (1 - glide) * before + glide * vowel
        kind, place = rng.randint(3), np.arange(size)
        is_onset = place < onset
        swell = np.sqrt(np.sin(np.pi * np.clip((place - onset + 1) / (length - onset + 1), 0, 1)))
        voiced[part] = np.where(is_onset, 0.25 * (kind == 1), swell)
        hissing[part] = is_onset * (kind == 0) * np.sin(np.pi * (place + 1) / (onset + 1))
        at, before = at + length, vowel
    return formants, voiced * speaks, hissing * speaks


def _resonances(formants: _Array) -> _Array:
    """Return the gain of three resonators in a row, shape (hops, frequencies).

    ``|1 + a + b| / |1 + a z + b z^2|`` with ``a = -2 r cos(2 pi F / rate)``, ``b = r^2``,
    ``r = exp(-pi B / rate)``: 1 at 0 Hz, as Klatt's. Of the lower part the square is
    ``1 + a^2 + b^2 + 2 a (1 + b) cos w + 2 b cos 2w``.
    """
    w = 2 * np.pi * _FREQUENCIES / RATE
    power = np.ones((len(formants), len(w)))
    for number, bandwidth in enumerate(_BANDWIDTHS):
        r = np.exp(-np.pi * bandwidth / RATE)
        a, b = -2 * r * np.cos(2 * np.pi * formants[:, number, None] / RATE), r * r
        power *= (1 + a * a + b * b + 2 * b * np.cos(2 * w)) + 2 * a * (1 + b) * np.cos(w)
        power /= (1 + a + b) ** 2
    return 1 / np.sqrt(power)


def _spectra(sound: _Array) -> npt.NDArray[np.complex128]:
    """Return the spectrum around each hop, of windows that overlap."""
    pieces = np.lib.stride_tricks.sliding_window_view(np.pad(sound, _WINDOW // 2), _WINDOW)
    spectra: npt.NDArray[np.complex128] = np.fft.rfft(pieces[::_HOP][:_N_HOPS] * _HANN)
    return spectra


def _sound(spectra: npt.NDArray[np.complex128]) -> _Array:
    """Return the sound whose `_spectra` these are."""
    windows = np.fft.irfft(spectra, n=_WINDOW) * _HANN
    found = np.zeros((_N_HOPS + 4) * _HOP)
    for shift in range(4):  # every fourth window lies behind the one before
        rows = windows[shift::4].ravel()
        found[shift * _HOP :][: len(rows)] += rows
    return found[_WINDOW // 2 :][: _N_HOPS * _HOP]


def _background(rng: np.random.RandomState) -> _Array:
    """Return noise 6 to 30 dB below a speaker of loudness 1, hum 3 dB below that, and a beep."""
    time = np.arange(N_CHUNKS * CHUNK) / RATE
    noise = rng.standard_normal(len(time))
    hum = np.sin(2 * np.pi * rng.choice([50, 60]) * time + rng.uniform(0, 6))
    begin, pitch = rng.uniform(0, 3.5), rng.uniform(400, 2000)
    beep = np.sin(2 * np.pi * pitch * time) * ((time >= begin) & (time < begin + 0.2))
    sound: _Array = 10 ** (-rng.uniform(6, 30) / 20) * (noise + hum) + 0.3 * beep
    return sound
