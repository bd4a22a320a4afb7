"""The words of the wall, each in Swedish and English."""

from __future__ import annotations

WALL_WORDS: dict[str, tuple[str, str]] = {
    "wall": ("Driftläget just nu", "Status right now"),
    "wall_clock": ("Klockan", "The time"),
    "wall_data": ("Uppgifter från", "Data from"),
    "wall_ago": ("s sedan", "s ago"),
    "wall_fine": ("{} tjänster i full drift", "{} services in full operation"),
    "wall_fine_here": ("{} i full drift", "{} in full operation"),
    "wall_planned": ("Planerat: {}", "Planned: {}"),
    "wall_tile_planned": ("Planerat", "Planned"),
    "wall_chips": (
        "Gröna och planerade tjänster visas mindre.",
        "Green and planned services are shown smaller.",
    ),
    "wall_folded": (
        "Gröna och planerade tjänster räknas ihop per miljö.",
        "Green and planned services are counted by environment.",
    ),
    "wall_counted": (
        "Gröna och planerade tjänster räknas ihop.",
        "Green and planned services are counted.",
    ),
    "wall_more": ("{} till", "{} more"),
    "wall_not_all": ("Alla får inte plats: de värsta visas.", "Not all fit: the worst are shown."),
}
"""By key: Swedish, English."""
