#include "jobspec/check.hpp"
#include "jobspec/config_fields.hpp"
#include "jobspec/fields.hpp"

namespace drover::jobspec {

namespace {

constexpr std::string_view kIntro = R"(# The job file

<!-- Written by the test drover_jobspec_test from the table that the parser reads: see libs/common/jobspec/README.md. -->

A job file says what should run. It is YAML, or the same document as JSON. `drover job validate FILE` says everything
that is wrong with one, with line, column, field and the name that was probably meant; a file with a mistake changes
nothing. A complete one:

```yaml
job: web
type: service
groups:
  - name: front
    count: 2
    restart: { attempts: 3, interval: 30m, delay: 15s, mode: fail }
    tasks:
      - name: server
        driver: raw_exec
        leader: true
        config: { command: /usr/bin/python3, args: ["-m", "http.server", "8080"] }
        env: { GREETING: hello }
        user: nobody
        kill_signal: SIGINT
        kill_timeout: 5s
        resources: { cpu: 0.5, memory: 64MiB }
        logs: { max_files: 10, max_file_size: 10MiB }
```

More to start from is in [examples](../examples/README.md).

## How values are written

| type | how |
|---|---|
| name | 1 to 63 letters, digits and `_` `.` `-`, beginning with a letter, a digit or `_`; not `alloc` |
| duration | a number with a unit, or several, the largest first: `250ms`, `15s`, `1h30m`; units `d` `h` `m` `s` `ms` `us` `ns` |
| size | bytes, or a number with a unit: `64MiB` (of 1024), `10MB` (of 1000), `512k` (of 1024) |
| true or false | these two words only |
| text | as it is; in quotes where YAML would see something else in it |

A file may have 256 KiB, a job 24 KiB once it is packed. Anchors and aliases work; tags and merge keys do not.
)";

void append_fields(std::string& out, const std::vector<FieldDoc>& fields) {
    out += "| field | type | default | meaning | example |\n|---|---|---|---|---|\n";
    for (const FieldDoc& field : fields) {
        const std::string bounds = bounds_text(field);
        out += "| `" + std::string(field.name) + "` | ";
        out += field.block.empty() ? std::string(field.type)
                                   : "[" + std::string(field.type) + "](#" + std::string(field.block) + ")";
        out += " | " + std::string(field.fallback) + " | " + std::string(field.doc);
        if (!bounds.empty()) out += " From " + bounds + ".";
        out += " | " + (field.example.empty() ? "" : "`" + std::string(field.example) + "`") + " |\n";
    }
}

}  // namespace

std::string reference() {
    std::string out(kIntro);
    for (const Block& block : blocks()) {
        out += "\n## " + std::string(block.title) + "\n\n" + std::string(block.doc) + "\n\n";
        append_fields(out, block.fields);
    }
    out += "\n## Signals\n\n`kill_signal` may be ";
    for (const std::string_view name : signal_names()) {
        out += (name == signal_names().front() ? "" : ", ") + std::string(name);
    }
    out += ".\n\n## Drivers\n\nWhat `config` may hold depends on the task's driver.\n";
    for (const DriverDoc& driver : driver_docs()) {
        out += "\n### " + std::string(driver.name) + "\n\n" + std::string(driver.doc) + "\n\n";
        append_fields(out, driver.fields);
    }
    return out;
}

}  // namespace drover::jobspec
