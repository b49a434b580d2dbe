// Where an artifact comes from.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::fetch {

enum class Scheme { http, file, git };

struct Source {
    Scheme scheme = Scheme::http;
    std::string url;          // as curl or git take it, without user and password
    std::string path;         // of scheme file
    std::string ref;          // of scheme git; empty: the default branch
    std::string credentials;  // "user:password" as written in the URL, %-encoded
    std::string name;         // the last component of the path: what a file is called
};

// "https://host/x.tar.gz", "file:///srv/x", "git::https://host/repo[?ref=v1]". Whatever the error, it does not show
// what could be secret.
Result<Source> parse_source(std::string_view text);

// Without user, password and query: fit for logs, events and errors.
std::string shown(std::string_view source);

}  // namespace drover::fetch
