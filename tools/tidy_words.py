"""Words and calls that have no place here, each with what to use instead."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Ban:
    pattern: str    # regular expression, searched line by line
    instead: str    # completes "...: use"
    where: str      # regular expression for the path
    sample: str     # a line that must be caught
    clean: str      # a line that must not be
    but: str = "$^"  # regular expression for paths that may


ANY = r"."
CPP = r"\.(cpp|hpp|h)$"
PRODUCT = r"^(libs|services|shim|cli)/.*(?<!_test)\.(cpp|hpp|h)$"
SERVICES = r"^(libs|services)/.*(?<!_test)\.(cpp|hpp)$"
CORES = r"^(libs/common/wire|services/([\w-]+/core|driver-manager/drivers))/.*(?<!_test)\.(cpp|hpp)$"
TESTS = r"(_test\.(cpp|py)$|^tests/)"
PROGRAMS = r"^(shim|services/driver-manager/drivers/mock)/"  # C-style, without the library
SELF = r"^tools/tidy_"

BANS = [
    Ban(r"\bstd::c(out|err|log)\b|(?<![\w:])f?printf\s*\(", "host/log.hpp (or return the text)", SERVICES,
        'std::cout << "x";', "log.info(x);", but=r"/main\.cpp$|base/check\.cpp$"),
    Ban(r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(|\bsleep\s*\(\s*\d", "wait for the thing itself with a deadline",
        CPP, "    std::this_thread::sleep_for(1s);", "wait_until(ready);", but=PROGRAMS),
    Ban(r"\btime\.sleep\b", "wait for the thing itself with a deadline", r"^tests/.*\.py$",
        "time.sleep(1)", "poller.poll(100)"),
    Ban(r"\b(ato[ilf]|atoll|strto[dlfu]\w*|sto[ilfd]|stoul|stoll|stoull)\s*\(", "std::from_chars", CPP,
        "int n = atoi(text);", "std::from_chars(a, b, n);", but=PROGRAMS + r"|_test\.cpp$"),
    Ban(r"(?<![\w.])(std::)?(system|popen)\s*\(", "os/spawn.hpp", CPP, "system(command);", "spawn(command);"),
    Ban(r"(?<![\w.>])fork\s*\(", "os/spawn.hpp: forking a process with threads or a ZeroMQ context breaks the child",
        r"^(libs|services|cli)/.*(?<!_test)\.(cpp|hpp)$", "pid_t pid = fork();", "auto child = spawn(argv);",
        but=r"^libs/common/os/spawn_fork\.cpp$"),
    Ban(r"(?<![\w.>])(s?rand|random)\s*\(|\bstd::random_device\b", "stable_hash (cores) or random_hex (shells)",
        PRODUCT, "int n = rand();", "auto n = stable_hash(key);"),
    Ban(r"(?<![\w.>])(time|getenv|clock_gettime|gettimeofday|fopen)\s*\(", "an argument: cores are told what they need to know",
        CORES, "auto now = time(nullptr);", "event.time = now;", but=PROGRAMS),
    Ban(r"\bsystem_clock\b|\bsteady_clock\b", "rt::Loop::now", r"^services/.*/(core|drivers)/", "steady_clock::now();",
        "loop.now();"),
    Ban(r"\busing\s+namespace\b(?!\s+(std::(string_view_)?literals|std::chrono_literals|testing))", "names in full",
        r"\.(cpp|hpp|h)$", "using namespace std;", "using drover::Result;", but=r"(_test\.cpp$|^tests/)"),
    Ban(r"\busing\s+namespace\s+std\s*;", "names in full", CPP, "using namespace std;", "using std::swap;"),
    Ban(r"\bassert\s*\(", "CHECK, which stays on in release", SERVICES, "assert(x);", "static_assert(x);"),
    Ban(r"\b(TODO|FIXME|XXX|HACK)\b", "finish it, or leave it out and say so in the changelog", ANY,
        "// TODO: later", "// Later entries win.", but=r"^tests/fuzz/corpus/"),
    Ban(r"(?i)(//|#|^).*\b(placeholder (for|until)|not (yet )?implemented|unimplemented)\b", "the thing itself",
        r"\.(cpp|hpp|h|py|md|cmake)$",
        "// placeholder for the store", "auto placeholder = kind_of(option);"),
    Ban(r"\bGTEST_SKIP\(\)\s*;|\bDISABLED_\w+|\bSUCCEED\b", "a test that runs, or GTEST_SKIP() << \"the reason\"", TESTS,
        "GTEST_SKIP();", 'GTEST_SKIP() << "needs root";'),
    Ban(r"\bNOLINT\b(?!\()", "NOLINT(check-name) with the reason in a comment", CPP, "int a;  // NOLINT",
        "int a;  // NOLINT(some-check): because"),
    Ban(r"#\s*ifndef\s+\w+_(H|HPP)_?\b", "#pragma once", r"\.hpp$", "#ifndef FOO_HPP", "#pragma once"),
    Ban(r"(?<![\w.])(/wor[k]/|/home/\w+/\w|/root/\w)", "a path that exists on the reader's machine", ANY, "see /home/ada/drover", "see build/debug",
        but=r"^tests/fuzz/corpus/"),
    Ban(r"(?i)\bissue\s*#?\d+\b|\bworkplace\b|\bthis session\b", "the reason itself: what stands here must stand alone", ANY,
        "as issue 7 asks", "as docs/jobs.md says"),
    Ban(r"[ \t]+$", "no trailing blanks", ANY, "int a; ", "int a;", but=r"^tests/fuzz/corpus/"),
    Ban(r"\t", "spaces", r"\.(cpp|hpp|h|py|md|cmake|txt|yaml|json)$", "\tint a;", "    int a;", but=r"^tests/fuzz/corpus/|_test\.cpp$"),
]


def run(tree, _root):
    errors = []
    for ban in BANS:
        pattern, where, but = re.compile(ban.pattern), re.compile(ban.where), re.compile(ban.but)
        for path, text in tree.items():
            if re.search(SELF, path) or not where.search(path) or but.search(path):
                continue
            for number, line in enumerate(text.splitlines(), 1):
                match = pattern.search(line)
                if match:
                    errors.append(f"{path}:{number}: '{match[0]}': use {ban.instead}")
    for path, text in tree.items():
        if text and not text.endswith("\n") and not path.startswith("tests/fuzz/corpus/"):
            errors.append(f"{path}: use a newline at the end of the file")
    return errors


def _path_for(ban):
    candidates = ("services/x/core/a.cpp", "services/x/shell/a.cpp", "libs/common/x/a.cpp", "tests/x/a_test.cpp",
                  "tests/x/a.py", "docs/a.md", "libs/common/x/a.hpp")
    return next(path for path in candidates if re.search(ban.where, path) and not re.search(ban.but, path))


SAMPLES = [({_path_for(ban): ban.sample + "\n"}, f"use {ban.instead}") for ban in BANS]
SAMPLES += [({_path_for(ban): ban.clean + "\n"}, None) for ban in BANS]
SAMPLES += [({"a.txt": "no end"}, "newline at the end")]
