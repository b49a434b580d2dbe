#include "cli/job_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <sstream>

namespace drover::cli {

Result<JobFile> read_job_file(const std::string& path) {
    std::ostringstream text;
    if (path == "-") {
        text << std::cin.rdbuf();
    } else {
        struct stat info {};
        if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
            return fail(ErrorKind::invalid, "cannot read the job file " + path + ": it is a directory");
        }
        std::ifstream in(path, std::ios::binary);
        if (!in) return fail(ErrorKind::invalid, fail_errno("cannot read the job file " + path, errno).value().message);
        text << in.rdbuf();
    }
    JobFile file{text.str(), {}};
    file.parsed = jobspec::parse(file.text, path == "-" ? "stdin" : path);
    return file;
}

Error describe(const std::string& path, const std::vector<jobspec::Problem>& problems) {
    std::string message = path + " has " +
                          (problems.size() == 1 ? "a problem" : std::to_string(problems.size()) + " problems") +
                          "; nothing was submitted:";
    for (const jobspec::Problem& problem : problems) message += "\n  " + jobspec::to_string(problem);
    return {ErrorKind::invalid, message};
}

}  // namespace drover::cli
