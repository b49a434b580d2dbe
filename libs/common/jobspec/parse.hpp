// Job files: YAML or JSON text to a JobSpec that may be submitted, or everything that is wrong with it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/job.hpp"

namespace drover::jobspec {

// One thing wrong, where it stands in the file. Lines and columns count from 1; 0: of the file as a whole.
struct Problem {
    std::string file;
    int line = 0;
    int column = 0;
    std::string field;    // "groups[0].tasks[1].driver"; empty: of the document
    std::string message;  // one sentence without a full stop
    std::string nearest;  // the valid name that was probably meant, or empty
};

// "web.yaml:7:9: groups[0].tasks[0].drivr: unknown field; did you mean driver?"
std::string to_string(const Problem& problem);

// A fault that a driver finds in its config block. `field` is the path below config: "args[0]"; empty: the block
// itself.
struct ConfigProblem {
    std::string field;
    std::string message;
    std::string nearest;
};

struct Driver {
    std::string name;
    std::function<std::vector<ConfigProblem>(const wire::TaskSpec&)> validate;  // may be empty
};

// `job` is set exactly when there are no problems; every default has been filled in.
struct Parsed {
    std::optional<wire::JobSpec> job;
    std::vector<Problem> problems;  // in the order of the file, at most kMaxProblems
};

inline constexpr std::size_t kMaxInput = 256 << 10;   // bytes of text
inline constexpr std::size_t kMaxEncoded = 24 << 10;  // bytes of the encoded JobSpec: one record of the bus
inline constexpr std::size_t kMaxProblems = 50;

// The drivers that come with Drover.
std::vector<Driver> builtin_drivers();

// `filename` only appears in problems. An empty `drivers` accepts every driver name. The config of a driver that comes
// with Drover is checked whatever `drivers` says of it.
Parsed parse(std::string_view text, const std::string& filename,
             const std::vector<Driver>& drivers = builtin_drivers());

// docs/jobs.md, from the table that drives the parser.
std::string reference();

}  // namespace drover::jobspec
