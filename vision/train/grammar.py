"""Numbers as countries write them: random ones, as lines of (text, gap) marks.

A number is a list of one or two lines; in a line, "-", ".", ":" (a
seal) and " " are marks between characters and no characters themselves.
"""

PROVINCES = [str(c) for c in range(11, 100) if c not in (13, 42, 44, 45, 46, 87, 91, 96)]
SERIES = "ABCDEFGHKLMNPSTUVXYZ"   # a car's letter; I J O Q W never occur, R is second only
SECOND = "ABCDEFHKLMNPRSTUVXYZ"
SPECIAL = ["LD", "DA", "KT", "HC", "TĐ", "MK", "CD", "CT", "LB", "RM", "R", "T", "MĐ", "NG", "NN"]
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def pick(rng, letters, n=1):
    return "".join(letters[rng.integers(len(letters))] for _ in range(n))


def _five(rng, four=0.3):
    """Five digits with or without a dot, or four."""
    d = pick(rng, DIGITS, 5)
    if rng.random() < four:
        return d[:4]
    return d if rng.random() < 0.15 else d[:3] + "." + d[3:]


def vietnam_one(rng):
    code = pick(rng, PROVINCES)
    kind = rng.random()
    if kind < 0.80:
        letters = pick(rng, SERIES)
    elif kind < 0.97:
        letters = pick(rng, SPECIAL)
    else:  # military
        return [pick(rng, SERIES, 2) + "-" + pick(rng, DIGITS, 2) + "-" + pick(rng, DIGITS, 2)]
    return [code + letters + pick(rng, ["-", "-", "-", " ", ""]) + _five(rng)]


def vietnam_two(rng):
    code = pick(rng, PROVINCES)
    kind = rng.random()
    if kind < 0.60:
        upper = code + pick(rng, ["-", "-", "-", " "]) + pick(rng, SERIES) + pick(rng, "123456789")
    elif kind < 0.75:
        upper = code + pick(rng, ["-", "-", " "]) + pick(rng, SERIES) + pick(rng, SECOND)
    elif kind < 0.80:
        upper = code + pick(rng, ["-", " "]) + "MĐ" + pick(rng, ["", "1", "2", "3"])
    elif kind < 0.95:
        upper = code + pick(rng, ["", "-"]) + pick(rng, SERIES)
    else:
        upper = code + pick(rng, ["", "-"]) + pick(rng, SPECIAL)
    return [upper, _five(rng, 0.35)]


def _pattern(rng, pattern, letters=LETTERS):
    """L a letter, D a digit, anything else itself."""
    return "".join({"L": lambda: pick(rng, letters), "D": lambda: pick(rng, DIGITS)}.get(c, lambda: c)() for c in pattern)


EUROPE = ["L-LL DDD", "LL-LL DDDD", "LLL-L DD", "LL-DDDLL", "LL-DDDLL", "LL DDD LL", "DLD DDDD", "DL DDDDD", "LLDD LLL",
          "LL-DDD-LL", "LLL DDD", "LLLDDD", "LL DDDDD", "LLL DDDD", "DDDD LLL", "DD-LL-DD", "LL-DD-LL", "L DDDD LL",
          "DD-DDD-LL", "LL DDDD", "LLL-DDD", "LLL DD-DD", "LL-DD-DD", "L-DDD-LL", "D LLL DDD", "DLDDDD", "DSDDDDD", "LLDDDDL"]
AMERICA = ["LLL-DDDD", "LLL DDDD", "LLLDDDD", "DLLLDDD", "LLL DDD", "DDD LLL", "LLDDDDD", "LL DDDD", "DDDDLL", "DDLLLD", "LDD DLL",
           "DLL DDD", "LLL DLD", "LLDDLL", "DDD-LLL", "LLLDDL", "LDLDDD", "DLLDDD", "LLDDDL", "DDDDDDD", "LLL DDLD", "LDDDLL", "LLDLDL",
           "DLDLLL", "LDDDDDD", "LLLDD", "DDDLL"]


def _sealed(rng, text, chance):
    """At times a seal or a picture stands where the dash or the space is."""
    return text.translate({32: ":", 45: ":"}) if rng.random() < chance else text


def europe(rng):
    return [_sealed(rng, _pattern(rng, EUROPE[rng.integers(len(EUROPE))]), 0.5)]


def america(rng):
    return [_sealed(rng, _pattern(rng, AMERICA[rng.integers(len(AMERICA))]), 0.45)]


def brazil_old(rng):
    return [_pattern(rng, "LLL-DDDD" if rng.random() < 0.9 else "LLL DDDD")]


def brazil(rng):
    return [_pattern(rng, "LLLDLDD")]


def anything(rng):
    """Any four to nine characters on one or two lines: no class is ever rare."""
    both = LETTERS + DIGITS + "Đ"
    if rng.random() < 0.6:
        return [pick(rng, both, rng.integers(4, 10))]
    return [pick(rng, both, rng.integers(2, 5)), pick(rng, both, rng.integers(3, 6))]
