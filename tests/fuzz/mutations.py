"""Files with damage of every kind, made from good ones: the same number always gives the same file."""

import gzip
import json
import random

NUMBERS = (
    "1e400",
    "NaN",
    "-0",
    "1,2,3",
    "1.2.3",
    "--",
    "=1+1",
    "9" * 40,
    "(5",
    "٣",
    "1e-400",
    "0x10",
    "∞",
    "$",
    "1 000",
)
DAYS = ("0000-00-00", "9999-99-99", "2024-02-30", "1" * 32, "31/31/2024", "2999-01-01", "24:61", "Feb", "-1", "1e9")
JSON_BITS = (b"[" * 5_000, b'{"a":' * 5_000, b"[[],{}]", b'"\\ud800"', b"1e999999", b"NaN", b'{"":""}', b"\\u0000")
CODECS = ("utf-16", "utf-16-be", "utf-32", "cp1252", "utf-8-sig", "latin-1", "cp500", "utf-7")


def flipped(data, rng):
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(data, rng):
    return data[: rng.randrange(1, len(data))]


def gap(data, rng):
    begin = rng.randrange(len(data))
    return data[:begin] + data[begin + rng.randrange(1, 200) :]


def doubled(data, rng):
    lines = data.split(b"\n")
    place = rng.randrange(len(lines))
    return b"\n".join(lines[: place + 1] + lines[place : place + 1] * rng.choice((1, 3, 50)) + lines[place + 1 :])


def moved(data, rng):
    lines = data.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def torn(data, rng):
    place = rng.randrange(len(data))
    return data[:place] + rng.choice((b'"', b'""', b'"\n"', b"'", b'"' * 7)) + data[place:]


def unquoted(data, rng):
    return data.replace(b'"', b"", rng.choice((1, 2, -1)))


def delimited(data, rng):
    return data.replace(b",", rng.choice((b";", b"\t", b"|", b" ", b"::", b",,")), rng.choice((-1, -1, 5)))


def encoded(data, rng):
    text = data.decode("utf-8", "replace") + rng.choice(("", "é", "€,ü", "日本"))
    return text.encode(rng.choice(CODECS), "replace")


def mixed(data, rng):
    half = rng.randrange(len(data))
    return data[:half] + "é,ß,ñ\n".encode("latin-1") + "ü€\n".encode() + data[half:]


def huge(data, rng):
    place = rng.randrange(len(data))
    return data[:place] + b"x" * rng.choice((300, 70_000, 2_500_000)) + data[place:]


def zeros(data, rng):
    place = rng.randrange(len(data))
    return data[:place] + b"\0" * rng.choice((1, 2, 500)) + data[place:]


def ended(data, rng):
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"\n\r", b"\x0b", b"\xe2\x80\xa8")))


def headed(data, rng):
    lines = data.split(b"\n")
    return b"\n".join(rng.choice((lines[1:], [lines[0], *lines], [b"Report", b"", *lines], [b"sep=;", *lines])))


def widened(data, rng):
    lines = data.split(b"\n")
    more = b"," + b",".join(b"n%d" % n for n in range(rng.choice((1, 40, 600))))
    return b"\n".join(line + more for line in lines)


def narrowed(data, rng):
    return b"\n".join(line.rpartition(b",")[0] or line for line in data.split(b"\n"))


def celled(data, rng):
    """Put odd numbers, days or nothing into cells."""
    lines = data.split(b"\n")
    for _ in range(rng.choice((1, 3, 10))):
        place = rng.randrange(len(lines))
        cells = lines[place].split(b",")
        cells[rng.randrange(len(cells))] = rng.choice((*NUMBERS, *DAYS, "")).encode()
        lines[place] = b",".join(cells)
    return b"\n".join(lines)


def emptied(data, rng):
    lines = data.split(b"\n")
    column = rng.randrange(max(1, lines[-1].count(b",")))
    return b"\n".join(
        lines[:1] + [b",".join(c * (i != column) for i, c in enumerate(li.split(b","))) for li in lines[1:]]
    )


def nested(data, rng):
    place = rng.randrange(len(data))
    return data[:place] + rng.choice(JSON_BITS) + data[place:]


def listed(data, rng):
    """Turn JSON lines into an array, or a table into JSON lines."""
    lines = data.decode("utf-8", "replace").split("\n")
    if lines[0][:1] == "{":
        return ("[" + rng.choice((",", ",\n", "\n")).join(lines) + rng.choice(("]", "", "]]"))).encode()
    names = lines[0].split(",")
    return "\n".join(json.dumps(dict(zip(names, line.split(","), strict=False))) for line in lines[1:]).encode()


def packed(data, rng):
    whole = gzip.compress(data, mtime=0)
    return whole[: rng.choice((len(whole), len(whole), len(whole) // 2, 12))]


def joined(data, rng):
    return data + rng.choice((b"", b"\n", b"\n\n\n")) + data


MUTATIONS = (
    flipped, cut, gap, doubled, moved, torn, unquoted, delimited, encoded, mixed, huge, zeros, ended, headed, widened,
    narrowed, celled, emptied, nested, listed, packed, joined,
)  # fmt: skip


def mutated(number, samples):
    """Return the name of the format and the bytes of the file of that number."""
    rng = random.Random(number)  # noqa: S311 no secret
    names = sorted(samples)
    name = names[number % len(names)]
    data = samples[name].data
    for change in rng.choices(MUTATIONS, k=rng.choice((1, 1, 2, 3))):
        data = change(data, rng) or b"\n"
    return name, data
