// Value: any MessagePack value, for what Drover passes through without knowing it (a driver's config block).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace drover::wire {

struct Value {
    using List = std::vector<Value>;
    using Map = std::map<std::string, Value>;

    std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data;

    friend bool operator==(const Value&, const Value&) = default;
};

}  // namespace drover::wire
