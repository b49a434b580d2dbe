// The config blocks of the drivers that come with Drover; internal to jobspec. Here so that a mistake in them is found
// where the job file is written; the driver on the node has the last word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobspec/reader.hpp"

namespace drover::jobspec {

struct DriverDoc {
    std::string_view name;
    std::string_view doc;
    // Types: text, absolute path, list of text, number, duration, true or false, host or none, and block, whose `block`
    // is the name of one of those below.
    std::vector<FieldDoc> fields;
    std::vector<DriverDoc> blocks{};
};

const std::vector<DriverDoc>& driver_docs();

// Reads a config block by the driver's table. Texts are taken as written, so that `args: [007, yes]` needs no quotes.
// The block of a driver that is not in the table may hold anything.
void read_config(Context& context, const std::string& path, const Node& node, const std::string& driver,
                 wire::Value::Map& to);

// Complains of the fields that the task's driver needs and `path`, the config block, does not give.
void check_config(Context& context, const std::string& path, const wire::TaskSpec& task);

}  // namespace drover::jobspec
