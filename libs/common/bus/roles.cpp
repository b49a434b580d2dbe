#include "bus/roles.hpp"

#include <algorithm>
#include <iterator>

#include "wire/codec.hpp"
#include "wire/envelope.hpp"

namespace drover::bus {

namespace {

// Of a gateway, each with its id behind: what it asks of the state-store, and of nodes.
constexpr const char* kAskingStreams[] = {"request/", "logread/", "session/"};

}  // namespace

std::string_view to_string(Role role) {
    switch (role) {
        case Role::service: return "service";
        case Role::submit: return "submit";
        case Role::tap: return "tap";
    }
    return "";
}

std::optional<Role> parse_role(std::string_view word) {
    for (const Role role : {Role::service, Role::submit, Role::tap})
        if (word == to_string(role)) return role;
    return std::nullopt;
}

bool may_connect(Role role, bool tap) { return tap || role != Role::tap; }

bool may_introduce(Role role, std::string_view service) {
    return role == Role::service || (role == Role::submit && service == "gateway");
}

bool may_say(Role role, std::string_view topic, std::string_view payload) {
    if (role == Role::service) return true;
    if (role == Role::tap) return false;
    // The topic is for whoever subscribes; what counts is what the envelope says.
    const auto envelope = wire::decode<wire::Envelope>(payload);
    if (!envelope) return false;
    if (topic.starts_with("v1/vector/")) return topic == "v1/vector/gateway/" + envelope->from + "/";
    return std::any_of(std::begin(kAskingStreams), std::end(kAskingStreams),
                       [&](const char* stream) { return envelope->stream == stream + envelope->from; });
}

}  // namespace drover::bus
