// The table of a job file's fields; internal to jobspec. Everything that knows a field by name comes from here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobspec/reader.hpp"
#include "wire/job.hpp"

namespace drover::jobspec {

// One kind of map in a job file.
struct Block {
    std::string_view title;  // "task"
    std::string_view doc;
    std::vector<FieldDoc> fields;
};

// From the outermost inwards; the first is the job.
const std::vector<Block>& blocks();

// Of an entry that none of `valid`, the fields of its block, is meant for: says what was meant, or where it belongs.
void complain_unknown(Context& context, const std::string& path, const Entry& entry,
                      const std::vector<FieldDoc>& valid);

// Reads the whole document into `to`, complaining of every field that is unknown, missing or wrong.
void read_job(Context& context, const Node& root, wire::JobSpec& to);

}  // namespace drover::jobspec
