"""What a PromQL expression asks for: metrics, and the labels it knows of each."""

import re
from dataclasses import dataclass, field

# Words of the language that look like metrics.
WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
RANGES = re.compile(r"\[[^\]]*\]|\boffset\s+\w+")
SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\}|\()?")
MATCHER = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)")


@dataclass
class Asked:
    """The metrics of one expression, each with the labels it is narrowed by, and the labels of groups."""

    labels_of: dict[str, set[str]] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)


def asked(expression: str) -> Asked:
    found = Asked()
    text = RANGES.sub(" ", STRINGS.sub('""', expression))
    for match in GROUPING.finditer(text):
        found.groups |= {label.strip() for label in match[2].split(",") if label.strip()}
    for name, rest in SELECTOR.findall(GROUPING.sub(" ", text)):
        if rest == "(" or name.lower() in WORDS:
            continue
        found.labels_of.setdefault(name, set()).update(MATCHER.findall(rest))
    return found
