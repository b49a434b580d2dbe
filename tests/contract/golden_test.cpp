// What was said by an earlier Drover is understood by this one, with the same meaning.
// golden/<release>/messages/<message> holds bytes as they went over the wire, <message>.json what they meant; fields
// that came later may be added to that.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.hpp"
#include "wire/codec.hpp"
#include "wire/messages.hpp"
#include "wire/random.hpp"

namespace drover::contract {
namespace {

namespace fs = std::filesystem;
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
void expect_same_meaning(const fs::path& path) {
    const auto message = wire::decode<T>(slurp(path));
    ASSERT_TRUE(message.has_value()) << path << ": " << message.error().message;
    const Json was = Json::parse(slurp(path.string() + ".json"), nullptr, false);
    ASSERT_TRUE(was.is_object()) << path << ".json is missing";
    const std::string text = wire::to_json(*message);
    EXPECT_TRUE(holds(was, Json::parse(text))) << path << " now means " << text;
}

// Writes those of a release that are not there yet: tools/golden says which release it is.
template <class T>
void write(const fs::path& path) {
    if (fs::exists(path)) return;
    fs::create_directories(path.parent_path());
    const T message = wire::RandomMessage(stable_hash(path.filename().string())).make<T>();
    std::ofstream(path, std::ios::binary) << wire::encode(message);
    std::ofstream(path.string() + ".json") << Json::parse(wire::to_json(message)).dump(1) << "\n";
}

// Of every release that knew the message; a new one has its first with the next release.
template <class T>
void check(const std::string& name) {
    if (const char* release = std::getenv("DROVER_WRITE_GOLDEN"))
        write<T>(fs::path(DROVER_GOLDEN) / release / "messages" / name);
    for (const auto& release : fs::directory_iterator(DROVER_GOLDEN)) {
        const fs::path path = release.path() / "messages" / name;
        if (fs::exists(path)) expect_same_meaning<T>(path);
    }
}

#define GOLDEN_TEST(Type) \
    TEST(Golden, Type##IsUnderstoodAsItWasSaid) { check<wire::Type>(#Type); }
WIRE_MESSAGES(GOLDEN_TEST)
#undef GOLDEN_TEST

TEST(Golden, NoMessageThatWasEverSaidIsUnknown) {
#define NAME(Type) #Type,
    const std::set<std::string> known = {WIRE_MESSAGES(NAME)};
#undef NAME
    std::size_t releases = 0;
    for (const auto& release : fs::directory_iterator(DROVER_GOLDEN)) {
        ++releases;
        std::size_t messages = 0;
        for (const auto& entry : fs::directory_iterator(release.path() / "messages")) {
            if (entry.path().extension() == ".json") continue;
            ++messages;
            EXPECT_TRUE(known.contains(entry.path().filename().string())) << entry.path();
        }
        EXPECT_GT(messages, 20U) << release.path();
    }
    EXPECT_GT(releases, 0U);
}

}  // namespace
}  // namespace drover::contract
