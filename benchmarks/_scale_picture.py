"""Draws cost against size as an SVG, logarithmic on both axes."""

from __future__ import annotations

import math

LEFT, TOP, WIDE, HIGH = 64, 40, 560, 360
CURVES = (
    ("paint cpu", "start to first rows", "#1f77b4"),
    ("all cpu", "start to all rows", "#17becf"),
    ("key_tickets cpu", "key on the list of tickets", "#2ca02c"),
    ("screen_filter cpu", "filter key to rows", "#d62728"),
    ("refresh cpu", "refresh, 1 % changed", "#9467bd"),
    ("block_refresh cpu", "longest loop block in it", "#8c564b"),
    ("frame_refresh", "key to frame in it, by the clock", "#e377c2"),
    ("rss_mb", "memory, MB", "#7f7f7f"),
)
LOWEST, HIGHEST = 1.0, 10_000.0


def _x(size: float, sizes: list[int]) -> float:
    low, high = math.log10(sizes[0]), math.log10(sizes[-1])
    return LEFT + WIDE * (math.log10(size) - low) / ((high - low) or 1)


def _y(value: float) -> float:
    at = (math.log10(max(value, LOWEST)) - math.log10(LOWEST)) / math.log10(HIGHEST / LOWEST)
    return TOP + HIGH * (1 - min(at, 1.0))


def draw(results: dict[int, dict[str, float]]) -> str:
    """Returns the SVG of the figures, by size."""
    sizes = sorted(results)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDE + 250} '
        f'{TOP + HIGH + 60}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="15">Cost against size: milliseconds, '
        "of computing, and megabytes for memory</text>",
    ]
    for power in range(5):
        value = 10**power
        y = _y(value)
        parts.append(
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + WIDE}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>'
        )
    for size in sizes:
        x = _x(size, sizes)
        parts.append(
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{TOP + HIGH}" stroke="#ddd"/>'
            f'<text x="{x:.1f}" y="{TOP + HIGH + 18}" text-anchor="middle">{size:,}</text>'
        )
    parts.append(
        f'<text x="{LEFT + WIDE / 2}" y="{TOP + HIGH + 40}" text-anchor="middle">sites</text>'
    )
    for place, (key, label, colour) in enumerate(CURVES):
        points = [(_x(size, sizes), _y(results[size][key])) for size in sizes]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        y = TOP + 14 + 22 * place
        parts.append(
            f'<rect x="{LEFT + WIDE + 20}" y="{y - 10}" width="14" height="4" fill="{colour}"/>'
            f'<text x="{LEFT + WIDE + 40}" y="{y - 3}">{label}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])
