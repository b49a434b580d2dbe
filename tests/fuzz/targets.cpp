#include "fuzz/targets.hpp"

#include "base/check.hpp"
#include "jobspec/fuzz.hpp"
#include "templating/fuzz.hpp"
#include "wire/codec.hpp"
#include "wire/messages.hpp"

namespace drover::fuzz {
namespace {

// What was accepted can be said again, is read as the same, and can be shown. Compared as bytes: a NaN is not equal to
// itself.
template <class T>
void message(std::string_view bytes) {
    const auto first = wire::decode<T>(bytes);
    if (!first) {
        CHECK(!first.error().message.empty());
        return;
    }
    const std::string said = wire::encode(*first);
    if (said.size() > wire::kMaxMessage) return;
    const auto second = wire::decode<T>(said);
    CHECK(second.has_value());
    CHECK(wire::encode(*second) == said);
    CHECK(wire::to_json(std::string_view(said)).has_value());
}

void json(std::string_view bytes) {
    const auto text = wire::to_json(bytes);
    CHECK(text.has_value() ? !text->empty() : !text.error().message.empty());
}

void job(std::string_view bytes) {
    jobspec::fuzz_jobspec(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void text_template(std::string_view bytes) {
    templating::fuzz_template(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

const std::vector<Target>& targets() {
#define MESSAGE_TARGET(Type) {#Type, message<wire::Type>},
    static const std::vector<Target> kTargets = {
        WIRE_MESSAGES(MESSAGE_TARGET){"json", json}, {"job", job}, {"template", text_template}};
#undef MESSAGE_TARGET
    return kTargets;
}

}  // namespace drover::fuzz
