#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "jobspec/config_fields.hpp"
#include "jobspec/fields.hpp"
#include "jobspec/parse.hpp"

namespace drover::jobspec {
namespace {

const std::filesystem::path kRoot = DROVER_SOURCE_DIR;

std::string contents(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

void expect_good(const std::string& text, const std::string& file) {
    for (const Problem& problem : parse(text, file).problems) ADD_FAILURE() << to_string(problem) << "\n" << text;
}

// A map made of every field's example.
std::string composed(const std::vector<FieldDoc>& fields) {
    std::string out;
    for (const FieldDoc& field : fields) {
        // Of a ready block, which has either this or a file.
        if (field.name == "port") continue;
        out += out.empty() ? "{" : ", ";
        if (field.block.empty()) {
            out += field.example;
            continue;
        }
        for (const Block& block : blocks()) {
            if (block.title != field.block) continue;
            const std::string inner = composed(block.fields);
            out += std::string(field.name) + ": " + (field.type.starts_with("list") ? "[" + inner + "]" : inner);
        }
    }
    return out + "}";
}

TEST(JobReference, IsWhatTheParserReads) {
    const auto path = kRoot / "docs/jobs.md";
    if (std::getenv("DROVER_REWRITE") != nullptr) std::ofstream(path) << reference();
    EXPECT_TRUE(contents(path) == reference()) << path << " is out of date; run this with DROVER_REWRITE=1";
}

TEST(JobReference, EveryExampleInItParses) {
    expect_good(composed(blocks().front().fields), "the tables");
    for (const DriverDoc& driver : driver_docs()) {
        expect_good("{job: a, groups: [{name: g, tasks: [{name: t, driver: " + std::string(driver.name) +
                        ", config: " + composed(driver.fields) + "}]}]}",
                    "the tables");
    }
}

TEST(JobReference, EveryFieldOfEveryBlockIsExplained) {
    for (const Block& block : blocks()) {
        EXPECT_FALSE(block.doc.empty());
        for (const FieldDoc& field : block.fields) {
            EXPECT_FALSE(field.doc.empty() || field.type.empty() || field.fallback.empty()) << field.name;
            EXPECT_NE(field.example.empty(), field.block.empty()) << field.name;
        }
    }
}

TEST(Examples, AllParse) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kRoot / "examples")) {
        if (entry.path().extension() != ".yaml") continue;
        expect_good(contents(entry.path()), entry.path().filename());
        ++count;
    }
    EXPECT_GE(count, 4U);
}

}  // namespace
}  // namespace drover::jobspec
