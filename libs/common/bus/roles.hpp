// Roles: what the owner of a key may do on the bus, pure. Everybody who was let in may listen; roles say whose word
// counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::bus {

enum class Role {
    service,  // may say everything
    submit,   // a gateway: its requests are heard, and nothing else that it says
    tap,      // may connect to tap endpoints only, and says nothing
};

std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view word);

// A client's public key, and what it may do.
struct Allowed {
    Allowed(std::string public_key, Role what = Role::service) : key(std::move(public_key)), role(what) {}
    std::string key;  // Z85
    Role role;

    friend bool operator==(const Allowed&, const Allowed&) = default;
};

// Whether the owner of such a key may connect where monitors listen, or else where services do.
bool may_connect(Role role, bool tap);

// Whether it may introduce itself as a `service`, "gateway".
bool may_introduce(Role role, std::string_view service);

// Whether this message of it is to be heard. Malformed ones are not.
bool may_say(Role role, std::string_view topic, std::string_view payload);

}  // namespace drover::bus
