// The directories of `drover dev`, and what must hold before services start in them.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "cli/supervisor.hpp"

namespace drover::cli {

struct DevPlace {
    std::string data_dir;
    std::string run_dir;
    std::string bin_dir;  // of the sibling programs
    UniqueFd lock;        // held for as long as this lives
};

// Makes the directories, 0700, takes the lock (refused when another `drover dev` has it), and makes the key pair for
// secrets when there is none. `bin_dir` is where this program is.
Result<DevPlace> open_dev_place(const std::string& data_dir);

// Ends services that a killed `drover dev` left behind on this run directory; returns how many there were.
Result<std::size_t> end_leftovers(const DevPlace& place);

// The four services, in the order of starting. `http` as the gateway's option.
std::vector<ChildSpec> dev_services(const DevPlace& place, const std::string& http, std::vector<std::string> env);

}  // namespace drover::cli
