"""What dresses, coats, knitwear and trousers of the synthetic shop look like, as shapes on a sketch."""

from random import Random

from pricing_lake.sample.sketch import Sketch, shade

LINING = (246, 244, 238)
BUTTON = (206, 168, 92)
DENIM_THREAD = (214, 160, 90)


def dresses(s: Sketch, style: int, chance: Random) -> None:
    """A dress from the front: midi with sleeves, slip with straps, shirt dress with collar."""
    hem, wide = chance.uniform(82, 93), chance.uniform(74, 84)
    if style == 1:
        s.line(s.dark, 1.2, "42.5,21 44,10 50,5 56,10 57.5,21")
        s.mirrored(s.cloth, f"50.5,23.5 58,18 62.5,28 59.5,42 63,60 {wide - 8},{hem} 52,{hem + 1.5}")
    else:
        cuff = 31 if style == 0 else 52
        s.pair(shade(s.main, 0.85), f"62,11 70,17 77.5,{cuff - 2} 70,{cuff + 2} 63,25")
        s.mirrored(s.cloth, f"54.5,8.5 64,11 65.5,26 60,42 66,60 {wide},{hem} 53,{hem + 2}")
        s.mirrored(s.dark, "50.5,8.5 55,8 53,13 50.5,15")
    if style == 2:
        s.pair(s.accent, "50,15 54.5,7.5 58.5,10 56,16.5")
        s.line(s.dark, 0.8, f"50,16 50,{hem}")
        for button in range(6):
            s.ellipse(s.light, 51.5, 20 + button * 11, 1.0)
    s.polygon(s.accent, "40,40.5 60,40.5 60.5,44 39.5,44")
    for fold in (-12, 0, 12):
        s.line(s.dark, 0.5, f"{50 + fold * 0.6},50 {50 + fold * 1.4},{hem - 2}")


def coats(s: Sketch, style: int, chance: Random) -> None:
    """A coat from the front: wool coat, trench coat with belt, parka with hood."""
    hem = chance.uniform(72, 78) if style == 2 else chance.uniform(88, 94)
    if style == 2:
        s.mirrored(s.accent, "53,3 63,8 65,19 53,22")
        s.mirrored(s.dark, "52,7 58,11 58,18 52,20")
    s.pair(s.cloth, "64,14 73,19 83,62 80,68 72.5,67 66,35")
    s.mirrored(s.cloth, f"54,10.5 66,13.5 70,24 67.5,45 70,66 74.5,{hem} 53,{hem + 1.5}")
    if style < 2:
        s.polygon(LINING, "44.5,11 55.5,11 50,30")
        s.pair(s.accent if style == 0 else s.light, "50,33 54.5,10 60,11.5 63,21 57.5,22.5")
    for side in (1, -1):
        s.line(s.dark, 0.7, f"{50 + side * 17.5},22 {50 + side * 19},36 {50 + side * 22},66")
    s.line(s.dark, 0.9, f"50,{20 if style == 2 else 32} 50,{hem}")
    for button in range(4):
        for x in (54, 46) if style == 1 else (53,):
            s.ellipse(s.dark if style else BUTTON, x, 37 + button * 9, 1.4)
    s.pair(s.dark, "57.5,56.5 66,55.5 66.5,57.5 58,58.5")
    if style == 1:
        s.polygon(s.accent, "32.5,45.5 67.5,45.5 68,50 32,50")
        s.polygon(BUTTON, "46.5,44.7 53.5,44.7 53.5,50.8 46.5,50.8")
        s.polygon(s.accent, "48,46 52,46 52,49.5 48,49.5")


def knitwear(s: Sketch, style: int, chance: Random) -> None:
    """A jumper or a cardigan from the front."""
    hem = chance.uniform(76, 84)
    s.pair(s.cloth, "64,16 75,22 90,66 88.5,73 80,74 68,44")
    s.pair(s.accent, "79.5,69 89.5,66 90.5,73 81.5,76")
    s.mirrored(s.cloth, f"57,14 68,17 73,30 70.5,50 71,{hem} 53,{hem + 0.8}")
    s.mirrored(s.accent, f"53,{hem - 3.5} 69,{hem - 3.5} 70.5,{hem + 2} 53,{hem + 3}")
    if style == 0:
        s.mirrored(s.accent, "53,12 60,12.5 59,19 53,22.5")
        s.mirrored(s.dark, "52,12.5 56.5,13 55.5,16.5 52,18.5")
    else:
        s.polygon(LINING, "42,14 58,14 50,40")
        s.line(s.accent, 3.0, f"42,13.5 49.5,40 50,{hem}")
        s.line(s.accent, 3.0, f"58,13.5 50.5,40 50,{hem}")
        for button in range(4):
            s.ellipse(BUTTON, 50, 45 + button * 9, 1.3)
    s.line(s.dark, 0.6, "30,28 31,50")
    s.line(s.dark, 0.6, "70,28 69,50")


def trousers(s: Sketch, style: int, chance: Random) -> None:
    """Trousers from the front: wide jeans or slim trousers."""
    hem = chance.uniform(90, 95)
    outer, inner = ((80, 53.5), (66.5, 55))[style]
    thread = (DENIM_THREAD, s.dark)[style]
    s.polygon(
        s.cloth,
        f"33.5,7 66.5,7 72,34 {outer},{hem} {inner},{hem} 50.5,38 49.5,38 "
        f"{100 - inner},{hem} {100 - outer},{hem} 28,34",
    )
    s.polygon(s.accent, "33.3,6 66.7,6 67.5,11.5 32.5,11.5")
    for x in (37, 44, 56, 63):
        s.polygon(s.dark, f"{x - 0.9},5.5 {x + 0.9},5.5 {x + 0.9},12.5 {x - 0.9},12.5")
    s.ellipse(BUTTON, 50, 8.8, 1.4)
    s.line(s.dark, 0.8, "50,11.5 50,38")
    s.line(thread, 0.6, "52,12 52.5,25 50.2,30")
    for side in (1, -1):
        s.line(thread, 0.7, f"{50 + side * 10},12 {50 + side * 13},18 {50 + side * 19.5},20.5")
        s.line(s.dark, 0.6, f"{50 + side * 11},42 {50 + side * ((outer + inner) / 2 - 50)},{hem - 3}")
        s.line(thread, 0.7, f"{50 + side * (inner - 49)},{hem - 3} {50 + side * (outer - 50.5)},{hem - 3}")
