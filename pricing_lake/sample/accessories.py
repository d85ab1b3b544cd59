"""What shoes, boots, handbags, watches, sunglasses and hats of the synthetic shop look like, as shapes on a sketch."""

from random import Random

from pricing_lake.sample.sketch import Sketch, mix, shade

WHITE = (246, 244, 238)
STEEL = (176, 180, 186)
GOLD = (206, 168, 92)
COPPER = (196, 140, 116)
GUNMETAL = (92, 94, 100)
INK = (40, 38, 42)
LENSES = ((52, 58, 66), (86, 66, 52), (58, 86, 84), (96, 70, 104))


def shoes(s: Sketch, style: int, chance: Random) -> None:
    """One shoe from the side, toe to the right: trainer, pump or loafer."""
    (_trainer, _pump, _loafer)[style](s, chance)


def _trainer(s: Sketch, chance: Random) -> None:
    top = chance.uniform(27, 36)
    upper = f"10,68 10,48 13,{top + 3} 20,{top} 27,{top + 8} 36,{top + 6} 42,{top} 50,{top + 9}"
    s.blob(s.cloth, f"{upper} 62,51 82,56 92,64 90,70 50,71")
    s.blob(s.accent, "72,69 74,57 83,56.5 92,64 91,70")
    s.blob(s.accent, "10,68 10.5,50 19,52 22,69")
    s.line(s.light, 2.8, "34,67 46,58 60,57")
    for lace in range(4):
        x, y = 42 + 5.5 * lace, top + 6 + (47 - top) * lace / 4
        s.line(WHITE, 1.4, f"{x - 4.5},{y + 5.5} {x + 3.5},{y}")
    s.blob(WHITE, "8,69 30,69.5 60,69 93,67.5 95,73 90,77 50,77.5 12,77 7,74")
    s.line(s.accent, 1.0, "9,73.5 50,74 93,72.5")


def _pump(s: Sketch, chance: Random) -> None:
    heel = chance.uniform(58, 64)
    s.polygon(s.dark, f"12,{heel - 6} 23,{heel + 2} 18.5,80 14.5,80")
    upper = f"11,{heel} 10,44 13,38 19,46 32,60 50,68.5 60,65 70,63.5 85,72 93,77"
    s.blob(s.cloth, f"{upper} 88,79.5 66,79 46,77 30,69 20,{heel + 3}")
    s.blob(s.dark, "14,41 20,47 33,60 48,68.5 40,67 27,59 17,48")
    s.line(s.dark, 1.4, "30,70.5 46,78.2 66,80 91,79.3")
    s.ellipse(s.accent, 70, 67.5, 3.0, 2.6)


def _loafer(s: Sketch, chance: Random) -> None:
    s.blob(s.cloth, "10,69 10,52 14,44 20,46 34,55 46,54 54,48 66,53 82,58.5 93,66 91,71.5 50,72")
    s.blob(s.light, "60,56 68,54.5 82,60 88,65 74,63.5")
    s.blob(s.accent, "44,68 47,54.5 55,48.5 62,51 58,60 55,69")
    s.line(chance.choice((GOLD, STEEL)), 1.6, "50,57.5 59,57.5")
    s.blob(s.dark, "15,46 21,47 34,55.5 45,54.5 34,59 20,53")
    s.polygon(INK, "9,70 92,70.5 93,74.5 32,74.5 31,78 9,78")


def boots(s: Sketch, style: int, chance: Random) -> None:
    """One boot from the side: up to the ankle or to the knee."""
    top = (chance.uniform(30, 36), chance.uniform(7, 11))[style]
    flare, calf = chance.uniform(60, 64), (top + 62) / 2
    front = f"24,{top} 42,{top + 0.5} {flare},{top} 58.5,{calf} 60,60 72,68 85,72 90,80"
    s.blob(s.cloth, f"{front} 86,84 50,84 25,83 23,70 27.5,60 25.5,{calf}")
    s.polygon(s.accent, f"23.5,{top + 1} {flare + 0.5},{top + 1} {flare},{top + 5.5} 24,{top + 5.5}")
    if style == 0:
        s.polygon(s.dark, f"38,{top + 6} 49,{top + 6} 47,60 40,60")
        s.line(s.light, 0.8, f"23.5,{top + 2} 20,{top - 4} 26,{top - 3} 26.5,{top + 2}")
    else:
        s.line(s.dark, 1.0, f"43,{top + 6} 42,45 40,80")
        s.line(s.dark, 2.4, "25,62 42,64.5 61.5,61.5")
        s.ellipse(GOLD, 55, 63.2, 2.2)
    s.polygon(INK, "22.5,82.5 90,82.5 90.5,86.5 42,86.5 41,91.5 23.5,91.5")


def handbags(s: Sketch, style: int, chance: Random) -> None:
    """A bag from the front: tote, shoulder bag with flap, bucket bag."""
    (_tote, _shoulder_bag, _bucket_bag)[style](s, chance)


def _tote(s: Sketch, chance: Random) -> None:
    rise = chance.uniform(10, 20)
    s.line(shade(s.accent, 0.7), 2.6, f"38,42 40,{rise + 4} 50,{rise - 1} 60,{rise + 4} 62,42")
    s.line(s.accent, 3.0, f"33,44 36,{rise + 6} 50,{rise + 2} 64,{rise + 6} 67,44")
    s.polygon(s.cloth, "15,38 85,38 80,87 20,87")
    s.polygon(s.accent, "15,38 85,38 84.5,43 15.5,43")
    for x in (33, 67):
        s.polygon(s.accent, f"{x - 2.5},40 {x + 2.5},40 {x + 2.5},53 {x},56 {x - 2.5},53")
        s.ellipse(GOLD, x, 50, 1.2)
    s.line(s.dark, 0.8, "21,84.5 79,84.5")


def _shoulder_bag(s: Sketch, chance: Random) -> None:
    metal, drop = chance.choice((GOLD, STEEL)), chance.uniform(62, 70)
    s.line(metal, 1.8, "14,50 20,22 50,8 80,22 86,50")
    s.blob(s.cloth, "12,46 30,42 70,42 88,46 89,70 85,84 50,86 15,84 11,70")
    flap = f"88,56 70,{drop - 2} 50,{drop + 2} 30,{drop - 2} 12,56"
    s.blob(mix(s.main, s.accent, 0.25), f"11,45 30,40.5 70,40.5 89,45 {flap}")
    s.line(s.dark, 0.7, f"12.5,56 30,{drop - 3.5} 50,{drop} 70,{drop - 3.5} 87.5,56")
    s.ellipse(metal, 50, drop, 4.5, 3.6)
    s.ellipse(s.dark, 50, drop, 2.0, 1.6)


def _bucket_bag(s: Sketch, chance: Random) -> None:
    top = chance.uniform(33, 40)
    s.line(s.accent, 2.6, f"25,{top + 3} 27,18 50,7 73,18 75,{top + 3}")
    mouth = f"23,{top} 36,{top + 3} 50,{top + 1} 64,{top + 3} 77,{top}"
    s.blob(s.cloth, f"{mouth} 81,62 84,82 72,88.5 28,88.5 16,82 19,62")
    s.blob(s.accent, "16.5,77 50,79.5 83.5,77 84,83 72,89 28,89 16,83")
    s.line(s.dark, 1.2, f"22,{top + 8.5} 50,{top + 11} 78,{top + 8.5}")
    for x in (45, 55):
        s.line(s.dark, 1.2, f"50,{top + 11} {x},{top + 24}")
        s.ellipse(GOLD, x, top + 25, 1.8, 2.4)


def watches(s: Sketch, style: int, chance: Random) -> None:
    """A wristwatch from above, round or square; the hands show ten past ten, as sellers set them."""
    metal, dial = chance.choice((GOLD, STEEL, GUNMETAL, COPPER)), chance.choice((WHITE, INK, s.accent, s.light))
    strap, size = chance.uniform(10, 13), chance.uniform(21.5, 25)
    for end in (3, 97):
        s.polygon(
            s.cloth,
            f"{50 - strap},50 {50 - strap * 0.75},{end} {50 + strap * 0.75},{end} {50 + strap},50",
        )
    for hole in range(4):
        s.ellipse(s.dark, 50, 80 + hole * 4, 1.1)
    s.polygon(shade(metal, 0.8), f"{50 + size * 0.8},47.5 {52.5 + size},47.5 {52.5 + size},52.5 {50 + size * 0.8},52.5")
    for radius, paint in ((size, metal), (size * 0.90, shade(metal, 0.72)), (size * 0.83, dial)):
        if style == 0:
            s.ellipse(paint, 50, 50, radius)
        else:
            left, right, top, bottom = 50 - radius * 0.9, 50 + radius * 0.9, 50 - radius, 50 + radius
            s.polygon(paint, f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}")
    hands, reach = INK if sum(dial) > 380 else WHITE, size * 0.70
    for x, y in ((0, -1), (0.5, -0.87), (0.87, -0.5), (1, 0), (0.87, 0.5), (0.5, 0.87)):
        for far in (reach, -reach):
            s.line(hands, 1.0, f"{50 + x * far * 0.86},{50 + y * far * 0.86} {50 + x * far},{50 + y * far}")
    s.line(hands, 1.8, f"50,50 {50 - reach * 0.50},{50 - reach * 0.30}")
    s.line(hands, 1.2, f"50,50 {50 + reach * 0.68},{50 - reach * 0.42}")
    s.ellipse(hands, 50, 50, 1.4)


def sunglasses(s: Sketch, style: int, chance: Random) -> None:
    """Sunglasses from the front, temples half open."""
    size, lens = chance.uniform(16.5, 19), chance.choice(LENSES)
    s.line(s.dark, 3.0, "13,49 10,40 17,30 30,28")
    s.line(s.dark, 3.0, "87,49 90,40 83,30 70,28")
    s.line(s.main, 3.4, "44,51 50,47.5 56,51")
    if style == 0:
        for x in (30, 70):
            s.ellipse(s.main, x, 54, size)
            s.ellipse(lens, x, 54, size - 3.2)
    else:
        for paint, wide in ((s.cloth, size), (lens, size * 0.8)):
            right, left, up, low = 70 + wide * 1.05, 70 - wide * 0.95, 54 - wide * 0.8, 54 + wide * 0.75
            s.pair(paint, f"{left},{up} {right},{up - 2} {right},58 {right - 6},{low} {left + 6},{low} {left},58")
    for x in (30, 70):
        s.line(mix(lens, WHITE, 0.45), 1.6, f"{x - 7.5},56 {x + 1.5},46.5")
        s.line(mix(lens, WHITE, 0.30), 1.0, f"{x - 3.5},58 {x + 5.5},49")
    s.ellipse(s.accent, 11.5, 47.5, 2.0)
    s.ellipse(s.accent, 88.5, 47.5, 2.0)


def hats(s: Sketch, style: int, chance: Random) -> None:
    """A hat from the front: fedora, beanie or bucket hat."""
    (_fedora, _beanie, _bucket_hat)[style](s, chance)


def _fedora(s: Sketch, chance: Random) -> None:
    top = chance.uniform(22, 28)
    s.blob(s.dark, "6,62 22,57 50,55 78,57 94,62 80,72 50,76 20,72")
    s.blob(s.cloth, "5,60 20,61 50,63.5 80,61 95,60 80,70 50,73.5 20,70")
    crown = f"25,62 27,42 33,{top} 43,{top - 1} 50,{top + 4.5} 57,{top - 1} 67,{top}"
    s.blob(s.cloth, f"{crown} 73,42 75,62 50,66.5")
    s.blob(s.accent, "25,63 26,52.5 50,56.5 74,52.5 75,63 50,67.2")
    s.line(s.dark, 1.0, f"46,{top + 4} 50,{top + 7} 50,42")


def _beanie(s: Sketch, chance: Random) -> None:
    if chance.random() < 0.6:
        for x, y in ((46, 15), (54, 15), (50, 11), (47, 20), (53, 20)):
            s.ellipse(s.accent, x, y, 5.8)
    s.blob(s.cloth, "20,66 21,44 32,25 50,19 68,25 79,44 80,66 50,69")
    s.blob(s.accent, "18,61 50,63.5 82,61 83.5,70 82,79 50,81.5 18,79 16.5,70")
    for rib in range(11):
        s.line(shade(s.accent, 0.72), 0.8, f"{21.5 + rib * 5.7},63.5 {21.5 + rib * 5.7},78.5")


def _bucket_hat(s: Sketch, chance: Random) -> None:
    brim = chance.uniform(10, 15)
    s.blob(s.cloth, "29,58 33,30 37,26.5 50,25 63,26.5 67,30 71,58 50,62")
    edge = f"{83 + brim * 0.4},{58 + brim} 78,72 50,75.5 22,72 {17 - brim * 0.4},{58 + brim}"
    s.blob(mix(s.main, s.accent, 0.2), f"28,56.5 50,60 72,56.5 {edge}")
    for y in (62, 66, 70):
        s.line(s.dark, 0.5, f"24,{y} 50,{y + 3.5} 76,{y}")
    s.line(s.accent, 3.0, "28.8,55.5 50,59.2 71.2,55.5")
