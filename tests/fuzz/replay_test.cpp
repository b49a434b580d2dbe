// Every seed and every input that once broke a parser, with any compiler, in every test run; each also cut short and
// with single bytes changed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/targets.hpp"

namespace drover::fuzz {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, NoKnownInputBreaksTheParser) {
    const fs::path folder = fs::path(DROVER_FUZZ_CORPUS) / GetParam().name;
    std::size_t seeds = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        ++seeds;
        const std::string bytes = slurp(entry.path());
        SCOPED_TRACE(entry.path().filename().string());
        GetParam().run(bytes);
        for (std::size_t i = 0; i < bytes.size(); i += 1 + bytes.size() / 64) {
            GetParam().run(std::string_view(bytes).substr(0, i));
            std::string changed = bytes;
            changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
            GetParam().run(changed);
        }
    }
    EXPECT_GT(seeds, 0u) << folder << " has no seeds; a fuzzer without them finds little";
}

const auto kName = [](const auto& param) { return std::string(param.param.name); };
INSTANTIATE_TEST_SUITE_P(EveryParser, Replay, testing::ValuesIn(targets()), kName);
INSTANTIATE_TEST_SUITE_P(EveryMessage, Replay, testing::ValuesIn(messages()), kName);

}  // namespace
}  // namespace drover::fuzz
