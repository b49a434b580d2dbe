#include "jobspec/fuzz.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "jobspec/parse.hpp"

namespace drover::jobspec {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

// Bytes that mean something to YAML, and some that mean nothing.
char odd_byte(Random& random) {
    constexpr char bytes[] = "\0\n\t :-?[]{},&*#!|>'\"%@`\\~0.eu\x7f\x80\xff\xc3";
    return bytes[below(random, sizeof bytes)];
}

std::string mutated(std::string text, Random& random) {
    for (std::size_t n = 1 + below(random, 4); n > 0 && !text.empty(); --n) {
        const std::size_t at = below(random, text.size());
        const std::size_t length = below(random, std::min<std::size_t>(text.size() - at, 40)) + 1;
        switch (below(random, 5)) {
            case 0: text[at] = odd_byte(random); break;
            case 1: text.insert(at, 1, odd_byte(random)); break;
            case 2: text.erase(at, length); break;
            case 3: text.insert(below(random, text.size()), text.substr(at, length)); break;
            default: text.resize(at); break;
        }
    }
    return text;
}

TEST(JobspecFuzz, NoTextMakesTheParserLieOrDie) {
    Random random(1);
    const std::string reference_text = reference();
    const std::size_t begin = reference_text.find("```yaml\n") + 8;
    const std::string yaml = reference_text.substr(begin, reference_text.find("```", begin) - begin);
    const std::string json =
        R"({"job":"a","type":"batch","groups":[{"name":"g","tasks":[{"name":"t","driver":"mock","env":{"A":"\u00e4"}}]}]})";
    for (int i = 0; i < 4'000; ++i) {
        const std::string text = mutated(i % 2 == 0 ? yaml : json, random);
        EXPECT_EQ(fuzz_jobspec(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), 0);
    }
}

}  // namespace
}  // namespace drover::jobspec
