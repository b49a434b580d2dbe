// Login: who asks a registry for an image, and where that is found.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::docker {

struct Login {
    std::string user;
    std::string password;
    std::string token{};   // an identity token, instead of the password
    std::string server{};  // "registry.example.org:5000"
    std::string from{};    // where it is written, for sentences
};

// "registry.example.org:5000" of "registry.example.org:5000/team/app:1"; docker.io of a name without one.
std::string registry_of(std::string_view image);

// As the driver-manager says it: user, password and server, each ended by a NUL byte. Nothing when it says none.
std::optional<Login> parse_login(std::string_view text);

// What docker's config.json has for a registry under "auths"; nothing when it has none. Helpers are not asked.
Result<std::optional<Login>> find_login(std::string_view config, const std::string& registry);

// The line "X-Registry-Auth: ...\r\n".
std::string login_header(const Login& login, const std::string& registry);

}  // namespace drover::docker
