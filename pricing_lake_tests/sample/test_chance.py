from pricing_lake.sample.chance import stream


def test_the_same_name_gives_the_same_numbers_in_every_process_and_python():
    assert [round(stream(7, "shop", "2026-11-01").random(), 12) for _ in range(2)] == [PINNED, PINNED]


def test_names_do_not_share_numbers():
    assert stream(1, "a").random() != stream(2, "a").random() != stream(1, "b").random()


PINNED = 0.978787028922
