#include "truth.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace drover::chaos {
namespace {

void read_line(const std::string& task, const std::string& line, Truth& truth) {
    std::istringstream words(line);
    std::string what;
    pid_t pid = 0;
    words >> what >> pid;
    std::vector<Life>& lives = truth.lives[task];
    int code = 0;
    if (what == "begin") {
        lives.push_back({pid, std::nullopt});
    } else if (what == "double") {
        truth.offences.push_back("process " + std::to_string(pid) + " of task " + task +
                                 " began while another one of the task lived");
    } else if (what == "end" && words >> code && !lives.empty() && lives.back().pid == pid) {
        lives.back().code = code;
    } else {
        truth.offences.push_back("task " + task + " wrote what makes no sense: " + line);
    }
}

}  // namespace

Truth read_truth(const std::string& dir) {
    Truth truth;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(dir, ignored)) {
        std::ifstream in(entry.path());
        for (std::string line; std::getline(in, line);) read_line(entry.path().filename(), line, truth);
    }
    return truth;
}

}  // namespace drover::chaos
