#include "jobspec/parse.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "jobspec/check.hpp"
#include "jobspec/config_fields.hpp"
#include "jobspec/document.hpp"
#include "jobspec/fields.hpp"
#include "wire/codec.hpp"

namespace drover::jobspec {

namespace {

std::vector<Problem> presented(std::vector<Problem> problems, const std::string& filename) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    if (problems.size() > kMaxProblems) problems.resize(kMaxProblems);
    for (Problem& problem : problems) problem.file = filename;
    return problems;
}

}  // namespace

std::string to_string(const Problem& problem) {
    std::string out = problem.file;
    if (problem.line > 0) out += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    out += ": ";
    if (!problem.field.empty()) out += problem.field + ": ";
    out += problem.message;
    if (!problem.nearest.empty()) out += "; did you mean " + problem.nearest + "?";
    return out;
}

std::vector<Driver> builtin_drivers() {
    std::vector<Driver> drivers;
    for (const DriverDoc& driver : driver_docs()) drivers.push_back({std::string(driver.name), {}});
    return drivers;
}

Parsed parse(std::string_view text, const std::string& filename, const std::vector<Driver>& drivers) {
    Document document = read_document(text);
    if (!document.problems.empty()) return {std::nullopt, presented(std::move(document.problems), filename)};
    Context context(drivers);
    wire::JobSpec job;
    read_job(context, document.root, job);
    check_job(context, job);
    if (context.problems.empty()) {
        const std::size_t size = wire::encode(job).size();
        if (size > kMaxEncoded) {
            context.complain(document.root.mark, "",
                             "the job takes " + std::to_string(size) +
                                 " bytes of the 24 KiB that one may have; split it, "
                                 "or move long texts into files");
        }
    }
    if (!context.problems.empty()) return {std::nullopt, presented(std::move(context.problems), filename)};
    return {std::move(job), {}};
}

}  // namespace drover::jobspec
