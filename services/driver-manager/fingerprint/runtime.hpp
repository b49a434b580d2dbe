// The OCI runtime of the node, crun.
#pragma once

#include <string>

namespace drover::fingerprint {

bool is_executable_file(const std::string& path);
bool is_directory(const std::string& path);

// "1.8.1" of what `crun --version` writes; empty when it does not say.
std::string runtime_version(const std::string& text);

class Runtime {
   public:
    // `wanted` is its path; empty: crun, along PATH and in the system's directories.
    explicit Runtime(std::string wanted) : wanted_(std::move(wanted)) { look(); }

    // Is it there now? One that is new or was replaced is asked for its version, which takes some milliseconds.
    void look();

    const std::string& path() const { return path_; }  // empty: it is not there
    const std::string& version() const { return version_; }

   private:
    std::string find() const;

    std::string wanted_;
    std::string path_;
    std::string version_;
    std::string asked_;  // what file had that version
};

}  // namespace drover::fingerprint
