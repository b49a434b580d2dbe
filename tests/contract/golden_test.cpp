// What was said by an earlier Drover is understood by this one, with the same meaning. golden/<message> holds bytes as
// they went over the wire, golden/<message>.json what they meant; fields that came later may be added to that.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "wire/codec.hpp"
#include "wire/messages.hpp"

namespace drover::contract {
namespace {

using Json = nlohmann::json;

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Everything that `was` says is said by `is` too.
bool holds(const Json& was, const Json& is) {
    if (was.type() != is.type() && !(was.is_number() && is.is_number())) return false;
    if (was.is_object()) {
        for (const auto& [key, value] : was.items()) {
            if (!is.contains(key) || !holds(value, is[key])) return false;
        }
        return true;
    }
    if (was.is_array()) {
        if (was.size() != is.size()) return false;
        for (std::size_t i = 0; i < was.size(); ++i) {
            if (!holds(was[i], is[i])) return false;
        }
        return true;
    }
    return was == is;
}

template <class T>
void expect_same_meaning(const std::string& name) {
    const std::string path = std::string(DROVER_GOLDEN) + "/" + name;
    const std::string bytes = slurp(path);
    ASSERT_FALSE(bytes.empty()) << path << " is missing";
    const auto message = wire::decode<T>(bytes);
    ASSERT_TRUE(message.has_value()) << path << ": " << message.error().message;
    const std::string text = wire::to_json(*message);
    if (std::getenv("DROVER_WRITE_GOLDEN") != nullptr)
        std::ofstream(path + ".json") << Json::parse(text).dump(1) << "\n";
    const Json was = Json::parse(slurp(path + ".json"), nullptr, false);
    ASSERT_TRUE(was.is_object()) << path << ".json is missing; DROVER_WRITE_GOLDEN=1 writes it";
    EXPECT_TRUE(holds(was, Json::parse(text))) << path << " now means " << text;
}

#define GOLDEN_TEST(Type) \
    TEST(Golden, Type##IsUnderstoodAsItWasSaid) { expect_same_meaning<wire::Type>(#Type); }
WIRE_MESSAGES(GOLDEN_TEST)
#undef GOLDEN_TEST

}  // namespace
}  // namespace drover::contract
