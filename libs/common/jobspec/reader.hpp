// Reading single values out of the tree by the type of the member they go to; internal to jobspec.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "jobspec/document.hpp"
#include "jobspec/parse.hpp"
#include "wire/job.hpp"

namespace drover::jobspec {

// One row of the table that drives parsing, checking and docs/jobs.md.
struct FieldDoc {
    std::string_view name;
    std::string_view type;      // "text", "size", "list of groups", ...
    std::string_view fallback;  // the default as text; "required" when there is none
    std::string_view doc;       // sentences
    std::string_view example;   // as YAML in one line; empty for nested blocks
    std::string_view block;     // title of the nested block, or empty
    std::int64_t min = 0;       // of numbers, nanoseconds or bytes
    std::int64_t max = std::numeric_limits<std::int64_t>::max();

    bool required() const { return fallback == "required"; }
};

// Collects what is wrong and remembers where every value stood, for rules that look at more than one field.
class Context {
   public:
    explicit Context(const std::vector<Driver>& known_drivers) : drivers(known_drivers) {}

    void stood(const std::string& path, Mark mark) { marks_[path] = mark; }

    // Of the form of a value, while reading.
    void complain(Mark mark, const std::string& path, std::string message, std::string nearest = "");
    // Of a value that was read: where it stood, or the block that should have held it. Says nothing when the value, or
    // a block around it, could not be read, and nothing twice of the same path.
    void complain(const std::string& path, std::string message, std::string nearest = "");
    // Did the file give the field?
    bool has(const std::string& path) const { return marks_.contains(path); }

    const std::vector<Driver>& drivers;
    wire::JobType type = wire::JobType::service;  // decides the default restart policy of the groups
    wire::RestartPolicy restart;                  // of the group that is being read
    std::vector<Problem> problems;

   private:
    void add(Mark mark, const std::string& path, std::string message, std::string nearest);
    Mark mark_of(std::string path) const;

    std::map<std::string, Mark> marks_;
    std::set<std::string> unreadable_;
    std::set<std::string> refused_;
};

// "groups[0]" and "tasks" make "groups[0].tasks".
std::string below(const std::string& path, std::string_view name);
std::string below(const std::string& path, std::size_t index);

// "0 to 1000", in the unit of the field's type; empty when there is no bound.
std::string bounds_text(const FieldDoc& field);

// Each sets `to`, or complains and leaves it.
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::string& to);
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, bool& to);
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::uint32_t& to);
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::uint64_t& to);
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, double& to);
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, Duration& to);
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
          std::map<std::string, std::string>& to);
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
          std::vector<std::string>& to);

// Whole numbers, not sizes.
void read_counts(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
                 std::map<std::string, std::uint64_t>& to);

// Permissions as "0644".
void read_mode(Context& context, const std::string& path, const Node& node, std::uint32_t& to);

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
          std::map<std::string, wire::Condition>& to);

// The words of an enum.
void read_word(Context& context, const std::string& path, const Node& node, const std::vector<std::string_view>& words,
               std::size_t& to);

template <wire::NamedEnum E>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc&, E& to) {
    const auto& names = wire::EnumNames<E>::kNames;
    auto index = static_cast<std::size_t>(to);
    read_word(context, path, node, {names.begin(), names.end()}, index);
    to = static_cast<E>(index);
}

// A list of such words.
template <wire::NamedEnum E>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::vector<E>& to) {
    if (node.kind != Node::Kind::list)
        return context.complain(node.mark, path, "expected a " + std::string(field.type));
    for (const Node& item : node.items) {
        const std::string at = below(path, to.size());
        context.stood(at, item.mark);
        read(context, at, item, field, to.emplace_back());
    }
}

// Any value, typed as YAML types plain words; texts, whole numbers beyond 64 bits included, stay as written.
wire::Value any_value(Context& context, const std::string& path, const Node& node);

// Is it a map? Complains when not, and of repeated keys. A value left out counts as an empty map.
bool is_map(Context& context, const std::string& path, const Node& node);

}  // namespace drover::jobspec
