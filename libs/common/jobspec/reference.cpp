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

constexpr std::string_view kEnvironment = R"(
## Environment

What a task finds in its environment, each name under `DROVER_` and under `NOMAD_`:

| name | value |
|---|---|
| `ALLOC_ID`, `SHORT_ALLOC_ID`, `ALLOC_INDEX` | of its alloc |
| `ALLOC_NAME` | `<job>.<group>[<index>]` |
| `JOB_ID`, `JOB_NAME`, `GROUP_NAME`, `TASK_NAME` | what it is called |
| `ALLOC_DIR`, `TASK_DIR`, `SECRETS_DIR` | the directory that the tasks of the alloc share; its own `local` and `secrets` |
| `CPU_LIMIT`, `MEMORY_LIMIT` | thousandths of a core, and MiB; when limited |
| `PORT_<label>`, `IP_<label>`, `ADDR_<label>` | the group's ports: number, address of the machine, both as `address:port`; `HOST_PORT_<label>` and so on are the same |
| `META_<key>` | its meta, the key as written and in capitals; what a name cannot hold becomes `_` |

`DROVER_CPU_CORES` has the limit in cores. The machine's own variables follow, where nothing above has their name; those of
Drover, of its service manager, of Nomad, Consul, Vault and the clouds stay behind, and all that are named like a secret
(TOKEN, SECRET, PASSWORD, CREDENTIAL, PRIVATE_KEY). The task's `env` has the last word.

`${NAME}` stands for a variable in the task's `env` (one level deep), its `config`, `artifacts` and `pre_kill`; so do
`${env["NAME"]}`, `${node.unique.id}`, `${node.unique.name}`, `${attr.<name>}` for what `drover node status` shows, and
`${meta.<key>}` for the task's meta. What stands for nothing stays as it is.
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
    out += ".\n";
    out += kEnvironment;
    out +=
        "\n## Drivers\n\nWhat `config` may hold depends on the task's driver. Any other name is that of an "
        "[external driver](drivers.md), which checks its tasks itself; names near these are mistakes.\n";
    for (const DriverDoc& driver : driver_docs()) {
        out += "\n### " + std::string(driver.name) + "\n\n" + std::string(driver.doc) + "\n\n";
        append_fields(out, driver.fields);
        for (const DriverDoc& block : driver.blocks) {
            out += "\n#### " + std::string(block.name) + "\n\n" + std::string(block.doc) + "\n\n";
            append_fields(out, block.fields);
        }
    }
    return out;
}

}  // namespace drover::jobspec
