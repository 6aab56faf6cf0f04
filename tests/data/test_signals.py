"""Signals: the truth that is said is the truth that can be heard and seen."""

import itertools

import numpy as np
import pytest

from attn_course.data import END, FIRST, PAD, planted_events, spelled_tones

RATE = 4000


def loudest(wave, start, stop):
    """The strongest frequency of a piece of a wave, in hertz."""
    piece = wave[start:stop] * np.hanning(stop - start)
    spectrum = np.abs(np.fft.rfft(piece, 1 << 14))
    return np.fft.rfftfreq(1 << 14, 1 / RATE)[spectrum.argmax()]


def test_each_symbol_sounds_at_its_pitch_where_its_span_says():
    made = spelled_tones(np.random.default_rng(0), 20, 5, 4)
    pitches = 200 * 8 ** (np.arange(4) / 3)
    for wave, ids, spans in zip(*made, strict=True):
        symbols = [number - FIRST for number in ids if number >= FIRST]
        for symbol, (start, stop) in zip(symbols, spans, strict=False):
            assert abs(loudest(wave, start, stop) / pitches[symbol] - 1) < 0.02
            assert 240 <= stop - start <= 480


def test_tones_follow_one_another_and_then_there_is_silence():
    made = spelled_tones(np.random.default_rng(0), 20, 5, 4, noise=0.0)
    for wave, ids, spans in zip(*made, strict=True):
        size = list(ids).index(END)
        assert (ids[size + 1 :] == PAD).all()
        assert (spans[size:] == 0).all()
        assert spans[0, 0] == 0
        for one, other in itertools.pairwise(spans[:size]):
            assert one[1] == other[0]
        assert (wave[spans[size - 1, 1] :] == 0).all()
        assert 0.95 < np.abs(wave).max() <= 1


def test_words_have_all_lengths_and_noise_its_size():
    made = spelled_tones(np.random.default_rng(0), 100, 3, 4, noise=0.2)
    lengths = (made.tokens >= FIRST).sum(axis=1)
    assert set(lengths) == {1, 2, 3}
    tail = made.waves[lengths < 3, -400:]
    np.testing.assert_allclose(tail.std(), 0.2, rtol=0.05)


def test_events_last_as_long_as_said_and_do_not_overlap():
    made = planted_events(np.random.default_rng(0), 300, 3, 9, duration=10)
    assert made.events.sum() == 90
    assert (made.events.sum(axis=1) <= 1).all()


def test_events_move_their_sensor_and_nothing_else():
    with_events, without = (
        planted_events(np.random.default_rng(0), 300, 3, 5, size=size)
        for size in (4.0, 0.0)
    )
    change = with_events.readings - without.readings
    np.testing.assert_allclose(np.abs(change[with_events.events]), 4, rtol=1e-12)
    np.testing.assert_array_equal(change[~with_events.events], 0)
    assert {-1, 1} == set(np.sign(change[with_events.events]))


def test_noise_is_of_size_one_and_lasts():
    made = planted_events(np.random.default_rng(0), 20_000, 2, 0, period=50)
    turns = 2 * np.pi * np.arange(20_000) / 50
    waves = np.stack([np.sin(turns), np.cos(turns)], axis=1)
    shares, *_ = np.linalg.lstsq(waves, made.readings, rcond=None)
    np.testing.assert_allclose(np.hypot(*shares), 1, rtol=0.1)
    noise = made.readings - waves @ shares
    np.testing.assert_allclose(noise.std(axis=0), 1, rtol=0.05)
    lasting = [np.corrcoef(row[:-1], row[1:])[0, 1] for row in noise.T]
    np.testing.assert_allclose(lasting, 0.8, rtol=0.03)


def test_as_many_events_as_fit_fit():
    made = planted_events(np.random.default_rng(0), 24, 1, 2)
    assert made.events.all()


@pytest.mark.parametrize("seed", range(3))
def test_one_seed_gives_one_draw(seed):
    for make, sizes in ((spelled_tones, (3, 4, 5)), (planted_events, (90, 3, 2))):
        first, again = (make(np.random.default_rng(seed), *sizes) for _ in range(2))
        for one, other in zip(first, again, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("make", "sizes", "options", "message"),
    [
        (spelled_tones, (2, 0, 5), {}, "spelled_tones: wanted length of at least 1"),
        (spelled_tones, (2, 3, 5), {"noise": -1}, "wanted noise of at least 0, got -1"),
        (spelled_tones, (2, 3, 5), {"noise": np.nan}, "wanted noise of at least 0"),
        (planted_events, (23, 3, 2), {}, "wanted steps of at least 24, got 23"),
        (planted_events, (23, 3, -1), {}, "wanted events of at least 0, got -1"),
        (planted_events, (90, 0, 2), {}, "wanted sensors of at least 1, got 0"),
    ],
)
def test_refuses_sizes_that_make_no_signal(make, sizes, options, message):
    with pytest.raises(ValueError, match=message):
        make(np.random.default_rng(0), *sizes, **options)
