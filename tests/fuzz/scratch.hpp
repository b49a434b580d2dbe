// A directory of this process, removed with the process' last look at it.
#pragma once

#include <cstdlib>
#include <string>

#include "base/check.hpp"
#include "os/remove.hpp"

namespace drover::fuzz {

struct Scratch {
    Scratch() {
        const char* tmp = std::getenv("TMPDIR");
        path = std::string(tmp == nullptr ? "/tmp" : tmp) + "/drover-fuzz-XXXXXX";
        CHECK(::mkdtemp(path.data()) != nullptr);
    }
    ~Scratch() { (void)os::remove_tree(path); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    std::string path;
};

}  // namespace drover::fuzz
