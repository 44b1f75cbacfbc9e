"""Which browsers what we serve needs: each CSS and script feature in it, and since when browsers have it.

The versions are those of MDN's browser-compat-data (CC0 1.0); `browsers.json` is the part that matters here.
`npm pack @mdn/browser-compat-data`, unpack it, and after a change of what is served:
    python tests/support/browsers.py package/data.json
"""

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "app" / "web" / "static"
TABLE = HERE / "browsers.json"
ENGINES = ("chrome", "firefox", "safari")

OLDEST = {"Chrome": 70.0, "Firefox": 68.0, "Safari": 12.1}
"""Chrome stands for Edge, Samsung Internet and Android's WebView of its version; Safari 12.1 is iOS 12.2."""

_SYNTAX = {
    "??": (r"\?\?", "operators.nullish_coalescing"),
    "?.": (r"\?\.(?!\d)", "operators.optional_chaining"),
    "??=": (r"\?\?=", "operators.nullish_coalescing_assignment"),
    "||=": (r"\|\|=", "operators.logical_or_assignment"),
    "&&=": (r"&&=", "operators.logical_and_assignment"),
    "catch {": (r"catch\s*\{", "statements.try_catch.optional_catch_binding"),
    "await": (r"\bawait\b", "operators.await"),
    "async": (r"\basync\b", "statements.async_function"),
    "=>": (r"=>", "functions.arrow_functions"),
    "...": (r"\.\.\.", "operators.spread.spread_in_object_literals"),
    "#private": (r"[.{;\s]#\w", "classes.private_class_fields"),
    "static {": (r"static\s*\{", "classes.static.initialization_blocks"),
    "`": (r"`", "grammar.template_literals"),
    "**": (r"\*\*", "operators.exponentiation"),
}


_HOST = (
    *("AbortController", "AbortSignal", "CSSStyleDeclaration", "CanvasRenderingContext2D", "Crypto"),
    *("CustomEvent", "DOMTokenList", "Document", "Element", "Event", "EventTarget", "HTMLElement"),
    *("HTMLFormElement", "Location", "MediaQueryList", "Node", "Performance", "PerformanceTiming"),
    *("ResizeObserver", "Response", "URLSearchParams", "Window"),
)


def css_features(text):
    """Name the features of a style sheet."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for rule in re.findall(r"@([a-z-]+)", text):
        yield f"css.at-rules.{rule}"
    for condition in re.findall(r"@media([^{]*)\{", text):
        for feature in re.findall(r"\(([a-z-]+)", condition):
            yield f"css.at-rules.media.{re.sub('^(min|max)-', '', feature)}"
    text = re.sub(r"@[a-z-]+[^{]*\{", "", text)
    for selector in re.findall(r"([^{}]*)\{", text):
        for pseudo in re.findall(r"::?([a-z-]+)", selector):
            yield f"css.selectors.{pseudo}"
    for block in re.findall(r"\{([^{}]*)\}", text):
        for name, value in re.findall(r"(?:^|;)\s*([a-z-]+)\s*:([^;]*)", block):
            if name.startswith("--"):
                continue
            yield f"css.properties.{name}"
            for word in re.findall(r"(?<![\w-])([a-z][a-z-]+)(?![\w(-])", value):
                yield f"css.properties.{name}.{word}~"
            for function in re.findall(r"([a-z-]+)\(", value):
                yield f"css.types.{function}~"


def script_features(text):
    """Name the features of a script: syntax, members, globals and the keys of options."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
    bare = re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", '""', text)
    for name, (pattern, _) in _SYNTAX.items():
        if re.search(pattern, bare):
            yield f"syntax {name}"
    bare = re.sub(r"`[^`$]*`", '""', bare)
    own = set(re.findall(r"(?:const|let|function|class)\s+([\w$]+)", bare))
    for name in re.findall(r"(?<!\.)\.([A-Za-z_]\w*)", bare):
        yield f"member {name}~"
    for name in re.findall(r"(?<![.\w$])([A-Za-z_]\w*)\s*[.(]", bare):
        if name not in own:
            yield f"global {name}~"
    for name in re.findall(r"[{,]\s*([a-z]\w*)\s*:", bare):
        yield f"option {name}~"


def features(files):
    """Name what each file needs, sorted."""
    found = {}
    for file in files:
        scan = css_features if file.suffix == ".css" else script_features
        for name in scan(file.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add(file.name)
    return dict(sorted(found.items()))


def files():
    """What is served as style and script."""
    return sorted([*STATIC.glob("*.css"), *STATIC.glob("*.js"), *STATIC.glob("vendor/*/*.min.*")])


def _since(entry):
    """Give the first version of each engine without a prefix or a switch, None for never."""
    versions = []
    for engine in ENGINES:
        said = entry["__compat"]["support"].get(engine, {"version_added": False})
        said = [one for one in (said if isinstance(said, list) else [said]) if not one.get("flags")]
        plain = [
            one["version_added"] for one in said if not one.get("prefix") and not one.get("alternative_name")
        ]
        numbers = [one.lstrip("≤") for one in plain if isinstance(one, str) and one != "preview"]
        versions.append(min((float(".".join(one.split(".")[:2])) for one in numbers), default=None))
    return versions


def _known(data):
    """Give every name that has a table entry in the data, with all that may be meant by it."""
    known = {f"syntax {name}": [_at(data["javascript"], path)] for name, (_, path) in _SYNTAX.items()}
    css = data["css"]
    for kind in ("at-rules", "selectors"):
        for name, entry in css[kind].items():
            known[f"css.{kind}.{name}"] = [entry]
    for name, entry in css["at-rules"]["media"].items():
        known[f"css.at-rules.media.{name}"] = [entry]
    for name, entry in css["types"].items():
        known[f"css.types.{name}~"] = [entry]
    for name, entry in css["properties"].items():
        known[f"css.properties.{name}"] = [entry]
        for value, inner in entry.items():
            known[f"css.properties.{name}.{value}~"] = [inner]
    builtins, api = data["javascript"]["builtins"], data["api"]
    things = [*builtins.values(), *builtins["Intl"].values(), *(api[name] for name in _HOST)]
    for thing in things:
        for name, entry in thing.items():
            known.setdefault(f"member {name}~", []).append(entry)
    for room in (builtins, api, api["Window"]):
        for name, entry in room.items():
            known.setdefault(f"global {name}~", []).append(entry)
    for thing in (*builtins.values(), *builtins["Intl"].values()):
        for entry in thing.values():
            for name, inner in entry.get("options_parameter", {}).items() if isinstance(entry, dict) else ():
                if match := re.fullmatch(r"options_(\w+)_parameter", name):
                    known.setdefault(f"option {match[1]}~", []).append(inner)
    compatible = {
        name: [entry for entry in entries if isinstance(entry, dict) and "__compat" in entry]
        for name, entries in known.items()
    }
    return {name: entries for name, entries in compatible.items() if entries}


def _at(place, path):
    for part in path.split("."):
        place = place[part]
    return place


def too_new(since):
    """Tell whether one of the oldest browsers that are served lacks it."""
    return any(one is None or one > oldest for one, oldest in zip(since, OLDEST.values(), strict=True))


def main(data):
    """Write the table: what must be known, and what is too new; of things of one name the oldest counts."""
    known = _known(json.loads(Path(data).read_text(encoding="utf-8")))
    table = {}
    for name, entries in known.items():
        since = list(map(_since, entries))
        oldest = [
            min((one[index] for one in since if one[index] is not None), default=None) for index in range(3)
        ]
        if too_new(oldest) or not name.endswith("~"):
            table[name] = oldest
    used = features(files())
    table = {name: since for name, since in table.items() if name in used or _may_be_taken(name, since, used)}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(since)}" for name, since in sorted(table.items()))
    TABLE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def _may_be_taken(name, since, used):
    """Tell whether something too new could come into use unseen; a property that is not known is seen."""
    if not too_new(since) or not any(since):
        return False
    return not name.startswith("css.") or name.rpartition(".")[0] in used


if __name__ == "__main__":
    main(sys.argv[1])
