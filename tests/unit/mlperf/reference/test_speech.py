# SPDX-License-Identifier: Apache-2.0
"""The speech that is made: known where it is, the same from the same seed, louder than the rest."""

import numpy as np
import pytest

from loadgen.mlperf.reference import speech


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray]:
    return speech.streams(1, 6)


def test_the_same_seed_makes_the_same_sound(made: tuple[np.ndarray, np.ndarray]) -> None:
    sound, is_speech = speech.streams(1, 3)
    assert np.array_equal(sound, made[0][:3])
    assert np.array_equal(is_speech, made[1][:3])
    assert not np.array_equal(speech.streams(2, 1)[0], sound[:1])


def test_streams_are_of_the_length_that_is_said(made: tuple[np.ndarray, np.ndarray]) -> None:
    sound, is_speech = made
    assert (sound.dtype, sound.shape) == (np.int16, (6, 64000))
    assert (is_speech.dtype, is_speech.shape) == (np.bool_, (6, 125))
    assert np.abs(sound.astype(int)).max() < 32767


def test_utterances_and_pauses_last_as_long_as_people_make_them() -> None:
    for seed in range(200):
        speaks = speech._turns(np.random.RandomState(seed))
        edges = np.flatnonzero(np.diff(speaks)) + 1
        lengths = np.diff(edges) * 8  # ms
        assert lengths.min() >= 400
        assert lengths.max() <= 1600
        assert 0.4 <= edges[0] * 0.008 <= 1.2


def test_speech_is_louder_than_what_is_around_it(made: tuple[np.ndarray, np.ndarray]) -> None:
    sound, is_speech = made
    power = (sound.reshape(6, 125, 512) / 32768.0) ** 2
    for stream, speaks in zip(power.mean(axis=2), is_speech, strict=True):
        assert stream[speaks].mean() > 3 * stream[~speaks].mean()


def test_windows_put_together_are_the_sound_again() -> None:
    noise = np.random.RandomState(0).standard_normal(64000)
    again = speech._sound(speech._spectra(noise))
    # At the very ends fewer than four windows overlap.
    assert np.allclose(again[256:-256], noise[256:-256], atol=1e-12)


def test_resonators_are_klatts() -> None:
    """Beside their definition in complex numbers: 1 at 0 Hz, loudest near each formant."""
    formants = np.array([[500.0, 1500.0, 2500.0]])
    (gain,) = speech._resonances(formants)
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(512))
    expected = np.ones(257)
    for frequency, bandwidth in zip(formants[0], (80, 100, 140), strict=True):
        r = np.exp(-np.pi * bandwidth / 16000)
        b, c = 2 * r * np.cos(2 * np.pi * frequency / 16000), -(r**2)
        expected = expected * np.abs((1 - b - c) / (1 - b * z - c * z**2))
    assert np.allclose(gain, expected, rtol=1e-9)
    assert gain[0] == pytest.approx(1)
    peaks = np.flatnonzero((gain[1:-1] > gain[:-2]) & (gain[1:-1] > gain[2:])) + 1
    assert np.allclose(peaks * 31.25, [500, 1500, 2500], atol=32)
