#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "stage.hpp"

namespace drover::scenario {
namespace {

std::vector<std::string> stories() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(DROVER_SCENARIOS))
        if (entry.path().extension() == ".txt" && entry.path().stem() != "CMakeLists")
            names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::string read(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// The same story with what is said to it now.
std::string retell(const std::string& text) {
    std::istringstream in(text);
    std::string result;
    std::string said;
    Stage stage;
    bool expecting = false;
    for (std::string line; std::getline(in, line);) {
        if (line.empty()) {
            expecting = false;
            result += "\n";
        } else if (line == "----") {
            expecting = true;
            result += "----\n" + said;
            said.clear();
        } else if (!expecting) {
            result += line + "\n";
            if (line[0] != '#') said += stage.play(line);
        }
    }
    return result;
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, IsToldAsWritten) {
    const std::string path = std::string(DROVER_SCENARIOS) + "/" + GetParam() + ".txt";
    const std::string written = read(path);
    const std::string told = retell(written);
    if (std::getenv("DROVER_REWRITE")) std::ofstream(path) << told;
    EXPECT_EQ(told, written) << "after a wanted change: DROVER_REWRITE=1";
}

INSTANTIATE_TEST_SUITE_P(Story, Scenario, testing::ValuesIn(stories()), [](const auto& one) { return one.param; });

}  // namespace
}  // namespace drover::scenario
