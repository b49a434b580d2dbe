#include <gtest/gtest.h>

#include <algorithm>
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

// Of fields that exclude each other, those that the composed examples do without.
bool is_left_out(std::string_view block, std::string_view field) {
    constexpr std::pair<std::string_view, std::string_view> kOut[] = {
        {"ready", "port"}, {"template", "source"}, {"template", "change_signal"}};
    return std::find(std::begin(kOut), std::end(kOut), std::pair(block, field)) != std::end(kOut);
}

// A map made of every field's example.
std::string composed(const std::vector<FieldDoc>& fields, std::string_view title = "") {
    std::string out;
    for (const FieldDoc& field : fields) {
        if (is_left_out(title, field.name)) continue;
        out += out.empty() ? "{" : ", ";
        if (field.block.empty()) {
            out += field.example;
            continue;
        }
        for (const Block& block : blocks()) {
            if (block.title != field.block) continue;
            const std::string inner = composed(block.fields, block.title);
            out += std::string(field.name) + ": " + (field.type.starts_with("list") ? "[" + inner + "]" : inner);
        }
        for (const DriverDoc& driver : driver_docs())
            for (const DriverDoc& block : driver.blocks)
                if (block.name == field.block)
                    out += std::string(field.name) + ": " + composed(block.fields, block.name);
    }
    return out + "}";
}

TEST(JobReference, IsWhatTheParserReads) {
    const auto path = kRoot / "docs/jobs.md";
    if (std::getenv("DROVER_REWRITE") != nullptr) std::ofstream(path) << reference();
    EXPECT_TRUE(contents(path) == reference()) << path << " is out of date; run this with DROVER_REWRITE=1";
}

void replace(std::string& text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
}

TEST(JobReference, EveryExampleInItParses) {
    std::string job = composed(blocks().front().fields);
    // The examples of single fields do not all make sense in one task, nor alone.
    replace(job, "leader: true, ", "");
    replace(job, "tasks: [", "tasks: [{name: db, driver: mock}, ");
    expect_good(job, "the tables");
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
