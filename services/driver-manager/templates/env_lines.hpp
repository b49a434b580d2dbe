// A rendered template whose lines become environment variables.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::templates {

// Lines NAME=value, also after `export `; empty ones and those that begin with # do not count. A value in single quotes
// is taken as it is, in double quotes \n, \t, \" and \\ are replaced. invalid: names the line by number, never its
// text.
Result<std::map<std::string, std::string>> parse_env(std::string_view text);

}  // namespace drover::templates
