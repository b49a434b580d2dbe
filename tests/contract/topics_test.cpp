// docs/topics.md is what the table of topics and the messages say; a message that changes without it fails here.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "wire/messages.hpp"
#include "wire/schema.hpp"
#include "wire/topics.hpp"

namespace drover::contract {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kIntro =
    R"(# Topics

Generated from the table of topics (`libs/common/wire/topics.hpp`), the messages and what an earlier release has said.

Every message on the bus has two frames: a topic `v1/<stream>/<key>/` and an envelope, a MessagePack map (`v`, `from`, `boot`,
`stream`, `epoch`, `prev`, `reset`, `at`, `records`). A record of it is a map of `number`, `kind`, `key`, `erased` and `body`; the body is
the MessagePack map of the message named by `kind`, shown here as JSON. Times and durations are nanoseconds. Subscribe to a prefix that
ends with a slash: `v1/task/event/web/` hears the events of job `web` and not those of `web2`. `drover tap PREFIX` prints what it hears;
[examples/taps](../examples/taps/README.md) do it in Python and in JavaScript. What keeps all this reliable is in [bus.md](bus.md).
)";

std::map<std::string, std::vector<std::string>> fields_by_message() {
    std::map<std::string, std::vector<std::string>> out;
    for (const std::string& line : wire::schema()) {
        const std::size_t dot = line.find('.');
        out[line.substr(0, dot)].push_back(line.substr(dot + 1));
    }
    return out;
}

// What is deep inside says nothing about this message.
Json shortened(const Json& value, int depth) {
    if (!value.is_structured() || value.empty()) return value;
    if (depth == 0) return value.is_object() ? Json("{...}") : Json("[...]");
    Json out = value.is_object() ? Json::object() : Json::array();
    for (const auto& [key, one] : value.items()) {
        if (value.is_object())
            out[key] = shortened(one, depth - 1);
        else
            out.push_back(shortened(one, depth - 1));
    }
    return out;
}

// As headings are linked to.
std::string anchor(std::string_view heading) {
    std::string out(heading);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::string example(std::string_view kind) {
    std::ifstream in(DROVER_GOLDEN "/0.1.0/messages/" + std::string(kind) + ".json");
    const Json json = Json::parse(in, nullptr, false);
    return json.is_discarded() ? "" : "\n```json\n" + shortened(json, 2).dump(2) + "\n```\n";
}

std::string document() {
    std::string text = kIntro;
    text += "\n| topic | message | from | when |\n|---|---|---|---|\n";
    for (const wire::Topic& topic : wire::kTopics) {
        text += "| `v1/" + std::string(topic.stream) + "/" + std::string(topic.key) + "/` | [" +
                std::string(topic.kind) + "](#" + anchor(topic.kind) + ") | " + std::string(topic.from) + " | " +
                std::string(topic.when) + " |\n";
    }
    auto fields = fields_by_message();
    std::set<std::string_view> kinds;
    for (const wire::Topic& topic : wire::kTopics) {
        if (!kinds.insert(topic.kind).second) continue;
        const std::string kind(topic.kind);
        text += "\n## " + kind + "\n\n| field | |\n|---|---|\n";
        for (const std::string& field : fields[kind]) {
            const std::size_t colon = field.find(": ");
            text += "| `" + field.substr(0, colon) + "` | " + field.substr(colon + 2) + " |\n";
        }
        text += example(kind);
    }
    return text;
}

TEST(Topics, AreDocumentedAsTheyAre) {
    if (std::getenv("DROVER_REWRITE") != nullptr) std::ofstream(DROVER_TOPICS) << document();
    std::ostringstream written;
    written << std::ifstream(DROVER_TOPICS).rdbuf();
    EXPECT_TRUE(written.str() == document()) << "docs/topics.md is out of date; run this with DROVER_REWRITE=1";
}

TEST(Topics, EveryMessageThatIsSaidHasOne) {
    // Within others, in a file, or on the socket of an external driver: docs/drivers.md.
    std::set<std::string_view> documented = {"JobSpec",    "TaskStatus", "Envelope",    "Reservation",
                                             "DriverTask", "DriverCall", "DriverAnswer"};
    for (const wire::Topic& topic : wire::kTopics) documented.insert(topic.kind);
#define IS_DOCUMENTED(Type) \
    EXPECT_TRUE(documented.contains(wire::Type::kName)) << wire::Type::kName << " has no line in wire/topics.hpp";
    WIRE_MESSAGES(IS_DOCUMENTED)
#undef IS_DOCUMENTED
}

}  // namespace
}  // namespace drover::contract
