"""Lengths of files and functions, with a ratchet: what is too long today is listed and may only get shorter."""

import ast
import re
import subprocess

FILE_LIMIT, TEST_LIMIT, FUNCTION_LIMIT = 400, 600, 70
RATCHET = "tools/tidy_ratchet.txt"
CPP = (".cpp", ".hpp", ".h")
CODE = (*CPP, ".py", ".cmake", ".sh")


def is_test(path):
    return path.startswith("tests/") or path.rsplit(".", 1)[0].endswith("_test")


def is_code(path, text):
    return path.endswith(CODE) or path.endswith("CMakeLists.txt") or text.startswith("#!")


def is_python(path, text):
    return path.endswith(".py") or text.startswith("#!") and "python" in text.split("\n", 1)[0]


def blank_literals(text):
    """The text with comments and literals turned into blanks, so that every brace left is a brace; lines stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![\w])\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def head_of(text, brace):
    """What stands before a brace, back to the end of the statement or block before it."""
    start = max(text.rfind(c, 0, brace) for c in ";{}") + 1
    return start, re.sub(r"^\s*(#[^\n]*\n\s*)*", "", text[start:brace])


def cpp_functions(text):
    """(name, first line, number of lines) of every function, those inside functions apart."""
    code, stack, found = blank_literals(text), [], []
    for match in re.finditer(r"[{}]", code):
        if match[0] == "}":
            if stack:
                kind, name, line = stack.pop()
                if kind == "function":
                    found.append((name, line, code.count("\n", 0, match.start()) + 2 - line))
            continue
        start, head = head_of(code, match.start())
        outside = all(kind in ("namespace", "type") for kind, _, _ in stack)
        name = re.search(r"([\w~]+)\s*\(", head)
        if re.match(r"(inline\s+)?namespace\b|extern\b(?!.*\()", head):
            kind = "namespace"
        elif re.search(r"\b(class|struct|union|enum)\b[^()]*$", head):
            kind = "type"
        else:
            kind = "function" if outside and name else "block"
        first = start + len(code[start:match.start()]) - len(code[start:match.start()].lstrip())
        stack.append((kind, name[1] if name else "", code.count("\n", 0, first) + 1))
    return found


def python_functions(text):
    return [(node.name, node.lineno, node.end_lineno - node.lineno + 1) for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def shell_functions(text):
    found, name, start = [], None, 0
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"(\w+)\(\)\s*\{\s*$", line)
        if match:
            name, start = match[1], number
        elif line == "}" and name:
            found.append((name, start, number - start + 1))
            name = None
    return found


def functions(path, text):
    if path.endswith(CPP):
        return cpp_functions(text)
    if is_python(path, text):
        return python_functions(text)
    return shell_functions(text) if text.startswith("#!") else []


def measure(tree):
    """what -> (length, limit, where) of everything over its limit."""
    over = {}
    for path, text in tree.items():
        if not is_code(path, text):
            continue
        lines, limit = text.count("\n"), TEST_LIMIT if is_test(path) else FILE_LIMIT
        if lines > limit:
            over[path] = (lines, limit, path)
        for name, line, length in functions(path, text):
            if length > FUNCTION_LIMIT:
                over[f"{path}:{name}"] = (length, FUNCTION_LIMIT, f"{path}:{line}")
    return over


def parse_ratchet(text):
    rows = (line.split() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {what: int(length) for what, length in rows}


def committed_ratchet(root):
    """The list as of the newest commit; None when there is no such commit or list."""
    show = subprocess.run(["git", "show", f"HEAD:{RATCHET}"], cwd=root, capture_output=True, text=True, timeout=60)
    return parse_ratchet(show.stdout) if show.returncode == 0 else None


def run(tree, root):
    errors, over, allowed = [], measure(tree), parse_ratchet(tree.get(RATCHET, ""))
    for what, (length, limit, where) in over.items():
        if what not in allowed:
            errors.append(f"{where}: {what} has {length} lines, {limit} are the limit; split it by what changes together")
        elif length > allowed[what]:
            errors.append(f"{where}: {what} grew from {allowed[what]} to {length} lines; {RATCHET} may only shrink")
    for what, length in allowed.items():
        if what not in over:
            errors.append(f"{RATCHET}: {what} is within its limit now; remove the entry")
        elif over[what][0] < length:
            errors.append(f"{RATCHET}: {what} has {over[what][0]} lines now; lower the entry from {length}")
    before = committed_ratchet(root)
    if before is not None:
        errors += [f"{RATCHET}: {what} {length} is new or higher than committed; the list may only shrink"
                   for what, length in allowed.items() if length > before.get(what, 0)]
    return errors


_LONG = "namespace n {\nint f(int a) {\n" + "    a += 1;\n" * 80 + "    return a;\n}\n}\n"
_LAMBDA = "int g() { return 1; }\nstruct S {\n    int f() { return 1; }\n};\n"
SAMPLES = [
    ({"a.cpp": "int a;\n" * 401}, "has 401 lines"),
    ({"a_test.cpp": "int a;\n" * 401}, None),
    ({"a_test.cpp": "int a;\n" * 601}, "has 601 lines"),
    ({"a.cpp": _LONG}, "a.cpp:2: a.cpp:f has 83 lines"),
    ({"a.cpp": _LAMBDA * 30}, None),
    ({"a.cpp": 'const char* s = "{";\n// {\n' + _LAMBDA}, None),
    ({"a.py": "def f():\n" + "    pass\n" * 80}, "a.py:f has 81 lines"),
    ({"a": "#!/bin/bash\nf() {\n" + "    true\n" * 80 + "}\n"}, "a:f has 82 lines"),
    ({"a.cpp": _LONG, RATCHET: "a.cpp:f 83\n"}, None),
    ({"a.cpp": _LONG, RATCHET: "a.cpp:f 82\n"}, "grew from 82 to 83"),
    ({"a.cpp": _LONG, RATCHET: "a.cpp:f 90\n"}, "lower the entry"),
    ({"a.cpp": _LAMBDA, RATCHET: "a.cpp:f 90\n"}, "remove the entry"),
]
