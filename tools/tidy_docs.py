"""Documents: a README in every folder, links that lead somewhere, promises whose tests exist."""

import posixpath
import re

# Folders that hold data only, named by what reads them.
DATA = re.compile(r"^(tests/fuzz/corpus/|tests/contract/golden/|tests/scenario/.+/)|(^|/)(\.|__pycache__)")
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
README_LIMIT = 40
PROMISES = ("README.md", "docs/bus-rules.md", "docs/security.md")
PROMISE = re.compile(r"^\|.*\|\s*((?:`[\w./-]+\.[\w./]+`(?:,\s*)?)+)\s*\|$")
TEST = re.compile(r"\b(?:TYPED_)?TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\)")


def folders(tree):
    found = {""}
    for path in tree:
        while "/" in path:
            path = path.rsplit("/", 1)[0]
            found.add(path)
    return sorted(found)


def check_readmes(tree):
    errors = []
    for folder in (f for f in folders(tree) if not DATA.search(f + "/")):
        path = f"{folder}/README.md" if folder else "README.md"
        if path not in tree:
            errors.append(f"{path}: missing; one paragraph: purpose, what it may include, where to start reading")
        elif not tree[path].strip():
            errors.append(f"{path}: is empty")
        elif folder not in ("", "docs", "deploy") and tree[path].count("\n") > README_LIMIT:
            errors.append(f"{path}: has {tree[path].count(chr(10))} lines, {README_LIMIT} are the limit; it is to be read first")
    return errors


def anchors(text):
    """GitHub's names for the headings of a document."""
    titles = re.findall(r"^#+\s+(.*?)\s*$", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def check_links(tree):
    errors, known = [], set(tree) | set(folders(tree))
    for path, text in tree.items():
        if not path.endswith(".md"):
            continue
        for match in LINK.finditer(re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)):
            link = match[1] or match[2]
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            full = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            if full not in known and full != ".":
                errors.append(f"{path}: dead link {link}")
            elif anchor and full.endswith(".md") and anchor not in anchors(tree[full]):
                errors.append(f"{path}: {full} has no heading for #{anchor}")
    return errors


def check_promises(tree):
    """Rows of a table of promises end with the tests that hold us to them: `Suite.name` or a file."""
    errors, tests = [], set()
    for path, text in tree.items():
        if path.endswith("_test.cpp"):
            tests |= {f"{suite}.{name}" for suite, name in TEST.findall(text)}
    for path in PROMISES:
        for match in filter(None, map(PROMISE.match, tree.get(path, "").splitlines())):
            for name in re.findall(r"`([^`]+)`", match[1]):
                if name not in tests and name not in tree:
                    errors.append(f"{path}: promises by {name}, which does not exist")
    return errors


def run(tree, _root):
    return check_readmes(tree) + check_links(tree) + check_promises(tree)


_ROOT = {"README.md": "# Root\n"}
_TABLE = "# Root\n\n| promise | test |\n|---|---|\n| it works | `Thing.works` |\n"
SAMPLES = [
    ({**_ROOT, "a/README.md": "# A\n", "a/x.cpp": "\n"}, None),
    ({**_ROOT, "a/x.cpp": "\n"}, "a/README.md: missing"),
    ({**_ROOT, "a/README.md": "\n"}, "is empty"),
    ({**_ROOT, "a/README.md": "# A\n" + "line\n" * 50}, "has 51 lines"),
    ({**_ROOT, "tests/README.md": "# T\n", "tests/fuzz/README.md": "# F\n", "tests/fuzz/corpus/job/a": "x\n"}, None),
    ({"README.md": "# Root\n[a](docs/none.md)\n"}, "dead link docs/none.md"),
    ({"README.md": "# Root\n## Some part\n[a](#some-part) [b](https://example.org)\n"}, None),
    ({"README.md": "# Root\n[a](#no-part)\n"}, "no heading for #no-part"),
    ({"README.md": _TABLE}, "promises by Thing.works"),
    ({"README.md": _TABLE, "x_test.cpp": "TEST(Thing, works) {}\n"}, None),
    ({**_ROOT, "docs/README.md": "# D\n", "docs/bus-rules.md": _TABLE}, "docs/bus-rules.md: promises by Thing.works"),
]
