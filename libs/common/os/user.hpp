// Users by name, from whatever the machine's name service is.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"

namespace drover::os {

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  // supplementary ones, `gid` among them
    std::string home;
};

// not_found for an unknown name. A number is not a name.
Result<User> find_user(const std::string& name);

}  // namespace drover::os
